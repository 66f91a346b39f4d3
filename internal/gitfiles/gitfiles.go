// Package gitfiles reads what a git repository tracks and ignores, without git, because a
// server often has a work tree but no git. It also writes .gitignore files.
package gitfiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Repository is a work tree and its git folders.
type Repository struct {
	// Root is the folder of the work tree, absolute.
	Root string
	// dir contains the index, common what several work trees share.
	dir, common string
}

// maxPointer limits the size of files in which work trees name their repository.
const maxPointer = 4096

// Find returns the repository to whose work tree a folder belongs, or nil. dir must be
// absolute, with symbolic links resolved.
func Find(dir string) *Repository {
	for {
		name := filepath.Join(dir, ".git")
		info, err := os.Lstat(name)
		switch {
		case err == nil && info.IsDir():
			return &Repository{dir, name, name}
		case err == nil && info.Mode().IsRegular() && info.Size() <= maxPointer:
			return linked(dir, name)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

// linked returns the repository of a work tree whose .git is a file: a submodule, or one of
// several work trees.
func linked(root, file string) *Repository {
	to, found := strings.CutPrefix(line(file), "gitdir: ")
	if !found {
		return nil
	}
	r := &Repository{root, from(root, to), from(root, to)}
	if common := line(filepath.Join(r.dir, "commondir")); common != "" {
		r.common = from(r.dir, common)
	}
	return r
}

func line(file string) string {
	text, err := readBounded(file, maxPointer)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first)
}

func from(dir, to string) string {
	if filepath.IsAbs(to) {
		return filepath.Clean(to)
	}
	return filepath.Join(dir, filepath.FromSlash(to))
}

var errNotRead = errors.New("is not a regular file, or too large")

func readBounded(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, &fs.PathError{Op: "read", Path: file, Err: errNotRead}
	}
	return os.ReadFile(file)
}

// rel returns a path as git writes it, or "" if it is not in the work tree.
func (r *Repository) rel(path string) string {
	rel, err := filepath.Rel(r.Root, path)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}
