package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lines(t *testing.T, f *File) (all []string) {
	t.Helper()
	kept, err := f.Lines()
	noError(t, err)
	for _, line := range kept {
		all = append(all, string(line))
	}
	return all
}

// What is added while earlier lines are handled stays when these are dropped, and the space with it.
func TestDrop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late")
	f := New(path)
	noError(t, f.Reserve())
	for _, line := range []string{"one", "two"} {
		noError(t, f.Append([]byte(line)))
	}
	n := len(lines(t, f))
	noError(t, f.Append([]byte("three")))
	noError(t, f.Drop(n))
	if got := lines(t, f); !slices.Equal(got, []string{"three"}) {
		t.Errorf("%q are left", got)
	}
	noError(t, f.Append([]byte("four")))
	if got := lines(t, New(path)); !slices.Equal(got, []string{"three", "four"}) {
		t.Errorf("%q are in the file", got)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < size {
		t.Errorf("%v, %v", info, err)
	}
	noError(t, f.Drop(2))
	noError(t, f.Close())
	if _, err := os.Stat(path); err == nil {
		t.Error("an empty file is left")
	}
}

// Each owner has a file of its own; what is blanked is blanked in all of them.
func TestOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late")
	first, second := NewOwned(path, "1"), NewOwned(path, "2")
	for _, f := range []*File{first, second} {
		noError(t, f.Reserve())
		noError(t, f.Append([]byte(`{"Reply":"to ada"}`)))
	}
	aside, err := first.SetAside([][]byte{[]byte(`{"Reply":"to ada"}`)})
	noError(t, err)
	if aside != path+".1" {
		t.Errorf("set aside in %s", aside)
	}
	others := first.Others()
	if len(others) != 1 || others["2"] == nil || len(New(path).Others()) != 2 {
		t.Fatalf("the others are %v", others)
	}
	noError(t, New(path).Blank(func(line []byte) bool { return strings.Contains(string(line), "ada") }))
	for _, name := range []string{path + "-1", path + "-2", aside} {
		text, err := os.ReadFile(name)
		noError(t, err)
		if bytes.Contains(text, []byte("ada")) {
			t.Errorf("%s still has it", name)
		}
	}
	noError(t, others["2"].Remove())
	noError(t, others["2"].Remove())
	if len(first.Others()) != 0 {
		t.Error("a file that was removed is there")
	}
}
