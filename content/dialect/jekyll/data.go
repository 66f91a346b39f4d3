package jekyll

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"publisher/content/mdsource"
)

// Bounds of what a blog's data files and collections may hold.
const (
	maxDataFile   = 2 << 20
	maxDataFiles  = 1000
	maxDataNodes  = 300_000
	maxDocuments  = 5000
	maxDataDepth  = 20
	maxDataColumn = 200
)

// lazyData is what Liquid may ask about the blog besides its settings. It is read on demand.
type lazyData struct {
	data        sync.Once
	folder      *dataFolder
	collections sync.Map // name → *collection
	settings    sync.Once
	site        map[string]any
}

// collection is the documents of one collection.
type collection struct {
	once sync.Once
	list []any
}

// siteData returns the data folder: each file and folder is a value under its name.
func (e *Engine) siteData() any {
	e.read.data.Do(func() {
		dir := path.Clean(e.own.Scalar("data_dir"))
		if dir == "." || !filepath.IsLocal(dir) {
			dir = "_data"
		}
		e.read.folder = &dataFolder{reader: &dataReader{site: e.Site, root: e.source(), data: dir, nodes: maxDataNodes}, dir: dir, values: map[string]any{}}
	})
	return e.read.folder
}

// dataFolder reads a file of the data folder when it is first asked for its name: some blogs have megabytes
// that no post uses.
type dataFolder struct {
	mu     sync.Mutex
	reader *dataReader
	dir    string
	listed bool
	names  map[string]string // of files, by their names in Liquid
	values map[string]any
}

// Member returns the value in a file or folder.
func (f *dataFolder) Member(name string) (any, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.values[name]; ok {
		return v, true
	}
	f.list()
	file, ok := f.names[name]
	if !ok {
		return nil, false
	}
	v, ok := f.reader.entry(file)
	f.values[name] = v
	return v, ok
}

// All returns the whole folder, for loops over it.
func (f *dataFolder) All() map[string]any {
	f.mu.Lock()
	f.list()
	names := slices.Sorted(maps.Keys(f.names))
	f.mu.Unlock()
	out := map[string]any{}
	for _, name := range names {
		if v, ok := f.Member(name); ok {
			out[name] = v
		}
	}
	return out
}

func (f *dataFolder) list() {
	if f.listed {
		return
	}
	f.listed, f.names = true, map[string]string{}
	entries, err := os.ReadDir(filepath.Join(f.reader.root, filepath.FromSlash(f.dir)))
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") {
			stem := name
			if !e.IsDir() {
				stem = strings.TrimSuffix(name, path.Ext(name))
			}
			f.names[dataName(stem)] = path.Join(f.dir, name)
		}
	}
}

// entry reads a file, or a folder with everything in it.
func (r *dataReader) entry(name string) (any, bool) {
	if info, err := os.Lstat(filepath.Join(r.root, filepath.FromSlash(name))); err == nil && info.IsDir() {
		return r.folder(name, 1), true
	}
	return r.file(name)
}

// dataReader reads data files, up to the bounds above.
type dataReader struct {
	site  *dialect.Site
	root  string
	data  string // the data folder, relative to root
	files int
	nodes int
}

// folder reads a folder.
func (r *dataReader) folder(dir string, depth int) map[string]any {
	out := map[string]any{}
	entries, err := os.ReadDir(filepath.Join(r.root, filepath.FromSlash(dir)))
	if err != nil || depth > maxDataDepth {
		return out
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.IsDir() {
			out[dataName(e.Name())] = r.folder(name, depth+1)
			continue
		}
		stem := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		if v, ok := r.file(name); ok {
			out[dataName(stem)] = v
		}
	}
	return out
}

// dataName returns a file's name in Liquid.
func dataName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return '_'
		}
		if r == '_' || r == '-' || r > 127 || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.TrimSpace(s))
	return s
}

// file reads a data file by its extension; ok is false if it cannot.
func (r *dataReader) file(name string) (any, bool) {
	ext := strings.ToLower(path.Ext(name))
	if !slices.Contains([]string{".yml", ".yaml", ".json", ".csv", ".tsv"}, ext) {
		return nil, false
	}
	below := strings.TrimPrefix(name, r.data+"/")
	file := r.site.FileIn(filepath.Join(r.root, filepath.FromSlash(r.data)), filepath.FromSlash(below))
	if file == "" {
		return nil, false
	}
	info, err := os.Stat(file)
	if r.files++; err != nil || info.Size() > maxDataFile || r.files > maxDataFiles {
		return nil, false
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, false
	}
	var v any
	switch ext {
	case ".json":
		err = json.Unmarshal(text, &v)
	case ".csv", ".tsv":
		return r.rows(string(text), ext == ".tsv")
	default:
		var root yaml.Node
		if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) == 0 {
			return nil, false
		}
		reader := rubyReader{nodes: r.nodes}
		v = reader.value(root.Content[0], 0)
		r.nodes = reader.nodes
		return v, true
	}
	if err != nil {
		return nil, false
	}
	return r.value(v), true
}

// rows returns a table as maps with the keys of its first row.
func (r *dataReader) rows(text string, tabs bool) (any, bool) {
	c := csv.NewReader(strings.NewReader(text))
	if tabs {
		c.Comma = '\t'
	}
	c.FieldsPerRecord = -1
	all, err := c.ReadAll()
	if err != nil || len(all) == 0 || len(all[0]) > maxDataColumn {
		return nil, false
	}
	out := []any{}
	for _, row := range all[1:] {
		m := map[string]any{}
		for i, key := range all[0] {
			if r.nodes--; i < len(row) && r.nodes > 0 {
				m[key] = row[i]
			}
		}
		out = append(out, m)
	}
	return out, true
}

// value returns a value of YAML or JSON as one of Liquid.
func (r *dataReader) value(v any) any {
	if r.nodes--; r.nodes < 0 {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = r.value(item)
		}
		return out
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[liquid.Text(r.value(key))] = r.value(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = r.value(item)
		}
		return out
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case time.Time, string, bool, float64:
		return v
	}
	return nil
}

// documentsOf returns the documents of a collection named in the settings, sorted by path.
func (e *Engine) documentsOf(name string) any {
	made, _ := e.read.collections.LoadOrStore(name, &collection{})
	c := made.(*collection)
	c.once.Do(func() { c.list = e.documents(name) })
	return c.list
}

// documents reads the documents of a collection.
func (e *Engine) documents(name string) []any {
	list := []any{}
	folder := "_" + name
	root := filepath.Join(e.source(), filepath.FromSlash(e.collections), folder)
	_ = filepath.WalkDir(root, func(file string, entry os.DirEntry, err error) error {
		if err != nil || len(list) >= maxDocuments {
			return filepath.SkipAll
		}
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || !mdsource.IsMarkdownName(entry.Name()) && path.Ext(entry.Name()) != ".html" {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return nil
		}
		if doc := e.document(name, filepath.ToSlash(rel)); doc != nil {
			list = append(list, doc)
		}
		return nil
	})
	return list
}

// document reads one document; nil if it cannot.
func (e *Engine) document(collection, rel string) map[string]any {
	name := path.Join("_"+collection, rel)
	file := e.FileIn(filepath.Join(e.source(), filepath.FromSlash(e.collections), "_"+collection), filepath.FromSlash(rel))
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() > maxDataFile {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(text), "---") {
		return nil
	}
	front, body, _, err := frontmatter.Split(strings.ReplaceAll(strings.ToValidUTF8(string(text), ""), "\r\n", "\n"))
	if err != nil {
		return nil
	}
	doc := map[string]any{}
	for key, v := range front.Values {
		doc[key] = typed(v)
	}
	if front.Form == frontmatter.YAML {
		maps.Copy(doc, rubyYAML(front.Text, maxDataNodes/10))
	}
	stem := strings.TrimSuffix(path.Base(rel), path.Ext(rel))
	if _, ok := doc["title"]; !ok {
		doc["title"] = titleCase(stem)
	}
	address, _ := e.documentAddress(name)
	if own, ok := doc["permalink"].(string); ok {
		address = own
	}
	doc["url"], doc["collection"], doc["relative_path"], doc["path"] = address, collection, name, name
	if _, ok := doc["slug"]; !ok {
		doc["slug"] = stem
	}
	doc["content"] = body
	return doc
}
