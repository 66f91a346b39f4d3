package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// Locations returns the places of a path: its name in its folder, and where its symbolic links
// lead. Parts that do not exist are kept.
func Locations(path string) []string {
	own := filepath.Join(Resolve(filepath.Dir(path)), filepath.Base(path))
	if real := Resolve(path); real != own {
		return []string{own, real}
	}
	return []string{own}
}

// Resolve follows the symbolic links of a path as far as it exists.
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

// resolveParent follows at most one link, so that it ends even if links are circular.
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

// Within reports whether a path is a folder or is below it. Both must have their symbolic
// links resolved. Different names that the system treats as the same folder, such as
// spellings that differ in case, are equal.
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

// WithinAny is like Within, but compares every folder above path on the system, so that it
// also finds folders that are mounted twice. It takes a stat for each.
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

// ignoresCase reports whether the file system of the nearest existing folder ignores case.
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
