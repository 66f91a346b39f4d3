package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"publisher/internal/private"
)

// Open opens a regular file of the folder that is not private. For others it returns
// fs.ErrNotExist.
func (d *Folder) Open(name string) (*os.File, fs.FileInfo, error) {
	f, info, err := openBelow(d.dir, name)
	if err == nil && d.withheld(name, f, info) {
		f.Close()
		err = fs.ErrNotExist
	}
	return f, info, err
}

// withheld reports whether a file of the output folder is private, whatever path leads to
// it: another name or link of a private file, a copy of the ledger or of a key, or the posts
// themselves with their drafts.
func (d *Folder) withheld(name string, f *os.File, info fs.FileInfo) bool {
	root, err := filepath.EvalSymlinks(d.dir)
	if err != nil {
		return true
	}
	real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return true
	}
	if rel, err := filepath.Rel(root, real); err != nil || private.IsHidden(rel) {
		return true
	}
	if _, found := d.owned.Recent().Holds(real, info); found {
		return true
	}
	posts := private.Resolve(d.Config.Path(d.Config.Content.Dir))
	if private.Within(posts, root) && private.Within(real, posts) {
		return true
	}
	head := make([]byte, private.HeadSize)
	n, _ := f.ReadAt(head, 0)
	return private.IsSecret(head[:n])
}

// openBelow opens a regular file below dir. For hidden files and symbolic links to the
// outside it returns fs.ErrNotExist.
func openBelow(dir, name string) (*os.File, fs.FileInfo, error) {
	if !fs.ValidPath(name) || hidden(name) {
		return nil, nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	// Opening a named pipe would wait for its writer, so check first.
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil, nil, errOr(err, fs.ErrNotExist)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, errOr(err, fs.ErrNotExist)
	}
	return f, info, nil
}

func errOr(err, instead error) error {
	if err != nil {
		return err
	}
	return instead
}

// hidden reports whether an element of the path begins with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// MachineFault reports whether err is the machine's fault. All other errors mean that there
// is no such file, for which hostile paths get many different errors.
func MachineFault(err error) bool {
	for _, fault := range []error{fs.ErrPermission, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}
