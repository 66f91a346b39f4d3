package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger/sqlite"
)

// A second pass exits at once with code 3 and says who holds the lock. Commands that may run at
// the same time do.
func TestLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("config.yaml", "site: {url: https://blog.example.com}\ncontent: {dir: posts}\n")
	write("posts/a.md", "---\ntitle: A\ndate: 2026-01-01\n---\nA.\n")
	lock, err := sqlite.TakeLock(t.Context(), "sqlite:"+filepath.Join(dir, "publisher.db"), "publisher run", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want int
	}{
		{"run", exitLocked}, {"feeds", exitLocked}, {"subscribers add ada@example.com", exitDone},
		{"release", exitDone}, {"editions", exitDone}, {"explain ada@example.com", exitDone}, {"plan", exitDone},
	} {
		var stderr bytes.Buffer
		args := append([]string{"--config", filepath.Join(dir, "config.yaml")}, strings.Fields(c.args)...)
		sys := system{stdin: strings.NewReader(""), stdout: new(bytes.Buffer), stderr: &stderr, lookup: os.LookupEnv, now: time.Now}
		if got := run(t.Context(), args, sys); got != c.want {
			t.Errorf("%s: exit code %d, want %d: %s", c.args, got, c.want, &stderr)
		}
		if c.want == exitLocked && !strings.Contains(stderr.String(), "publisher run (process ") {
			t.Errorf("%s does not say who holds the lock: %s", c.args, &stderr)
		}
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	sys := system{stdin: strings.NewReader(""), stdout: new(bytes.Buffer), stderr: new(bytes.Buffer), lookup: os.LookupEnv, now: time.Now}
	if got := run(t.Context(), []string{"--config", filepath.Join(dir, "config.yaml"), "run"}, sys); got != exitDone {
		t.Errorf("after the lock is gone: exit code %d", got)
	}
}
