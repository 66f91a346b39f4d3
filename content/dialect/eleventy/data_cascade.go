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
type dataCascade struct {
	dialect.SourceTexts
	*Engine
	layers       map[string][]layer // by folder, or by file without extension, from the input folder
	global       map[string]any     // data for all templates
	computed     []scriptSetting    // eleventyComputed among the global data
	singleValues map[string]any     // global data that are one value, by the file's name
	layouts      map[string]layer   // the front matter of layouts, by their names
}

// eleventyLayer is front matter that holds where a page has none of its own.
type layer struct {
	values   map[string]any
	settings []scriptSetting          // that a script computes
	front    *frontmatter.FrontMatter // a layout's
	doubt    *post.Omission           // it does not parse, and might leave the pages out
}

func (e *Engine) FolderFile(name string) bool {
	_, ok := e.dataFile(name)
	return ok
}

func (e *Engine) ReadFolders(files []dialect.File) dialect.Folders {
	c := &dataCascade{Engine: e, layers: map[string][]layer{}}
	if e.settings != nil {
		c.readGlobalData()
		c.readLayouts()
	}
	for _, file := range files {
		if text, err := e.ReadOwn(file.Real); err == nil {
			c.readData(file.Real, file.Path, text)
		}
	}
	return c
}

// readData takes over a file of the data of a folder, or of one page.
func (c *dataCascade) readData(real, name string, text []byte) {
	where, values, ok := c.directoryData(name, text)
	if !ok {
		return
	}
	l := layer{values: values}
	if !strings.HasSuffix(name, "json") {
		data, known := script.ReadData(c.filesAround(real, text), filepath.ToSlash(real))
		l.settings = c.scriptSettings(real, string(text), data, known, false)
		l.values = addLiterals(l.values, data.Values)
	}
	if values == nil && strings.HasSuffix(name, "json") {
		l.doubt = &post.Omission{Held: true, Reason: path.Base(name) + " does not parse", Path: c.Site.FromContentDir(name), Line: 1}
	}
	c.layers[where] = append(c.layers[where], l)
	c.Remember(name, text)
}

// of are the layers for a page, the nearest first. file is its path from the input
// folder, without its extension.
func (c *dataCascade) layersOf(file string) []layer {
	if c == nil || len(c.layers) == 0 {
		return nil
	}
	var out []layer
	for where := range dialect.Enclosing(file) {
		out = append(out, c.layers[where]...)
	}
	return out
}
