package dialect

import (
	"cmp"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"publisher/content/mdsource"
)

// FolderData is what an engine read in files beside the posts: defaults for the posts of a
// folder, the blog's own templates, data. Each engine has its own kind.
type FolderData interface {
	// Sources are all that was read: they decide whether a snapshot still holds.
	Sources() []byte
}

// SourceTexts collects the files that folder data were read from.
type SourceTexts struct{ Text []byte }

// AddSource adds a file.
func (s *SourceTexts) AddSource(name string, text []byte) {
	s.Text = append(append(append(s.Text, name...), 0), text...)
}

// Sources implements [FolderData].
func (s *SourceTexts) Sources() []byte { return s.Text }

// ReadFolderData has the engine read the folder files that the walk found, and those in the
// folders above content.dir.
func (b *Blog) ReadFolderData(found []File) FolderData {
	var files []File
	for above := b.Site.Subdir; above != "" && !b.Site.Mounted; above = strings.TrimPrefix(path.Dir(above), ".") {
		files = append(files, b.folderFiles(strings.TrimPrefix(path.Dir(above), "."))...)
	}
	for _, f := range found {
		f.Path = path.Join(b.Site.Subdir, f.Path)
		files = append(files, f)
	}
	return b.Engine.ReadFolderData(files)
}

// folderFiles returns the folder files in a folder above content.dir, given from the engine's
// content root.
func (b *Blog) folderFiles(folder string) []File {
	depth := strings.Count(b.Site.Subdir, "/") + 1
	if folder != "" {
		depth -= strings.Count(folder, "/") + 1
	}
	dir := filepath.Join(b.Site.Dir, strings.Repeat("../", depth))
	entries, _ := os.ReadDir(dir)
	var files []File
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if b.Engine.IsFolderFile(name) && b.Site.FileIn(dir, e.Name()) != "" {
			files = append(files, File{Path: name, Real: filepath.Join(dir, e.Name())})
		}
	}
	return files
}

// IsIndexFile reports whether a file is _index.md, the page of a folder.
func IsIndexFile(name string) bool {
	return strings.HasPrefix(path.Base(name), "_index.") && mdsource.IsMarkdownName(name)
}

// FromContentDir returns a path from the engine's content root as a path from content.dir.
func (s *Site) FromContentDir(name string) string {
	if below, ok := strings.CutPrefix(name, s.Subdir+"/"); ok || s.Subdir == "" {
		return cmp.Or(below, name)
	}
	rel, err := filepath.Rel(filepath.FromSlash(s.Subdir), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// Ancestors yields a path and the folders that it is in, innermost first, down to "".
func Ancestors(p string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; ; p = strings.TrimPrefix(path.Dir(p), ".") {
			if !yield(p) || p == "" {
				return
			}
		}
	}
}
