//go:build postgres

package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A short measurement works. `make bench-scale` has a longer one.
func TestScale(t *testing.T) {
	program := filepath.Join(t.TempDir(), "publisher")
	if out, err := exec.Command("go", "build", "-o", program, "publisher/cmd/publisher").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b := bench{program: program, folder: t.TempDir(), subscribers: 1_500, slow: 100, workers: 2, connections: 5, delay: 5 * time.Millisecond}
	if err := b.run(); err != nil {
		t.Fatal(err)
	}
}
