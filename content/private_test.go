//go:build unix

package content_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
)

// What the blogs below hold that nobody may see: each file has the first mark in it, and
// where it matters a value that a template could ask for.
const (
	secretMark = "hunter2"
	secretYAML = "title: hunter2\ndate: 2025-01-01\nmail: {smtp: {password: hunter2}}\nparams: {secret: hunter2}\n"
)

var secrets = map[string]string{
	"subscribers.csv": "email,name\nann@hunter2.example,hunter2\n",
	"outbox/a.eml":    "Subject: hunter2\n\nhunter2\n",
	"outbox/a.md":     "---\ntitle: hunter2\ndate: 2025-01-01\n---\nhunter2\n",
	"outbox/a.html":   "---\ntitle: hunter2\ndate: 2025-01-01\n---\nhunter2\n",
	"dkim.pem":        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
	"publisher.db":    "SQLite format 3\x00hunter2",
	".env":            "---\ntitle: hunter2\ndate: 2025-01-01\n---\nhunter2\n",
	"../outside.md":   "---\ntitle: hunter2\ndate: 2025-01-01\n---\nhunter2\n",
	"../outside.yml":  secretYAML,
	"../theme/layouts/shortcodes/theirs.html": "hunter2",
	"copy.key": "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n",
}

// blogs are the engines' smallest, each with a post that has to come out whatever else
// is there.
var blogs = map[string]struct {
	dir, post, head string
	files           map[string]string
}{
	"jekyll": {".", "_posts/2025-01-02-good.md", "title: Good", map[string]string{"_config.yml": "url: https://e.example\n"}},
	"hugo":   {"content", "content/posts/good.md", "title: Good\ndate: 2025-01-02", map[string]string{"hugo.toml": "baseURL = 'https://e.example/'\n"}},
	"zola":   {"content", "content/good.md", "title: Good\ndate: 2025-01-02", map[string]string{"config.toml": "base_url = 'https://e.example'\n"}},
	"eleventy": {"posts", "posts/good.md", "title: Good\ndate: 2025-01-02", map[string]string{
		"eleventy.config.js": "export default function (c) { c.addPassthroughCopy('img'); };\n"}},
	"pelican":  {"content", "content/good.md", "title: Good\ndate: 2025-01-02", map[string]string{"pelicanconf.py": "PATH = 'content'\nSITEURL = 'https://e.example'\n"}},
	"markdown": {"posts", "posts/good.md", "title: Good\ndate: 2025-01-02", nil},
}

// attack is one way to what is private: links and files beside the good post, and a body
// that asks for them.
type attack struct {
	engine, name string
	body         string            // of the good post
	head         string            // more of its front matter
	files        map[string]string // "" makes a folder of a name that ends in a slash
	soft, hard   map[string]string // links by name, to targets as ln has them; hard ones from the blog's folder
	refused      string            // the blog cannot be opened, and this is why
	special      string            // "pipe", "socket" or "huge": a file of that name and kind
	kind         string
	config       string // more of config.yaml
}

func (a attack) secretFile() string {
	return "site: {url: \"https://e.example\"}\ncontent: {dir: " + blogs[a.engine].dir + ", dialect: " + a.engine + "}\n" +
		"subscribers: {file: subscribers.csv}\nmail: {from: a@hunter2.example, smtp: {password: hunter2}, dkim: [{domain: e.example, selector: s, key_file: dkim.pem}]}\n" + a.config
}

// build makes the blog in a folder below a new one.
func (a attack) build(t *testing.T) *config.Config {
	t.Helper()
	temp, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(temp, "blog")
	blog := blogs[a.engine]
	good := "---\n" + blog.head + "\n" + a.head + "\n---\nStart.\n\n" + a.body + "\n\nEnd.\n"
	for _, files := range []map[string]string{secrets, blog.files, {blog.post: good, "config.yaml": a.secretFile()}, a.files} {
		for name, text := range files {
			put(t, filepath.Join(dir, filepath.FromSlash(name)), text)
		}
	}
	at := func(name string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, target := range a.soft {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range a.hard {
		if err := os.Link(at(target), at(name)); err != nil {
			t.Fatal(err)
		}
	}
	a.makeSpecial(t, at)
	cfg, err := config.Load(filepath.Join(dir, "config.yaml"), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (a attack) makeSpecial(t *testing.T, at func(string) string) {
	t.Helper()
	switch a.kind {
	case "pipe":
		if err := syscall.Mkfifo(at(a.special), 0o644); err != nil {
			t.Fatal(err)
		}
	case "socket":
		t.Chdir(filepath.Dir(at(a.special))) // a socket's path has a hundred bytes
		l, err := net.Listen("unix", filepath.Base(a.special))
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { l.Close() })
	case "huge":
		put(t, at(a.special), secretMark)
		if err := os.Truncate(at(a.special), 4<<30); err != nil {
			t.Skip(err)
		}
	}
}

// said is everything that a feed, a mail or the owner may see of the blog.
func said(t *testing.T, tree *content.Tree) (text string, good *post.Post, body string) {
	t.Helper()
	scan, err := tree.Scan(context.Background(), nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	show := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	show(scan.Problems)
	show(scan.LeftOut)
	for _, p := range scan.Posts {
		show(p)
		out, problems, err := tree.Render(context.Background(), p)
		if err != nil {
			fmt.Fprint(&b, err)
			continue
		}
		show(out)
		show(problems)
		b.WriteString(out.HTML)
		if p.Title == "Good" {
			good, body = p, out.HTML
		}
	}
	return b.String(), good, body
}

func TestPrivateFilesStayPrivate(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.engine+" "+a.name, func(t *testing.T) {
			tree, err := content.Open(a.build(t))
			if a.refused != "" {
				if err == nil || !strings.Contains(err.Error(), a.refused) {
					t.Fatalf("opened, with %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			text, good, body := said(t, tree)
			if at := strings.Index(text, secretMark); at >= 0 {
				t.Errorf("a secret is out: …%s…", text[max(0, at-200):min(len(text), at+50)])
			}
			if good == nil || !strings.Contains(body, "Start.") || !strings.Contains(body, "End.") {
				t.Errorf("the good post is gone: %s", body)
			}
			if good != nil && good.Enclosure != nil && good.Enclosure.Length > 0 {
				t.Errorf("the size of a private file is out: %+v", good.Enclosure)
			}
		})
	}
}

// What is not a secret is still read, links in the tree too.
func TestLinksWithinTheBlog(t *testing.T) {
	for _, test := range []struct {
		attack
		want string // in what the posts say
	}{
		{attack{engine: "jekyll", name: "a post's other name", soft: map[string]string{"_posts/2025-01-03-twin.md": "2025-01-02-good.md"}}, "/2025/01/03/twin.html"},
		{attack{engine: "markdown", name: "a chain to a post", soft: map[string]string{"posts/twin.md": "one.md", "posts/one.md": "good.md"}}, "/twin"},
		{attack{engine: "jekyll", name: "an include", body: "{% include a.html %}", files: map[string]string{"_includes/deep/b.html": "of the blog"}, soft: map[string]string{"_includes/a.html": "deep/b.html"}}, "of the blog"},
		{attack{engine: "jekyll", name: "a folder of includes", body: "{% include b.html %}", files: map[string]string{"shared/b.html": "of the blog"}, soft: map[string]string{"_includes": "shared"}}, "of the blog"},
		{attack{engine: "jekyll", name: "data", body: "{{ site.data.a[0].x }}", files: map[string]string{"_data/a.csv": "x\nof the blog\n"}}, "of the blog"},
		{attack{engine: "jekyll", name: "a hard link to what is public", body: "{% include a.html %}", files: map[string]string{"free.html": "of the blog"}, hard: map[string]string{"_includes/a.html": "free.html"}}, "of the blog"},
		{attack{engine: "hugo", name: "a shortcode", body: "{{< a >}}", files: map[string]string{"layouts/shortcodes/a.html": "of the blog"}}, "of the blog"},
		{attack{engine: "zola", name: "a shortcode", body: "{{ a() }}", files: map[string]string{"templates/shortcodes/a.html": "of the blog"}}, "of the blog"},
		{attack{engine: "eleventy", name: "data", body: "{{ a.x }}", files: map[string]string{"_data/a.yaml": "x: of the blog\n"}}, "of the blog"},
	} {
		t.Run(test.engine+" "+test.name, func(t *testing.T) {
			tree, err := content.Open(test.build(t))
			if err != nil {
				t.Fatal(err)
			}
			if text, _, _ := said(t, tree); !strings.Contains(text, test.want) {
				t.Errorf("%q is missing in %s", test.want, text)
			}
		})
	}
}
