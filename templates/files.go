package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed *.html *.txt *.css i18n/*.yaml
var builtin embed.FS

// maxFile is far larger than any template. A larger file is there by mistake.
const maxFile = 1 << 20

// File is a template, style sheet or translation.
type File struct {
	// Name is the slash-separated name in the folder, such as "digest.html".
	Name string
	// Path is the owner's file, or "" for the built-in one.
	Path   string
	Source []byte
}

// Files returns the files in use, the owner's and the built-in ones, by name.
func (s *Set) Files() []File {
	out := make([]File, 0, len(s.files))
	for _, f := range s.files {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// FromFiles parses files that Files of an earlier Set returned.
func FromFiles(all []File) (*Set, error) {
	files := make(map[string]File, len(all))
	for _, f := range all {
		files[f.Name] = f
	}
	return newSet(files)
}

// BuiltIn returns the built-in file of that name.
func BuiltIn(name string) (File, error) {
	source, err := builtin.ReadFile(path.Clean(name))
	if err != nil {
		return File{}, fmt.Errorf("unknown template %q", name)
	}
	return File{Name: path.Clean(name), Source: source}, nil
}

// Eject copies the built-in file of that name into dir, for the owner to change, and returns
// its path. It never overwrites a file.
func Eject(dir, name string) (string, error) {
	f, err := BuiltIn(name)
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s already exists and is in use", target)
	}
	if err != nil {
		return "", err
	}
	if _, err := out.Write(f.Source); err != nil {
		out.Close()
		return "", err
	}
	return target, out.Close()
}

// collect reads the built-in files and replaces them by the owner's. Only *.html, *.txt and
// *.css in the owner's folder itself and i18n/*.yaml count; other files are ignored.
func collect(dir string, g *fileCheck) (map[string]File, error) {
	files := map[string]File{}
	for _, pattern := range patterns {
		names, err := fs.Glob(builtin, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if files[name], err = BuiltIn(name); err != nil {
				return nil, err
			}
		}
	}
	if dir == "" {
		return files, nil
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the templates: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("templates: %s is a file, not a folder", dir)
	}
	return files, overlay(files, dir, g)
}

var patterns = []string{"*.html", "*.txt", "*.css", "i18n/*.yaml"}

func overlay(files map[string]File, dir string, g *fileCheck) error {
	owner := os.DirFS(dir)
	for _, pattern := range patterns {
		names, err := fs.Glob(owner, pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if strings.HasPrefix(path.Base(name), ".") {
				continue
			}
			file := filepath.Join(dir, filepath.FromSlash(name))
			info, err := fs.Stat(owner, name)
			switch {
			case err != nil:
				return fmt.Errorf("reading the templates: %w", err)
			case !info.Mode().IsRegular():
				continue
			case info.Size() > maxFile:
				return fmt.Errorf("%s: too large for a template (%d bytes)", file, info.Size())
			}
			if skip, err := g.check(file, info); err != nil {
				return err
			} else if skip {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("reading the templates: %w", err)
			}
			files[name] = File{Name: name, Path: file, Source: source}
		}
	}
	return nil
}
