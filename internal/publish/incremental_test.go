package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newMonths is a blog with one post a month. The fourth links to the third, the fifth shows a
// local picture, and the sixth has a shortcode.
func newMonths(t *testing.T) *blog {
	b := newBlog(t, "feeds: {rss: \"\", json: \"\", items: 1, tags: false}\n", time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	for month, body := range []string{"One.", "Two.", "Three.", "Four, after [three](m3.md).", "Five: ![](five.svg)", `Six: {{< x >}}`} {
		b.write(fmt.Sprintf("posts/m%d.md", month+1), fmt.Sprintf("---\ntitle: Month %d\ndate: 2025-%02d-05\n---\n%s\n", month+1, month+1, body))
	}
	b.settleFiles()
	b.run()
	return b
}

// settleFiles makes all files older than the last scan, since newer ones are read again.
func (b *blog) settleFiles() {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "posts/*"))
	if err != nil {
		b.t.Fatal(err)
	}
	old := time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.ModTime().Before(old) {
			continue
		}
		if err := os.Chtimes(file, old, old); err != nil {
			b.t.Fatal(err)
		}
		old = old.Add(-time.Second) // an edit is recognized by another time
	}
}

// rebuilt replaces every archive with other bytes of the same length and time, runs a pass, and
// returns which months were built again.
func (b *blog) rebuilt() string {
	b.t.Helper()
	months, err := filepath.Glob(filepath.Join(b.dir, "public/months/2025-*/atom.xml"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, file := range months {
		info, err := os.Stat(file)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Repeat("x", int(info.Size()))), 0o644); err != nil {
			b.t.Fatal(err)
		}
		if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
			b.t.Fatal(err)
		}
	}
	b.run()
	var made []string
	for _, file := range months {
		if !strings.HasPrefix(readFile(b.t, file), "x") {
			made = append(made, filepath.Base(filepath.Dir(file)))
		}
	}
	return strings.Join(made, " ")
}

// Only feeds that may have changed are built again.
func TestOnlyWhatMayHaveChangedIsBuilt(t *testing.T) {
	post := func(month, day int, body string) string {
		return fmt.Sprintf("---\ntitle: Month %d\ndate: 2025-%02d-%02d\n---\n%s\n", month, month, day, body)
	}
	for name, tt := range map[string]struct {
		change func(b *blog)
		made   string
	}{
		// It is not known what the shortcode depends on.
		"nothing":    {func(*blog) {}, ""},
		"an edit":    {func(b *blog) { b.write("posts/m1.md", post(1, 5, "Once.")) }, "2025-01 2025-06"},
		"a new post": {func(b *blog) { b.write("posts/new.md", post(2, 6, "New.")) }, "2025-02 2025-06"},
		"another slug": {func(b *blog) {
			b.write("posts/m3.md", strings.Replace(post(3, 5, "Three."), "---\n", "---\nslug: third\n", 1))
		}, "2025-03 2025-04 2025-06"},
		"another config": {func(b *blog) {
			b.write("config.yaml", strings.Replace(readFile(t, filepath.Join(b.dir, "config.yaml")), "content: {", "content: {excerpt_words: 9, ", 1))
			b.load()
		}, "2025-01 2025-02 2025-03 2025-04 2025-05 2025-06"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMonths(t)
			tt.change(b)
			if diff := cmp.Diff(tt.made, b.rebuilt()); diff != "" {
				t.Errorf("built again (-want +got):\n%s", diff)
			}
		})
	}
}
