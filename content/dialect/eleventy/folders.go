package eleventy

import (
	"path"
	"path/filepath"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/post"
	"publisher/content/script"
)

// eleventyFolders are the data of folders, of all templates, and of layouts.
type folders struct {
	dialect.SourceTexts
	*Engine
	layers   map[string][]eleventyLayer // by folder, or by file without extension, from the input folder
	global   map[string]any             // data for all templates
	computed []jsRule                   // eleventyComputed among the global data
	plain    map[string]any             // global data that are one value, by the file's name
	layouts  map[string]eleventyLayer   // the front matter of layouts, by their names
}

// eleventyLayer is front matter that holds where a page has none of its own.
type eleventyLayer struct {
	values map[string]any
	rules  []jsRule           // that a script computes
	front  *frontmatter.Block // a layout's
	doubt  *post.Omission     // it does not parse, and might leave the pages out
}

func (e *Engine) FolderFile(name string) bool {
	_, ok := e.dataFile(name)
	return ok
}

func (e *Engine) ReadFolders(files []dialect.File) dialect.Folders {
	f := &folders{Engine: e, layers: map[string][]eleventyLayer{}}
	if e.own != nil {
		f.readGlobal()
		f.readLayouts()
	}
	for _, file := range files {
		if text, err := e.ReadOwn(file.Real); err == nil {
			f.readData(file.Real, file.Path, text)
		}
	}
	return f
}

// readData takes over a file of the data of a folder, or of one page.
func (f *folders) readData(real, name string, text []byte) {
	where, values, ok := f.directoryData(name, text)
	if !ok {
		return
	}
	l := eleventyLayer{values: values}
	if !strings.HasSuffix(name, "json") {
		data, known := script.DataFile(f.filesAround(real, text), filepath.ToSlash(real))
		l.rules = f.scriptRules(real, string(text), data, known, false)
		l.values = merged(l.values, data.Values)
	}
	if values == nil && strings.HasSuffix(name, "json") {
		l.doubt = &post.Omission{Held: true, Reason: path.Base(name) + " does not parse", Path: f.Site.FromContentDir(name), Line: 1}
	}
	f.layers[where] = append(f.layers[where], l)
	f.Remember(name, text)
}

// of are the layers for a page, the nearest first. file is its path from the input
// folder, without its extension.
func (f *folders) of(file string) []eleventyLayer {
	if f == nil || len(f.layers) == 0 {
		return nil
	}
	var out []eleventyLayer
	for where := range dialect.Enclosing(file) {
		out = append(out, f.layers[where]...)
	}
	return out
}
