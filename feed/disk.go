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
	"time"

	"publisher/config"
)

// disk writes documents whole or not at all.
type disk struct {
	root string // what relative paths start from
	dry  bool   // only tells what would be written
	// alone says that nobody else writes there now: temporary files are a dead pass's.
	alone bool
}

const (
	tempSuffix = ".publisher-tmp"
	// tempAge is how old a temporary file is before its writer is taken for dead.
	tempAge = time.Hour
)

func (d disk) abs(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.root, path)
}

func (d disk) read(path string) ([]byte, error) { return os.ReadFile(d.abs(path)) }

// write puts data into path unless it lies there already, and tells whether it did.
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
		return false, advise(err, "could not make the folder")
	}
	if err := replace(file, data); err != nil {
		return false, advise(err, "could not be written")
	}
	return true, nil
}

// holds tells whether file has exactly these bytes.
func holds(file string, data []byte) (bool, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return false, nil // what is in the way is told when its folder is made
	case err != nil:
		return false, advise(err, "could not be looked at")
	case info.IsDir():
		return false, errors.New("a folder lies where this file is to be; move it away, or choose another name in config.yaml under feeds")
	case info.Size() != int64(len(data)):
		return false, nil
	}
	old, err := os.ReadFile(file)
	if err != nil {
		return false, advise(err, "could not be compared with what lies there")
	}
	return bytes.Equal(old, data), nil
}

// replace writes beside the target and renames, so that a reader sees the old
// file or the new one and never a part. Nothing is synced: a feed lost to a power
// cut is made again.
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
	info, err := temp.Stat()
	if err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), file); err != nil {
		return err
	}
	sweep(dir, base, info.ModTime())
	return nil
}

// sweep removes what writers that were killed have left beside base. It is age by
// the file system's own clock that tells them from a writer at work.
func sweep(dir, base string, now time.Time) {
	removeTemps(dir, "."+base+".", func(info fs.FileInfo) bool { return now.Sub(info.ModTime()) > tempAge })
}

// sweepAll removes what a killed pass has left in a folder.
func (d disk) sweepAll(dir string) {
	if d.alone {
		removeTemps(d.abs(dir), ".", func(fs.FileInfo) bool { return true })
	}
}

func removeTemps(dir, prefix string, dead func(fs.FileInfo) bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // the next write tries again
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !strings.HasSuffix(e.Name(), tempSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && dead(info) {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// advise adds what a person can do about a failure of the disk.
func advise(err error, what string) error {
	hint := "run again when that is mended"
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = "give the user that runs publisher the right to write there, or set feeds.dir to another folder"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		hint = "a file lies where a folder is to be; move it away, or set feeds.dir to another folder"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		hint = "the disk is full; make room and run again"
	}
	return fmt.Errorf("%s: %w (%s)", what, err, hint)
}

// Prune removes the documents of an earlier Result that a later one no longer
// has, and tells which. Only a file inside feeds.dir that still holds the bytes
// that were written is taken: whatever else lies there is somebody else's.
// Folders that are empty then go too.
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
			continue // gone already, or not what we write
		}
		if data, err := os.ReadFile(file); err != nil || digest(data) != doc.SHA256 {
			continue
		}
		if err := os.Remove(file); err != nil {
			errs = append(errs, &Error{Feed: doc.Path, Err: advise(err, "shows posts that are gone, and could not be removed")})
			continue
		}
		removed = append(removed, doc.Path)
		for dir := filepath.Dir(file); dir != root && os.Remove(dir) == nil; {
			dir = filepath.Dir(dir)
		}
	}
	return removed, errors.Join(errs...)
}
