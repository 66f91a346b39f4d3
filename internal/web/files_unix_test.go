//go:build unix

package web_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Opening a named pipe waits for a writer, who may never come.
func TestNamedPipe(t *testing.T) {
	w := start(t, settings, nil)
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(w.dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, w.get("/pipe"), 404)
}
