package eleventy

import (
	"path"
	"path/filepath"
	"strings"

	"publisher/content/dialect"
	"publisher/content/post"
	"publisher/content/script"
)

// dataCascade is what Eleventy calls by that name: data of directories, of all templates, and of
// layouts.
type dataCascade struct {
	dialect.SourceTexts
	*Engine
	layers       map[string][]layer // by directory, or by template without extension, from the input folder
	global       map[string]any     // of all templates
	computed     []scriptSetting    // eleventyComputed among the global data
	singleValues map[string]any     // of globalKeys, from files of their names
	layouts      map[string]layer   // by name
}

// layer is front matter that pages inherit from a data file or a layout.
type layer struct {
	values   map[string]any
	settings []scriptSetting // computed by a script
	doubt    *post.Omission  // the file cannot be read, and might leave pages out
}

// IsFolderFile reports whether a file holds data of a directory or of one template.
func (e *Engine) IsFolderFile(name string) bool {
	_, ok := e.dataFile(name)
	return ok
}

// ReadFolderData reads the global data, the layouts, and the data files among files.
func (e *Engine) ReadFolderData(files []dialect.File) dialect.FolderData {
	c := &dataCascade{Engine: e, layers: map[string][]layer{}}
	if e.settings != nil {
		c.readGlobalData()
		c.readLayouts()
	}
	for _, file := range files {
		if text, err := e.ReadFile(file.Real); err == nil {
			c.readData(file.Real, file.Path, text)
		}
	}
	return c
}

// readData reads a data file of a directory, or of one template.
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
		l.doubt = &post.Omission{Held: true, Reason: "cannot parse " + path.Base(name), Path: c.Site.FromContentDir(name), Line: 1}
	}
	c.layers[where] = append(c.layers[where], l)
	c.AddSource(name, text)
}

// layersOf returns the data files' layers for a page, the nearest first. file is its path from the
// input folder, without its extension.
func (c *dataCascade) layersOf(file string) []layer {
	if c == nil || len(c.layers) == 0 {
		return nil
	}
	var out []layer
	for where := range dialect.Ancestors(file) {
		out = append(out, c.layers[where]...)
	}
	return out
}
