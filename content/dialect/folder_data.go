package dialect

import (
	"cmp"
	"iter"
	"os"
	"path"
	"path/filepath"
	"publisher/content/mdsource"
	"strings"
)

// folders are what an engine has read in files beside the posts: what they give all posts of a
// folder, and the templates of the blog's own. Each engine has its own kind.
type Folders interface {
	// sources are all that was read: they decide whether a snapshot still holds.
	Sources() []byte
}

// sourceTexts collects what was read.
type SourceTexts struct{ Text []byte }

func (s *SourceTexts) Remember(name string, text []byte) {
	s.Text = append(append(append(s.Text, name...), 0), text...)
}

func (s *SourceTexts) Sources() []byte { return s.Text }

// readFolders has the engine read what speaks of the posts around it: the files that
// the walk found, and those in the folders above content.dir.
func (b *Blog) ReadFolders(found []File) Folders {
	var files []File
	for above := b.Site.Below; above != "" && !b.Site.Mounted; above = strings.TrimPrefix(path.Dir(above), ".") {
		files = append(files, b.folderFiles(strings.TrimPrefix(path.Dir(above), "."))...)
	}
	for _, f := range found {
		f.Path = path.Join(b.Site.Below, f.Path)
		files = append(files, f)
	}
	return b.Engine.ReadFolders(files)
}

// folderFiles are those in a folder above content.dir that speak of the posts below it.
func (b *Blog) folderFiles(folder string) []File {
	depth := strings.Count(b.Site.Below, "/") + 1
	if folder != "" {
		depth -= strings.Count(folder, "/") + 1
	}
	dir := filepath.Join(b.Site.Dir, strings.Repeat("../", depth))
	entries, _ := os.ReadDir(dir)
	var files []File
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if b.Engine.FolderFile(name) && b.Site.InsideFolder(dir, e.Name()) != "" {
			files = append(files, File{Path: name, Real: filepath.Join(dir, e.Name())})
		}
	}
	return files
}

// isIndexFile tells the page of a folder, which speaks of the pages in it.
func IsIndexFile(name string) bool {
	return strings.HasPrefix(path.Base(name), "_index.") && mdsource.IsMarkdownName(name)
}

// fromContentDir is a path from the engine's content root as content.dir has it.
func (s *Site) FromContentDir(name string) string {
	if below, ok := strings.CutPrefix(name, s.Below+"/"); ok || s.Below == "" {
		return cmp.Or(below, name)
	}
	rel, err := filepath.Rel(filepath.FromSlash(s.Below), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// enclosing are a path and the folders that it is in, the innermost first, down to "".
func Enclosing(p string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; ; p = strings.TrimPrefix(path.Dir(p), ".") {
			if !yield(p) || p == "" {
				return
			}
		}
	}
}
