package eleventy

import (
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/script"
)

// Limits of how many layouts are read, and of how deep they nest.
const (
	maxLayouts     = 500
	maxLayoutChain = 10
)

// readLayouts reads the front matter of the blog's layouts: pages inherit it, the permalink included.
func (c *dataCascade) readLayouts() {
	c.layouts = map[string]layer{}
	folder := layoutFolder(c.settings)
	root := c.Site.ResolveFolder(filepath.Join(c.settings.Root, filepath.FromSlash(folder)))
	if root == "" {
		return
	}
	_ = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || len(c.layouts) >= maxLayouts:
			return fs.SkipAll
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		if rel, err := filepath.Rel(root, file); err == nil {
			c.readLayout(file, filepath.ToSlash(rel), path.Join(folder, filepath.ToSlash(rel)))
		}
		return nil
	})
}

// readLayout reads a layout; name is its path from the folder of layouts.
func (c *dataCascade) readLayout(file, name, fromRoot string) {
	text, err := c.Site.ReadFile(file)
	if err != nil {
		o := c.at(file, "", 0, "cannot read the layout "+name)
		o.Held = true
		c.layouts[name] = layer{values: map[string]any{}, doubt: &o}
		return
	}
	l := layer{values: map[string]any{}}
	if strings.HasPrefix(strings.TrimSpace(string(text[:min(len(text), 100)])), "---") {
		fm, _, _, err := frontmatter.Split(string(text))
		if err != nil {
			o := c.at(file, "", 0, "cannot parse the layout "+name)
			o.Held, o.Line = true, 1
			l.doubt = &o
		}
		l.values = fm.Values
		if fm.Form == frontmatter.JavaScript {
			l.settings = c.scriptSettings(file, fm.Text, script.FrontMatter(fm.Text), true, false)
			for i := range l.settings {
				l.settings[i].Line += fm.Line - 1
			}
		}
		c.AddSource(fromRoot, []byte(fm.Text))
	}
	c.layouts[name] = l
}

var layoutAlias = regexp.MustCompile(`\.addLayoutAlias\(\s*["'\x60]([^"'\x60\n]+)["'\x60]\s*,\s*["'\x60]([^"'\x60\n]+)["'\x60]`)

// layoutFolder returns the folder of layouts, from the project's folder.
func layoutFolder(s *dialect.Settings) string {
	return firstFolder(s, configDir(s, "layouts"), configDir(s, "includes"))
}

// includesFolder returns the folder of what templates include, from the project's folder.
func includesFolder(s *dialect.Settings) string { return firstFolder(s, configDir(s, "includes")) }

// firstFolder returns the first of the folders that is set and inside the project, else _includes. The
// names count from the input folder, the result from the project's folder.
func firstFolder(s *dialect.Settings, names ...string) string {
	input := InputFolder(s)
	for _, name := range names {
		if full := path.Join(input, name); name != "" && filepath.IsLocal(filepath.FromSlash(full)) {
			return full
		}
	}
	return path.Join(input, "_includes")
}

// layoutsOf returns the named layout and those around it, the innermost first.
func (c *dataCascade) layoutsOf(name string) []layer {
	var out []layer
	for len(out) < maxLayoutChain && name != "" {
		l, ok := c.layoutNamed(name)
		if !ok {
			return out
		}
		out = append(out, l)
		name, _ = l.values["layout"].(string)
	}
	return out
}

// layoutNamed returns the layout of a name, which may be an alias or lack its extension.
func (c *dataCascade) layoutNamed(name string) (layer, bool) {
	if c.settings != nil {
		for _, m := range layoutAlias.FindAllSubmatch(c.settings.Text, 100) {
			if string(m[1]) == name {
				name = string(m[2])
				break
			}
		}
	}
	name = path.Clean(strings.TrimPrefix(name, "/"))
	if l, ok := c.layouts[name]; ok {
		return l, true
	}
	for _, ext := range []string{"njk", "liquid", "html", "md", "webc", "11ty.js", "hbs", "mustache", "ejs", "pug", "vto"} {
		if l, ok := c.layouts[name+"."+ext]; ok {
			return l, true
		}
	}
	return layer{}, false
}
