package content_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/content"
	"publisher/internal/config"
)

// TestNewsletter shows that every engine's front matter keeps posts out of mail or out of feeds.
func TestNewsletter(t *testing.T) {
	yaml := func(value string) string { return "---\ntitle: T\ndate: 2026-01-02\n" + value + "\n---\nText.\n" }
	for name, blog := range map[string]struct {
		config, configText, post string
		feeds, mail              string // posts kept out of mail, and out of feeds
	}{
		"hugo":         {"hugo.toml", "baseURL = 'https://example.com'\n", "content/posts/a.md", yaml("newsletter: false"), yaml("newsletter: only")},
		"hugo, params": {"hugo.toml", "baseURL = 'https://example.com'\n", "content/posts/a.md", yaml("params: {newsletter: false}"), yaml("params: {newsletter: Only}")},
		"hugo, toml":   {"hugo.toml", "baseURL = 'https://example.com'\n", "content/posts/a.md", "+++\ntitle = 'T'\ndate = 2026-01-02\nnewsletter = false\n+++\nText.\n", "+++\ntitle = 'T'\ndate = 2026-01-02\nnewsletter = 'only'\n+++\nText.\n"},
		"jekyll":       {"_config.yml", "title: T\n", "_posts/2026-01-02-a.md", yaml("newsletter: no"), yaml("newsletter: only")},
		"zola": {"config.toml", "base_url = 'https://example.com'\n", "content/a.md", "+++\ntitle = 'T'\ndate = 2026-01-02\n[extra]\nnewsletter = false\n+++\nText.\n",
			"+++\ntitle = 'T'\ndate = 2026-01-02\n[extra]\nnewsletter = 'only'\n+++\nText.\n"},
		"pelican":  {"pelicanconf.py", "PATH = 'content'\n", "content/a.md", "Title: T\nDate: 2026-01-02\nNewsletter: false\n\nText.\n", "Title: T\nDate: 2026-01-02\nNewsletter: only\n\nText.\n"},
		"eleventy": {".eleventy.js", "module.exports = {}\n", "posts/a.md", yaml("newsletter: {mail: false}"), yaml("newsletter: {mail: only}")},
		"markdown": {"readme.txt", "", "posts/a.md", yaml("newsletter: off"), yaml("newsletter: 'only'")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				text     string
				feed, by bool
			}{{blog.feeds, true, false}, {blog.mail, false, true}} {
				cfg := config.Default()
				cfg.Dir, cfg.Site.URL = t.TempDir(), mustURL(t, "https://example.com")
				cfg.Content.Dir = strings.SplitN(blog.post, "/", 2)[0]
				if cfg.Content.Dir == "_posts" {
					cfg.Content.Dir = "."
				}
				for file, text := range map[string]string{blog.config: blog.configText, blog.post: c.text} {
					at := filepath.Join(cfg.Dir, filepath.FromSlash(file))
					if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				tree, err := content.Open(cfg)
				if err != nil {
					t.Fatal(err)
				}
				scan := scanTree(t, tree, nil)
				if len(scan.Posts) != 1 {
					t.Fatalf("found %d posts; %v", len(scan.Posts), scan.Problems)
				}
				if p := scan.Posts[0]; p.FeedOnly != c.feed || p.MailOnly != c.by {
					t.Errorf("%q: only in feeds %t, only in mail %t", c.text, p.FeedOnly, p.MailOnly)
				}
			}
		})
	}
}

// TestRenderText shows what a file beside the posts becomes.
func TestRenderText(t *testing.T) {
	b := newBlog(t, map[string]string{"hello.md": good})
	tree, _ := b.scan()
	write := func(name, text string) string {
		file := filepath.Join(b.cfg.Dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, c := range map[string]struct{ text, want string }{
		"markdown":         {"Hello *there*, see [it](/about/) and [that](hello.md).\n", `<p>Hello <em>there</em>, see <a href="https://example.com/about/">it</a> and <a href="https://example.com/hello/">that</a>.</p>`},
		"front matter":     {"---\ntitle: X\n---\nText.", "<p>Text.</p>"},
		"a colon":          {"Note: this.", "<p>Note: this.</p>"},
		"a draft":          {"---\ndraft: true\n---\nText.", ""},
		"empty":            {" \n\n", ""},
		"script":           {"Text <script>alert(1)</script><a href=\"javascript:x\">a</a>.", "<p>Text a.</p>"},
		"footnotes":        {"Text[^1].\n\n[^1]: Note.", "<p>Text.</p>"},
		"byte order mark":  {"\xef\xbb\xbfText.\r\n", "<p>Text.</p>"},
		"relative picture": {"![A](pic.png)", `<p><img src="https://example.com/pic.png" alt="A"/></p>`},
	} {
		t.Run(name, func(t *testing.T) {
			text, problems, err := tree.RenderText(t.Context(), write("words.md", c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(text.HTML); got != c.want {
				t.Errorf("%q became %q, want %q (%v)", c.text, got, c.want, problems)
			}
		})
	}
	for name, file := range map[string]string{
		"missing":   filepath.Join(b.cfg.Dir, "none.md"),
		"a folder":  b.cfg.Dir,
		"a key":     write("key.md", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"),
		"too large": write("large.md", strings.Repeat("x", 300<<10)),
		"no end":    write("fence.md", "---\ntitle: [\n---\nText."),
		"elsewhere": link(t, filepath.Join(b.cfg.Dir, "link.md"), filepath.Join(t.TempDir(), "secret.md")),
		"a ledger":  write("publisher.db", "words"),
	} {
		if text, _, err := tree.RenderText(t.Context(), file); err == nil {
			t.Errorf("%s: no error, but %q", name, text.HTML)
		}
	}
}

// link writes a file and a symbolic link to it, which it returns.
func link(t *testing.T, at, to string) string {
	t.Helper()
	if err := os.WriteFile(to, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
	return at
}
