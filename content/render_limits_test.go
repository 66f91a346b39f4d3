package content_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
)

// A post whose time is over is left out, and says so; the clock is the test's.
func TestTimeIsBounded(t *testing.T) {
	for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican} {
		tree, posts := blogOf(t, d, strings.Repeat("*a* [b](c.md) `d`\n\n", 3000))
		if _, _, err := tree.Render(context.Background(), posts[0]); err != nil {
			t.Errorf("%s: %v", d, err)
		}
		tree.Running(time.Second)
		_, _, err := tree.Render(context.Background(), posts[0])
		var failed *content.RenderError
		if !errors.As(err, &failed) || failed.Limit != "2 seconds of work for one post" {
			t.Errorf("%s: %v", d, err)
		}
	}
}

// A context that ends stops a post in the middle: the error is the context's.
func TestStoppedInTheMiddle(t *testing.T) {
	for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican} {
		tree, posts := blogOf(t, d, strings.Repeat("*a* [b](c.md) `d`\n\n", 3000))
		ctx := &endingContext{Context: context.Background(), after: 3}
		if _, _, err := tree.Render(ctx, posts[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", d, err)
		}
	}
}

// endingContext ends when it has been asked a number of times.
type endingContext struct {
	context.Context
	after int
}

func (c *endingContext) Err() error {
	if c.after--; c.after < 0 {
		return context.Canceled
	}
	return nil
}

// TestBoundedTemplates shows that a post whose shortcodes, tags or includes do more than
// those of any author is left out, with the bound and, where it is known, the line.
func TestBoundedTemplates(t *testing.T) {
	const front = "---\ntitle: A\ndate: 2024-01-01\n---\n"
	tests := []struct {
		name, engine, file, body, limit string
		files                           map[string]string
		line                            int
	}{
		{name: "loops of a shortcode", engine: "hugo.toml", file: "content/posts/a.md", body: "{{< x >}}", limit: "what a template of a shortcode or hook may do",
			files: map[string]string{"layouts/shortcodes/x.html": "{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}"}},
		{name: "text that doubles", engine: "hugo.toml", file: "content/posts/a.md", body: "{{< x >}}", limit: "what a template of a shortcode or hook may do",
			files: map[string]string{"layouts/shortcodes/x.html": "{{ $x := \"xxxxxxxx\" }}{{ range seq 99 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}"}},
		{name: "shortcodes without number", engine: "hugo.toml", file: "content/posts/a.md", body: strings.Repeat("{{< y >}}\n", 10_001), limit: "10000 shortcodes", line: 10_005},
		{name: "an include of itself", engine: "_config.yml", file: "_posts/2024-01-01-a.md", body: "\n{% include a.html %}", limit: "10 nested includes", line: 6,
			files: map[string]string{"_includes/a.html": "{% for i in (1..5000) %}{% include a.html %}{% endfor %}"}},
		{name: "loops of tags", engine: "_config.yml", file: "_posts/2024-01-01-a.md", body: "\n\n{% for i in (1..99999) %}{% for j in (1..99999) %}x{% endfor %}{% endfor %}", limit: "100000 tags and loop iterations", line: 7},
		{name: "output of loops", engine: "_config.yml", file: "_posts/2024-01-01-a.md", body: `{% assign a = "` + strings.Repeat("a", 60_000) + `" %}{% for i in (1..9999) %}{{ a }}{% endfor %}`,
			limit: "8 MB of text that a post's templates, includes and shortcodes make"},
		{name: "includes that are large", engine: "_config.yml", file: "_posts/2024-01-01-a.md", body: strings.Repeat("{% include a.html %}", 1000),
			limit: "8 MB of text that a post's templates, includes and shortcodes make", files: map[string]string{"_includes/a.html": strings.Repeat("x", 60_000)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBlog(t, map[string]string{test.engine: ""})
			if test.engine == "hugo.toml" {
				b.cfg.Content.Dir = "blog/content"
			}
			for name, text := range test.files {
				b.write(name, text)
			}
			b.write(test.file, front+test.body)
			tree, scan := b.scan()
			if len(scan.Posts) != 1 {
				t.Fatalf("%+v", scan)
			}
			_, _, err := tree.RenderCounted(context.Background(), scan.Posts[0])
			var failed *content.RenderError
			if !errors.As(err, &failed) || failed.Limit != test.limit || failed.Line != test.line {
				t.Errorf("%v", err)
			}
		})
	}
}

// blogOf is a blog of one post.
func blogOf(tb testing.TB, d config.Dialect, body string) (*content.Tree, []*post.Post) {
	tb.Helper()
	dir := tb.TempDir()
	file := filepath.Join(dir, "_posts", "2024-01-02-a.md")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("---\ntitle: A\ndate: 2024-01-02\n---\n"+body+"\n"), 0o644); err != nil {
		tb.Fatal(err)
	}
	cfg := config.Default()
	cfg.Dir, cfg.Content.Dir, cfg.Content.Dialect = dir, ".", d
	cfg.Site.URL, _ = url.Parse("https://example.com")
	tree, err := content.Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	scan, err := tree.Scan(context.Background(), nil, "test")
	if err != nil || len(scan.Posts) != 1 {
		tb.Fatal(err, scan)
	}
	return tree, scan.Posts
}
