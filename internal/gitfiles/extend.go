package gitfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Entry is a line for a .gitignore, and a path that it is for, slash-separated and relative to
// the file's folder. A path that ends in a slash is a folder.
type Entry struct{ Line, For string }

// Extend adds missing lines to the .gitignore of a folder, and returns them. Paths that are
// already ignored, by any pattern, need none. Existing lines are kept. The file is created if
// it does not exist.
func Extend(dir string, entries []Entry) (added []string, err error) {
	file := filepath.Join(dir, ".gitignore")
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxIgnore:
		return nil, &fs.PathError{Op: "extend", Path: file, Err: errNotRead}
	}
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	rules := parseRules("", string(old))
	for _, e := range entries {
		name, isFolder := strings.CutSuffix(e.For, "/")
		if !ignoredWithin(rules, name, isFolder) {
			added = append(added, e.Line)
		}
	}
	if len(added) == 0 {
		return nil, nil
	}
	end := "\n"
	if strings.Contains(string(old), "\r\n") {
		end = "\r\n"
	}
	var text strings.Builder
	if len(old) > 0 && !strings.HasSuffix(string(old), "\n") {
		text.WriteString(end)
	}
	if len(old) > 0 {
		text.WriteString(end)
	}
	text.WriteString("# publisher: subscribers' addresses and keys" + end)
	for _, line := range added {
		text.WriteString(line + end)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(text.String())
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("writing %s: %w", file, err)
	}
	return added, nil
}

// ignoredWithin reports whether a path, or a folder that it is in, is ignored.
func ignoredWithin(rules []rule, name string, isFolder bool) bool {
	for i := range len(name) {
		if name[i] == '/' && ignored(rules, name[:i], true) {
			return true
		}
	}
	return ignored(rules, name, isFolder)
}
