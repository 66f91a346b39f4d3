package dialect

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"publisher/internal/private"
)

// fileBelow joins a path to a folder that it cannot lead out of, be it by dots or
// by symbolic links. It is "" where there is no regular file, and where that is
// private: hidden, or on the owner's list.
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

// FileIn is a file of a folder that the engine reads for itself, such as that of
// includes. The folder may be reached by a symbolic link, as long as it is below
// the blog's; its files may not lead out of it.
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

// ResolveFolder resolves a folder of the blog's; "" where it leads out of the blog, or to what
// is private.
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

// IsPrivate tells a file on the owner's list. real has its symbolic links resolved.
func (s *Site) IsPrivate(real string, info fs.FileInfo) bool {
	if s == nil {
		return false
	}
	_, found := s.Seen.Load().Holds(real, info)
	return found
}

// MayRead asks of a file whose symbolic links are resolved whether it is the blog's and
// not the owner's own, by its place and by how it begins.
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
		return nil, fmt.Errorf("%s cannot be read, or is private and no part of the blog", file)
	}
	return ReadLimited(file)
}

// openRegular opens no pipe, which would wait for its writer.
func openRegular(file string) (*os.File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", file)
	}
	return os.Open(file)
}

// CheckPrivate refuses an engine's config that was read from a private file.
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

// IsRegular reports that there is a file of that name: no folder, pipe or device.
func IsRegular(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// FirstExisting is the first of the names that is in the folder; "" for none.
func FirstExisting(dir string, names []string) string {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return name
		}
	}
	return ""
}

// MaxTemplates bounds the templates that are read.
const MaxTemplates = 200
