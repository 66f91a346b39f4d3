package content

import (
	"cmp"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// folders are what an engine has read in files beside the posts: what they give all posts of a
// folder, and the templates of the blog's own. Each engine has its own kind.
type folders interface {
	// sources are all that was read: they decide whether a snapshot still holds.
	sources() []byte
}

// sourceTexts collects what was read.
type sourceTexts struct{ text []byte }

func (s *sourceTexts) remember(name string, text []byte) {
	s.text = append(append(append(s.text, name...), 0), text...)
}

func (s *sourceTexts) sources() []byte { return s.text }

// readFolders has the engine read what speaks of the posts around it: the files that
// the walk found, and those in the folders above content.dir.
func (b *blog) readFolders(found []file) folders {
	var files []file
	for above := b.site.below; above != "" && !b.site.mounted; above = strings.TrimPrefix(path.Dir(above), ".") {
		files = append(files, b.folderFiles(strings.TrimPrefix(path.Dir(above), "."))...)
	}
	for _, f := range found {
		f.path = path.Join(b.site.below, f.path)
		files = append(files, f)
	}
	return b.engine.readFolders(files)
}

// folderFiles are those in a folder above content.dir that speak of the posts below it.
func (b *blog) folderFiles(folder string) []file {
	depth := strings.Count(b.site.below, "/") + 1
	if folder != "" {
		depth -= strings.Count(folder, "/") + 1
	}
	dir := filepath.Join(b.site.dir, strings.Repeat("../", depth))
	entries, _ := os.ReadDir(dir)
	var files []file
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if b.engine.folderFile(name) && b.site.insideFolder(dir, e.Name()) != "" {
			files = append(files, file{path: name, real: filepath.Join(dir, e.Name())})
		}
	}
	return files
}

// isIndexFile tells the page of a folder, which speaks of the pages in it.
func isIndexFile(name string) bool {
	return strings.HasPrefix(path.Base(name), "_index.") && isMarkdownName(name)
}

// fromContentDir is a path from the engine's content root as content.dir has it.
func (s *site) fromContentDir(name string) string {
	if below, ok := strings.CutPrefix(name, s.below+"/"); ok || s.below == "" {
		return cmp.Or(below, name)
	}
	rel, err := filepath.Rel(filepath.FromSlash(s.below), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// enclosing are a path and the folders that it is in, the innermost first, down to "".
func enclosing(p string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; ; p = strings.TrimPrefix(path.Dir(p), ".") {
			if !yield(p) || p == "" {
				return
			}
		}
	}
}
