package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"one\n", "two, longer\n", "3\n"} {
		if err := Replace(path, text); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s.new: %v", path, err)
	}
}

func TestCreateNumbered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path+".2", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{path + ".1", path + ".3"} {
		file, err := CreateNumbered(path)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name() != want {
			t.Errorf("%s, want %s", file.Name(), want)
		}
		if err := errors.Join(file.Close(), SyncFolder(filepath.Dir(path))); err != nil {
			t.Error(err)
		}
	}
}
