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

// maxFile is far above any template: a larger file got there by mistake.
const maxFile = 1 << 20

// File is one template, style sheet or language.
type File struct {
	// Name is the slash-separated name in the folder, such as "digest.html".
	Name string
	// Path is the owner's file; "" for the built-in one.
	Path   string
	Source []byte
}

// Files are the templates in use, built-in and the owner's, by name.
func (s *Set) Files() []File {
	out := make([]File, 0, len(s.files))
	for _, f := range s.files {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// FromFiles parses the templates of an earlier Set, as its Files gave them.
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
		return File{}, fmt.Errorf("there is no template %q", name)
	}
	return File{Name: path.Clean(name), Source: source}, nil
}

// Eject writes the built-in file of that name into dir, for the owner to change,
// and returns its path. It never overwrites.
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
		return "", fmt.Errorf("%s exists already; it is in use", target)
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

// collect reads the built-in files and lays the owner's over them. The owner's
// folder may hold anything else besides: only *.html, *.txt and *.css in the
// folder itself and i18n/*.yaml count.
func collect(dir string, g *guard) (map[string]File, error) {
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

func overlay(files map[string]File, dir string, g *guard) error {
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
