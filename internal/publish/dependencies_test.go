package publish

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newMany is a blog with sixty posts over three months that share their tags. Some link to
// others, and some show a picture in the same folder.
func newMany(t *testing.T, settings string) *blog {
	b := newBlog(t, settings, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	b.write("posts/dot.gif", dot)
	for n := range 60 {
		b.write(fmt.Sprintf("posts/p%02d.md", n), manyPost(n, ""))
	}
	b.settleFiles()
	return b
}

// picture writes the picture that posts show, as if days ago.
func (b *blog) picture(data string, days int) {
	b.t.Helper()
	b.write("posts/dot.gif", data)
	at := b.now.AddDate(0, 0, -days)
	if err := os.Chtimes(filepath.Join(b.dir, "posts/dot.gif"), at, at); err != nil {
		b.t.Fatal(err)
	}
}

// dot is a picture with one pixel.
var dot = func() string {
	data, err := base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
	if err != nil {
		panic(err)
	}
	return string(data)
}()

func manyPost(n int, more string) string {
	text := fmt.Sprintf("---\ntitle: Post %d\ndate: 2025-%02d-%02d\ntags: [all, t%d]\n%s---\nSays *%[1]d*.\n\n<!--more-->\n\nGoes on about %[1]d.\n", n, 3+n/20, 1+n%20, n%4, more)
	switch n % 5 {
	case 0:
		text += fmt.Sprintf("As in [the one before](p%02d.md).\n", max(n-1, 0))
	case 1:
		text += "![a dot](dot.gif)\n"
	}
	return text
}

// feedsRendering updates the feeds and returns what was rendered for them.
func (b *blog) feedsRendering() []string {
	b.t.Helper()
	log := new(renderLog)
	p := New(b.cfg, Options{Now: func() time.Time { return b.now }, Build: "test", Log: slog.New(log)})
	if _, err := p.Run(b.t.Context(), "test"); err != nil {
		b.t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(log.posts))
}

// renderLog keeps which posts the log says were rendered.
type renderLog struct {
	mu    sync.Mutex
	posts map[string]bool
}

func (l *renderLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *renderLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *renderLog) WithGroup(string) slog.Handler            { return l }

func (l *renderLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "rendered" {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.posts == nil {
		l.posts = map[string]bool{}
	}
	r.Attrs(func(a slog.Attr) bool {
		l.posts[a.Value.String()] = true
		return true
	})
	return nil
}

// public returns every file in the folder of the feeds.
func (b *blog) public() map[string]string {
	b.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(filepath.Join(b.dir, "public"), func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[file[len(b.dir):]] = readFile(b.t, file)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return files
}

// What an edit does not affect is copied from the feeds that show it, with the same result as in
// a run from scratch.
func TestAnEditRendersThatPostAlone(t *testing.T) {
	const edited = "lastmod: 2025-08-01\n"
	var withPictures []string
	for n := 1; n < 60; n += 5 {
		withPictures = append(withPictures, fmt.Sprintf("p%02d.md", n))
	}
	for name, tt := range map[string]struct {
		settings string
		change   func(b *blog)
		rendered []string
	}{
		"nothing":         {"", func(*blog) {}, nil},
		"an edit":         {"", func(b *blog) { b.write("posts/p43.md", manyPost(43, edited)) }, []string{"p43.md"}},
		"an old one":      {"", func(b *blog) { b.write("posts/p02.md", manyPost(2, edited)) }, []string{"p02.md"}},
		"one linked to":   {"", func(b *blog) { b.write("posts/p54.md", manyPost(54, edited)) }, []string{"p54.md"}},
		"one with a link": {"", func(b *blog) { b.write("posts/p55.md", manyPost(55, edited)) }, []string{"p55.md"}},
		"another picture": {"", func(b *blog) { b.picture(strings.Replace(dot, "\x01", "\x02", 1), 30) }, withPictures},
		"a picture gone":  {"", func(b *blog) { b.remove("posts/dot.gif") }, withPictures},
		"a post gone":     {"", func(b *blog) { b.remove("posts/p53.md") }, nil},
		"another address": {"", func(b *blog) { b.write("posts/p54.md", manyPost(54, "slug: elsewhere\n"+edited)) },
			[]string{"p54.md", "p55.md"}}, // the second links to the first
		"excerpts only": {"feeds: {content: excerpt}\n", func(b *blog) { b.write("posts/p43.md", manyPost(43, edited)) }, []string{"p43.md"}},
		"one format":    {"feeds: {rss: \"\", atom: \"\"}\n", func(b *blog) { b.write("posts/p43.md", manyPost(43, edited)) }, []string{"p43.md"}},
		"a feed gone":   {"", func(b *blog) { b.write("posts/p43.md", manyPost(43, edited)); b.remove("public/tags/all/atom.xml") }, []string{"p43.md"}},
		"a feed overwrote": {"", func(b *blog) {
			b.write("posts/p43.md", manyPost(43, edited))
			b.write("public/tags/all/atom.xml", "<feed/>")
		}, []string{"p43.md"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMany(t, tt.settings)
			b.feedsRendering()
			tt.change(b)
			if diff := cmp.Diff(tt.rendered, b.feedsRendering()); diff != "" {
				t.Errorf("rendered (-want +got):\n%s", diff)
			}
			now := b.public()
			for _, name := range []string{"public", "publisher.db"} {
				if err := os.RemoveAll(filepath.Join(b.dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			b.feedsRendering()
			if diff := cmp.Diff(b.public(), now); diff != "" {
				t.Errorf("a run from scratch differs (-scratch +now):\n%s", diff)
			}
		})
	}
}
