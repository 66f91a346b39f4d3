package setup

import (
	"maps"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/internal/xmltext"
)

// sources are the files of an engine's config. The first that has a key decides.
type sources []source

type source struct {
	name   string // the file, as config.yaml would name it
	prefix string // what its keys are below: "params" for Hugo's params.toml
	values map[string]any
}

// text returns the text under the first of the keys, dotted and in the engine's
// spelling, that holds one, and where it is. Of a list it is the first, of a person
// the name.
func (s sources) text(keys ...string) (value, from string) {
	for _, key := range keys {
		for _, file := range s {
			for _, text := range frontmatter.Strings(file.value(key), frontmatter.NoSplit) {
				if text = xmltext.Line(text); text != "" {
					return text, file.place(key)
				}
			}
		}
	}
	return "", ""
}

// list returns what is under the first of the keys that holds anything.
func (s sources) list(keys ...string) (values []string, from string) {
	for _, key := range keys {
		for _, file := range s {
			if values := dialect.Names(frontmatter.Strings(file.value(key), frontmatter.NoSplit)); len(values) > 0 {
				return values, file.place(key)
			}
		}
	}
	return nil, ""
}

// place returns the file and the key as it is written there.
func (s source) place(key string) string {
	if s.prefix != "" {
		key = key[len(s.prefix)+1:]
	}
	return s.name + ": " + xmltext.Line(key)
}

func (s source) value(key string) any {
	key = strings.ToLower(key)
	if s.prefix != "" {
		var ok bool
		if key, ok = strings.CutPrefix(key, s.prefix+"."); !ok {
			return nil
		}
	}
	var v any = s.values
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

// tables returns the names of the tables below a key, in all sources.
func (s sources) tables(key string) map[string]bool {
	names := map[string]bool{}
	for _, file := range s {
		table, _ := file.value(key).(map[string]any)
		if file.prefix == key {
			table = file.values
		}
		for name := range table {
			names[name] = true
		}
		if name, ok := strings.CutPrefix(file.prefix, key+"."); ok && !strings.Contains(name, ".") {
			names[name] = true // a file of its own
		}
	}
	return names
}

// addSource adds the first of the files that is there.
func (d *inspection) addSource(prefix string, files ...string) error {
	name := dialect.FirstExisting(d.root, files)
	if name == "" {
		return nil
	}
	file := d.below(name)
	if err := checkFile(file); err != nil {
		return err
	}
	values, _, err := dialect.ReadAnyConfig(file)
	if err != nil {
		return unreadable(file, err)
	}
	d.sources = append(d.sources, source{xmltext.Line(d.rel(file)), prefix, values})
	return nil
}

// readFirst returns a reader of the first of the files that is there.
func readFirst(files ...string) func(*inspection) error {
	return func(d *inspection) error { return d.addSource("", files...) }
}
