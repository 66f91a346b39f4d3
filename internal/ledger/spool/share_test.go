package spool_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"publisher/internal/ledger/spool"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lines(t *testing.T, f *spool.File) []string {
	t.Helper()
	all, err := f.Lines()
	must(t, err)
	var texts []string
	for _, line := range all {
		texts = append(texts, string(line))
	}
	slices.Sort(texts)
	return texts
}

// Processes that share a folder do not write into each other's files, nor read what the others keep.
func TestSharedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late")
	first, second := spool.NewShared(path), spool.NewShared(path)
	for i, f := range []*spool.File{first, second} {
		must(t, f.Reserve())
		must(t, f.Append([]byte([]string{"one", "two"}[i])))
	}
	if first.Path() == second.Path() {
		t.Errorf("both have %s", first.Path())
	}
	for i, f := range []*spool.File{first, second} {
		if got, want := strings.Join(lines(t, f), " "), []string{"one", "two"}[i]; got != want {
			t.Errorf("file %d has %q, want %q", i, got, want)
		}
	}
	must(t, first.Clear())
	if got := lines(t, second); len(got) != 1 {
		t.Errorf("after the other was cleared: %q", got)
	}
	must(t, first.Close())
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the empty file stays: %v", err)
	}
}

// What a process that is gone left is read by one other, once.
func TestInheritedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late")
	for name, text := range map[string]string{"": "one\n\n\n", "-2": "two\n", "-3": "\n", ".1": "aside\n", "-x": "other\n"} {
		must(t, os.WriteFile(path+name, []byte(text), 0o600))
	}
	heir, other := spool.NewShared(path), spool.NewShared(path)
	if got := strings.Join(lines(t, heir), " "); got != "one two" {
		t.Errorf("got %q", got)
	}
	if got := lines(t, other); len(got) != 0 {
		t.Errorf("read by another one too: %q", got)
	}
	must(t, other.Reserve())
	must(t, other.Append([]byte("three")))
	if got := strings.Join(lines(t, heir), " "); got != "one two" {
		t.Errorf("read again: %q", got)
	}
	must(t, heir.Clear())
	must(t, heir.Close())
	must(t, other.Close())
	left, err := filepath.Glob(path + "*")
	must(t, err)
	if want := []string{path + "-4", path + "-x", path + ".1"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}
