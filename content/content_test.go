package content_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
)

// blog is a content tree in a test's own folder.
type blog struct {
	t   *testing.T
	cfg *config.Config
}

// newBlog writes files and points a config at them.
func newBlog(t *testing.T, files map[string]string) *blog {
	t.Helper()
	b := &blog{t: t, cfg: config.Default()}
	b.cfg.Dir = t.TempDir()
	b.cfg.Content.Dir = "blog"
	b.cfg.Site.URL = mustURL(t, "https://example.com")
	if err := os.MkdirAll(b.path(""), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		b.write(name, text)
	}
	return b
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (b *blog) path(name string) string {
	return filepath.Join(b.cfg.Dir, "blog", filepath.FromSlash(name))
}

// old is a time before any scan of the test.
var old = time.Now().Add(-time.Hour)

func (b *blog) write(name, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.path(name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Chtimes(b.path(name), old, old); err != nil {
		b.t.Fatal(err)
	}
}

func (b *blog) open() *content.Tree {
	b.t.Helper()
	tree, err := content.Open(b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	return tree
}

func (b *blog) scan() (*content.Tree, *content.Scan) {
	b.t.Helper()
	tree := b.open()
	return tree, scanTree(b.t, tree, nil)
}

func scanTree(t *testing.T, tree *content.Tree, last *content.Snapshot) *content.Scan {
	t.Helper()
	scan, err := tree.Scan(context.Background(), last, "test")
	if err != nil {
		t.Fatal(err)
	}
	return scan
}

// only is the one post of a blog, rendered.
func (b *blog) only() (*post.Post, *post.Rendering) {
	b.t.Helper()
	tree, scan := b.scan()
	if len(scan.Posts) != 1 {
		b.t.Fatalf("%d posts, want 1; problems: %+v", len(scan.Posts), scan.Problems)
	}
	return scan.Posts[0], render(b.t, tree, scan.Posts[0])
}

func render(t *testing.T, tree *content.Tree, p *post.Post) *post.Rendering {
	t.Helper()
	r, _, err := tree.Render(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
