package publish

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A change is reported also in a folder that is new, was moved away and back, or is a symbolic
// link.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	posts, linked := filepath.Join(dir, "posts"), filepath.Join(dir, "linked")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(os.Mkdir(posts, 0o755))
	do(os.Symlink(posts, linked))
	changed := Watch(t.Context(), slog.New(slog.DiscardHandler), []string{linked}, nil)
	told := func(what string) {
		t.Helper()
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s was not told", what)
		}
	}
	write := func(name string) { t.Helper(); do(os.WriteFile(filepath.Join(posts, name), []byte("x"), 0o644)) }

	write("a.md")
	told("a new file")
	do(os.Mkdir(filepath.Join(posts, "deep"), 0o755))
	told("a new folder")
	write("deep/b.md")
	told("a file in a new folder")
	do(os.Rename(posts, filepath.Join(dir, "away")))
	told("a folder moved away")
	do(os.Rename(filepath.Join(dir, "away"), posts))
	told("a folder moved back")
	write("c.md")
	told("a file in a folder that came back")
	write("deep/d.md")
	told("a file deep in a folder that came back")
}
