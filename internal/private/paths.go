package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// Locations are where a path lies: in its folder under its own name, and where its
// symbolic links lead. Parts that are not there stay as they are.
func Locations(path string) []string {
	own := filepath.Join(Resolve(filepath.Dir(path)), filepath.Base(path))
	if real := Resolve(path); real != own {
		return []string{own, real}
	}
	return []string{own}
}

// Resolve follows the symbolic links of a path as far as there is something.
func Resolve(path string) string {
	path = filepath.Clean(path)
	rest := ""
	for at := path; ; {
		real, err := filepath.EvalSymlinks(at)
		if err == nil {
			return filepath.Join(real, rest)
		}
		parent := filepath.Dir(at)
		if parent == at {
			return path
		}
		if to, err := os.Readlink(at); err == nil && errors.Is(statError(at), fs.ErrNotExist) { // a link to what is not there yet
			if !filepath.IsAbs(to) {
				to = filepath.Join(Resolve(parent), to)
			}
			if to = filepath.Clean(to); to != at {
				return filepath.Join(resolveParent(to), rest)
			}
		}
		rest, at = filepath.Join(filepath.Base(at), rest), parent
	}
}

// resolveParent goes no further than one link, so that no circle holds it.
func resolveParent(path string) string {
	if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(real, filepath.Base(path))
	}
	return path
}

func statError(path string) error {
	_, err := os.Stat(path)
	return err
}

// Within reports that a path is a folder or lies below it. Both have their symbolic
// links resolved. What the system knows as one folder under two names, such as
// spellings that differ in case, counts as one.
func Within(path, folder string) bool {
	path, folder = filepath.Clean(path), filepath.Clean(folder)
	if isBelow(path, folder) {
		return true
	}
	if len(path) < len(folder) {
		return false
	}
	own := path[:len(folder)]
	if !strings.EqualFold(own, folder) || !isBelow(path, own) {
		return false
	}
	if _, err := os.Stat(folder); err != nil {
		return ignoresCase(filepath.Dir(folder))
	}
	return sameThere(own, folder)
}

func isBelow(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
}

// WithinAny asks the system of each folder above path whether it is that one: it finds
// folders that are mounted twice, too. It costs a stat for each.
func WithinAny(path, folder string) bool {
	if Within(path, folder) {
		return true
	}
	there, err := os.Stat(folder)
	if err != nil {
		return false
	}
	for at := path; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, there) {
			return true
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// ignoresCase asks the file system of the nearest folder that is there.
func ignoresCase(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		base := filepath.Base(dir)
		other := strings.Map(swapCase, base)
		if other != base {
			if _, err := os.Stat(dir); err == nil {
				return sameThere(dir, filepath.Join(filepath.Dir(dir), other))
			}
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
