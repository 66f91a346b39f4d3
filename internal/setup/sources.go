package setup

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/eleventy"
	"publisher/content/dialect/hugo"
	"publisher/content/frontmatter"
	"publisher/internal/config"
	"publisher/internal/xmltext"
)

// layers are the files of an engine's config. The first that has a key decides.
type sources []source

type source struct {
	name   string // the file, as config.yaml would name it
	prefix string // what its keys stand below: "params" for Hugo's params.toml
	values map[string]any
}

// text is the first of the keys, dotted and in the engine's spelling, that holds
// a text, and where it stands. Of a list it is the first, of a person the name.
func (l sources) text(keys ...string) (value, from string) {
	for _, key := range keys {
		for _, layer := range l {
			for _, s := range frontmatter.ListOf(layer.value(key), frontmatter.Whole) {
				if s = xmltext.Line(s); s != "" {
					return s, layer.place(key)
				}
			}
		}
	}
	return "", ""
}

// list is the first of the keys that holds anything.
func (l sources) list(keys ...string) (values []string, from string) {
	for _, key := range keys {
		for _, layer := range l {
			if values := dialect.Names(frontmatter.ListOf(layer.value(key), frontmatter.Whole)); len(values) > 0 {
				return values, layer.place(key)
			}
		}
	}
	return nil, ""
}

// place is the file and the key as it stands there.
func (l source) place(key string) string {
	if l.prefix != "" {
		key = key[len(l.prefix)+1:]
	}
	return l.name + ": " + xmltext.Line(key)
}

func (l source) value(key string) any {
	key = strings.ToLower(key)
	if l.prefix != "" {
		var ok bool
		if key, ok = strings.CutPrefix(key, l.prefix+"."); !ok {
			return nil
		}
	}
	var v any = l.values
	for part := range strings.SplitSeq(key, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[part]
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if v == nil && strings.EqualFold(name, part) { // inside a literal of Pelican's
				v = m[name]
			}
		}
	}
	return v
}

// readLayers reads the files of the engine's config.
func (d *inspection) readLayers() error {
	if d.own == nil {
		return nil
	}
	switch d.own.Dialect {
	case config.Hugo:
		return d.hugoLayers()
	case config.Jekyll:
		return d.addLayers("", "_config.yml", "_config.yaml", "_config.toml")
	case config.Pelican:
		if err := d.addLayers("", "publishconf.py"); err != nil {
			return err
		}
		return d.addLayers("", "pelicanconf.py")
	case config.Zola:
		return d.addLayers("", "zola.toml", "config.toml")
	default:
		return d.eleventyLayers()
	}
}

// addLayers adds the first of the files that is there.
func (d *inspection) addLayers(prefix string, files ...string) error {
	name := dialect.Existing(d.root, files)
	if name == "" {
		return nil
	}
	file := filepath.Join(d.root, filepath.FromSlash(name))
	if err := checkFile(file); err != nil {
		return err
	}
	values, _, err := dialect.ReadSettings(file)
	if err != nil {
		return unreadable(file, err)
	}
	d.layers = append(d.layers, source{xmltext.Line(d.rel(file)), prefix, values})
	return nil
}

// hugoLayers are the files that Hugo merges: config/production over
// config/_default over the one in the root.
func (d *inspection) hugoLayers() error {
	for _, folder := range []string{"config/production", "config/_default"} {
		entries, err := os.ReadDir(filepath.Join(d.root, filepath.FromSlash(folder)))
		if err != nil {
			continue
		}
		for _, e := range entries {
			ext := filepath.Ext(e.Name())
			if !slices.Contains([]string{".toml", ".yaml", ".yml", ".json"}, ext) {
				continue
			}
			prefix := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
			if prefix == "hugo" || prefix == "config" {
				prefix = ""
			}
			if lang, ok := strings.CutPrefix(prefix, "params."); ok {
				prefix = "languages." + lang + ".params"
			}
			if err := d.addLayers(prefix, path.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Concat(strongSigns[:4], weakSigns) {
		if file := filepath.Join(d.root, name); dialect.Existing(d.root, []string{name}) == "" || dialect.SameFile(file, d.ours) {
			continue
		}
		if err := d.addLayers("", name); err != nil {
			return err
		}
		if last := len(d.layers) - 1; !strings.HasPrefix(name, "hugo.") && !hugo.IsSettings(d.layers[last].values, d.root) {
			d.layers = d.layers[:last]
			continue
		}
		break
	}
	return nil
}

// eleventyLayers are the config, and the global data that blogs keep their title
// and address in.
func (d *inspection) eleventyLayers() error {
	if name := eleventy.ConfigFileOf(d.own, d.root); name != "" && path.Base(name) != "package.json" {
		if err := d.addLayers("", name); err != nil {
			return err
		}
	}
	input, data := eleventy.InputFolder(d.own), "_data"
	if s, _ := d.layers.text("dir.data"); s != "" {
		data = s
	}
	for _, name := range []string{"site", "metadata", "meta"} {
		var files []string
		for _, ext := range []string{".json", ".js", ".mjs", ".cjs", ".ts", ".yaml", ".yml"} {
			files = append(files, path.Join(input, data, name+ext))
		}
		if err := d.addLayers("site", files...); err != nil {
			return err
		}
	}
	return d.addLayers("package", "package.json")
}
