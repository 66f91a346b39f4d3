package content_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
)

const good = "---\ntitle: Good\ndate: 2024-01-01\n---\nText.\n"

// TestProblems shows that each faulty file gets a message with its line, and
// that the good one beside it is found all the same.
func TestProblems(t *testing.T) {
	tests := []struct {
		name, file, text string
		line             int
		invalid          bool
		message          string // a part of it
	}{
		{"neither title nor text", "a.md", "---\ndate: 2024-01-01\n---\n\n", 2, true, "neither title nor text"},
		{"no title for Pelican", "a.md", "Date: 2024-01-01\nTags: x\n\nText.", 1, true, "no title; add a line such as Title: My post"},
		{"no date", "a.md", "---\ntitle: A\n---\nText.", 2, true, "no date; add a line such as date: 2025-01-29"},
		{"no date in TOML", "a.md", "+++\ntitle = \"A\"\n+++\nText.", 2, true, "date = 2025-01-29"},
		{"neither fence nor heading", "a.md", "Just text.", 1, true, "no front matter"},
		{"unreadable date", "a.md", "---\ntitle: A\ndate: the other day\n---\n", 3, true, `cannot parse the date "the other day"`},
		{"unreadable date in a block", "a.md", "Title: A\nDate: soon\n\nText.", 2, true, "cannot parse the"},
		{"unreadable lastmod", "a.md", "---\ntitle: A\ndate: 2024-01-01\nlastmod: soon\n---\n", 4, false, "cannot parse the"},
		{"YAML with a colon", "a.md", "---\ndate: 2024-01-01\ntitle: A: B\n---\n", 3, true, "put the whole value in quotes"},
		{"YAML with an open quote", "a.md", "---\ndate: 2024-01-01\ntitle: \"A\nslug: a\n---\nText.", 3, true, "does not parse"},
		{"YAML with an open list", "a.md", "\n---\ntags: [a, b\ntitle: A\ndate: 2024-01-01\n---\n", 3, true, "does not parse"},
		{"YAML with a tab", "a.md", "---\ntitle: A\n\tdate: 2024-01-01\n---\n", 3, true, "does not parse"},
		{"YAML that is a list", "a.md", "---\n- a\n- b\n---\n", 2, true, "key: value"},
		{"YAML never closed", "a.md", "---\ntitle: A\n\nText.\n", 1, true, "never closed"},
		{"TOML fault", "a.md", "+++\ntitle = \"A\"\ndate = tomorrow\n+++\n", 3, true, "TOML"},
		{"JSON fault", "a.md", "{\n  \"title\": \"A\",\n  \"date\": 2024-01-01\n}\n", 3, true, "JSON"},
		{"JSON never closed", "a.md", "{\n  \"title\": \"A\",\n", 1, true, "never closed"},
		{"alias bomb", "a.md", "---\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n---\n", 5, true, "aliases"},
		{"binary", "a.md", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\xff\xd8\xff\xe0", 0, true, "binary file"},
		{"UTF-16", "a.md", "\xff\xfe-\x00-\x00-\x00", 1, true, "UTF-16"},
		{"invalid UTF-8", "a.md", "---\ntitle: A\ndate: 2024-01-01\n---\nCaf\xe9 na\xefve, and text enough to be no noise at all.", 5, false, "not UTF-8"},
		{"control characters", "a.md", "---\ntitle: A\ndate: 2024-01-01\n---\nText\x00 with\x08 controls, but otherwise prose enough to be no noise at all, I should say.", 5, false, "U+0000"},
		{"strange language", "a.md", "---\ntitle: A\ndate: 2024-01-01\nlang: klingonese!\n---\n", 4, false, "not a language tag"},
		{"too large", "a.md", "---\ntitle: A\ndate: 2024-01-01\n---\n" + strings.Repeat("x", 11<<20), 0, true, "too much for a post"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, scan := newBlog(t, map[string]string{"good.md": good, test.file: test.text}).scan()
			if len(scan.Problems) != 1 {
				t.Fatalf("problems: %+v, want one", scan.Problems)
			}
			got := scan.Problems[0]
			want := post.Problem{Path: test.file, Line: test.line, Message: got.Message, Invalid: test.invalid}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if !strings.Contains(got.Message, test.message) || strings.ContainsAny(got.Message, "\n\r\x00") {
				t.Errorf("message %q, want one line with %q", got.Message, test.message)
			}
			if posts := len(scan.Posts) + scan.Invalid; posts != 2 || test.invalid != (scan.Invalid == 1) {
				t.Errorf("%d posts, %d invalid", len(scan.Posts), scan.Invalid)
			}
		})
	}
}

// TestCleanText shows that what survives is fit for XML and a mail header.
func TestCleanText(t *testing.T) {
	b := newBlog(t, map[string]string{"a.md": "---\r\ntitle: \"Bcc: all\\r\\n\\tX: y \\u0007\\u0085\"\r\ndate: 2024-01-01\r\nsummary: \"\\u0001a\"\r\n---\r\nCaf\xe9 & &#1; &#x8; b\x02c. " + strings.Repeat("Prose. ", 20)})
	p, r := b.only()
	if want := "Bcc: all X: y"; p.Title != want {
		t.Errorf("title %q, want %q", p.Title, want)
	}
	if !strings.HasPrefix(r.HTML, "<p>Café &amp;") || strings.ContainsAny(r.HTML, "\x00\x01\x02\x08\r") {
		t.Errorf("HTML %q", r.HTML)
	}
	if r.ExcerptText != "a" {
		t.Errorf("excerpt %q", r.ExcerptText)
	}
}

func TestLinks(t *testing.T) {
	b := newBlog(t, map[string]string{"posts/good.md": good, "hidden/.x.md": good, "_index.md": good, "drafts/deep/x.md": good, "readme.txt": "no"})
	b.cfg.Content.Exclude = []string{"drafts/**"}
	outside := filepath.Join(b.cfg.Dir, "secret.md")
	if err := os.WriteFile(outside, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"out.md": outside, "circle.md": "circle.md", "again": ".", "outdir": b.cfg.Dir, "inside.md": "posts/good.md", "gone.md": "nowhere.md",
	} {
		if err := os.Symlink(to, b.path(link)); err != nil {
			t.Fatal(err)
		}
	}
	_, scan := b.scan()
	var posts, problems []string
	for _, p := range scan.Posts {
		posts = append(posts, p.Path)
	}
	for _, p := range scan.Problems {
		problems = append(problems, p.Path)
	}
	if d := cmp.Diff([]string{"inside.md", "posts/good.md"}, posts); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"again", "circle.md", "gone.md", "out.md", "outdir"}, problems); d != "" {
		t.Error(d)
	}
}

// TestUnreadable runs as a user whom permissions bind, as root does not: root
// starts the test again as nobody.
func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		runAsNobody(t)
		return
	}
	b := newBlog(t, map[string]string{"good.md": good, "bad.md": good, "dir/a.md": good})
	must(t, os.Chmod(b.path("bad.md"), 0))
	_, scan := b.scan()
	if len(scan.Posts) != 2 || scan.Invalid != 1 || !strings.Contains(scan.Problems[0].Message, "permission denied") {
		t.Errorf("%d posts, problems %+v", len(scan.Posts), scan.Problems)
	}
}

// runAsNobody runs the same test in a copy of this program that any user may
// execute.
func runAsNobody(t *testing.T) {
	const nobody = 65534
	dir, err := os.MkdirTemp("", "nobody")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chown(dir, nobody, nobody))
	self, err := os.Executable()
	must(t, err)
	program, err := os.ReadFile(self)
	must(t, err)
	copied := filepath.Join(dir, "content.test")
	must(t, os.WriteFile(copied, program, 0o755))
	cmd := exec.Command(copied, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = []string{"TMPDIR=" + dir, "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestOpenFails(t *testing.T) {
	for name, test := range map[string]struct {
		change       func(*config.Config)
		key, message string
	}{
		"no folder": {func(c *config.Config) { c.Content.Dir = "nowhere" }, "content.dir", "there is no folder"},
		"a file":    {func(c *config.Config) { c.Content.Dir = "blog/a.md" }, "content.dir", "is a file"},
		"permalink": {func(c *config.Config) { c.Content.Permalink = "/:yaer/:slug/" }, "content.permalink", ":yaer"},
		"exclude":   {func(c *config.Config) { c.Content.Exclude = []string{"["} }, "content.exclude", "not a glob"},
		"own settings": {func(c *config.Config) {
			must(t, os.WriteFile(filepath.Join(c.Dir, "blog/hugo.toml"), []byte("x ="), 0o644))
		}, "", "hugo.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{"a.md": good})
			test.change(b.cfg)
			_, err := content.Open(b.cfg)
			var setting *content.SettingError
			if !errors.As(err, &setting) || !strings.Contains(err.Error(), test.message) || setting.Key != test.key {
				t.Errorf("error %v", err)
			}
			if strings.Count(err.Error(), "content.") > 1 {
				t.Errorf("the key is doubled: %v", err)
			}
		})
	}
}

func TestNoPosts(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"empty":      {},
		"only pages": {"about.md": "---\nlayout: page\ntitle: About\n---\n", "pages/x.md": "Title: X\n\nText."},
	} {
		t.Run(name, func(t *testing.T) {
			_, scan := newBlog(t, files).scan()
			if len(scan.Problems) != 1 || !strings.HasPrefix(scan.Problems[0].Message, "no posts in") || scan.Invalid != 0 {
				t.Errorf("problems %+v, invalid %d", scan.Problems, scan.Invalid)
			}
		})
	}
}
