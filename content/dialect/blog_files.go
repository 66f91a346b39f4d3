package dialect

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"publisher/internal/private"
)

// fileBelow returns the regular file at a path below dir, or "". Neither dots nor symbolic links
// lead out of dir, and private files are not returned.
func (s *Site) fileBelow(dir, rel string) string {
	if !filepath.IsLocal(rel) {
		return ""
	}
	real, err := filepath.EvalSymlinks(filepath.Join(dir, rel))
	if err != nil {
		return ""
	}
	below, found := strings.CutPrefix(real, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
	if !found || private.IsHidden(below) {
		return ""
	}
	if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() || s.IsPrivate(real, info) {
		return ""
	}
	return real
}

// FileIn returns a file of a folder that the engine reads for itself, such as that of includes,
// or "". The folder may be reached by a symbolic link within the blog; its files may not lead out
// of it.
func (s *Site) FileIn(folder, rel string) string {
	if folder = s.ResolveFolder(folder); folder == "" {
		return ""
	}
	file := s.fileBelow(folder, rel)
	if file == "" || !s.MayRead(file) {
		return ""
	}
	return file
}

// ResolveFolder returns a folder of the blog with symbolic links resolved, or "" if it is outside
// the blog or private.
func (s *Site) ResolveFolder(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return ""
	}
	for _, root := range []string{s.Root, s.Dir} {
		rel, err := filepath.Rel(root, real)
		if err != nil || !filepath.IsLocal(rel) || private.IsHidden(rel) {
			continue
		}
		if s.IsPrivate(real, nil) {
			return ""
		}
		return real
	}
	return ""
}

// IsPrivate reports whether a file, with symbolic links resolved, is one of the private files.
func (s *Site) IsPrivate(real string, info fs.FileInfo) bool {
	if s == nil {
		return false
	}
	_, found := s.Seen.Load().Holds(real, info)
	return found
}

// MayRead reports whether a file, with symbolic links resolved, is the blog's rather than
// private, by its place and its first bytes.
func (s *Site) MayRead(file string) bool {
	f, err := openRegular(file)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || s.IsPrivate(file, info) {
		return false
	}
	head := make([]byte, private.HeadSize)
	n, _ := f.ReadAt(head, 0)
	return !private.IsSecret(head[:n])
}

// ReadFile reads a file of the blog's own, such as a template.
func (s *Site) ReadFile(file string) ([]byte, error) {
	if !s.MayRead(file) {
		return nil, fmt.Errorf("%s cannot be read, or is private", file)
	}
	return ReadLimited(file)
}

// openRegular opens a regular file; a pipe would wait for its writer.
func openRegular(file string) (*os.File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", file)
	}
	return os.Open(file)
}

// CheckPrivate returns an error if the engine's config is another name of a private file.
func (s *Settings) CheckPrivate(site *Site) error {
	if s == nil {
		return nil
	}
	for _, f := range s.Files {
		real, err := filepath.EvalSymlinks(f.Name)
		if err != nil {
			continue
		}
		info, err := os.Stat(real)
		hidden := real != f.Name && private.IsHidden(filepath.Base(real)) && !private.IsHidden(filepath.Base(f.Name))
		if err == nil && (hidden || site.IsPrivate(real, info)) {
			return fmt.Errorf("%s, the blog's own config, is another name of %s, which is private; give the engine a config of its own", f.Name, real)
		}
	}
	return nil
}

// IsRegular reports whether there is a regular file of that name.
func IsRegular(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// FirstExisting returns the first of the names that is in the folder, or "".
func FirstExisting(dir string, names []string) string {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return name
		}
	}
	return ""
}

// MaxTemplates bounds how many templates of a folder are read.
const MaxTemplates = 200

// CopiedFrom returns the sentence of Engine.CopyNotice for a file below one of the folders,
// relative to the blog's root, that the engine copies as they are, else "".
func (s *Site) CopiedFrom(engine, file string, folders ...string) string {
	rel, err := filepath.Rel(s.Root, file)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	rel = filepath.ToSlash(rel)
	for _, folder := range folders {
		if filepath.IsLocal(filepath.FromSlash(folder)) && (folder == "." || rel == folder || strings.HasPrefix(rel, folder+"/")) {
			return fmt.Sprintf("%s copies what is in %s into the site; move it out of there", engine, folder)
		}
	}
	return ""
}
