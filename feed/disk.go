package feed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"publisher/internal/config"
)

// disk writes documents whole or not at all.
type disk struct {
	root string // what relative paths start from
	dry  bool   // reports what would be written, and writes nothing
}

const tempSuffix = ".publisher-tmp"

func (d disk) abs(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.root, path)
}

func (d disk) read(path string) ([]byte, error) { return os.ReadFile(d.abs(path)) }

// write writes data to path unless the file has the same bytes, and reports whether it did.
func (d disk) write(path string, data []byte) (bool, error) {
	file := d.abs(path)
	same, err := holds(file, data)
	if err != nil || same {
		return false, err
	}
	if d.dry {
		return true, nil
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, advise(err, "cannot create the folder")
	}
	if err := replace(file, data); err != nil {
		return false, advise(err, "cannot be written")
	}
	return true, nil
}

// holds reports whether file has exactly these bytes.
func holds(file string, data []byte) (bool, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return false, nil // creating the folder reports what is in the way
	case err != nil:
		return false, advise(err, "cannot be examined")
	case info.IsDir():
		return false, errors.New("a directory is in the way of this file; move it away, or choose another name under feeds in config.yaml")
	case info.Size() != int64(len(data)):
		return false, nil
	}
	old, err := os.ReadFile(file)
	if err != nil {
		return false, advise(err, "cannot be compared with the existing file")
	}
	return bytes.Equal(old, data), nil
}

// replace writes a temporary file beside the target and renames it, so that a reader sees
// the old file or the new one, never a part. Nothing is synced: a feed that a power
// failure takes is written again.
func replace(file string, data []byte) (err error) {
	dir, base := filepath.Split(file)
	temp, err := os.CreateTemp(dir, "."+base+".*"+tempSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if _, err := temp.Write(data); err != nil {
		return err
	}
	if err := temp.Chmod(0o644); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}

// sweep removes the temporary files that a killed update has left in a folder.
func (d disk) sweep(dir string) {
	if d.dry {
		return
	}
	entries, err := os.ReadDir(d.abs(dir))
	if err != nil {
		return // the next update tries again
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), tempSuffix) {
			os.Remove(filepath.Join(d.abs(dir), e.Name()))
		}
	}
}

// advise adds to a disk's error what a person can do about it.
func advise(err error, what string) error {
	hint := "fix that and run again"
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = "let the user who runs publisher write there, or set feeds.dir to another folder"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		hint = "a file is in the way of this folder; move it away, or set feeds.dir to another folder"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		hint = "the disk is full; free some space and run again"
	}
	return fmt.Errorf("%s: %w (%s)", what, err, hint)
}

// Prune removes the documents of an earlier Result that a later one no longer has, and
// returns their paths. It removes only files inside feeds.dir that still have the bytes
// that were written, since all others are somebody else's, and folders that are then
// empty.
func Prune(cfg *config.Config, earlier, later []Document) ([]string, error) {
	keep := map[string]bool{}
	for _, doc := range later {
		keep[doc.Path] = true
	}
	d := disk{root: cfg.Dir}
	root := cfg.Path(cfg.Feeds.Dir)
	var (
		removed []string
		errs    []error
	)
	for _, doc := range earlier {
		file := d.abs(doc.Path)
		below, err := filepath.Rel(root, file)
		if keep[doc.Path] || err != nil || !filepath.IsLocal(below) {
			continue
		}
		info, err := os.Lstat(file)
		if err != nil || !info.Mode().IsRegular() {
			continue // gone already, or not a file of ours
		}
		if data, err := os.ReadFile(file); err != nil || digest(data) != doc.SHA256 {
			continue
		}
		if err := os.Remove(file); err != nil {
			errs = append(errs, &Error{Feed: doc.Path, Err: advise(err, "shows posts that are gone, and cannot be removed")})
			continue
		}
		removed = append(removed, doc.Path)
		for dir := filepath.Dir(file); dir != root && os.Remove(dir) == nil; {
			dir = filepath.Dir(dir)
		}
	}
	return removed, errors.Join(errs...)
}
