package jekyll

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"publisher/content/mdsource"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
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

// jekyllData is what Liquid may ask of the blog beside its settings. It is read when first asked for.
type jekyllData struct {
	data        sync.Once
	folder      *dataFolder
	collections sync.Map // name → *jekyllCollection
	settings    sync.Once
	site        map[string]any
}

type jekyllCollection struct {
	once sync.Once
	list []any
}

// siteData is the data folder: each file, and each folder, is a value under its name.
func (j *Engine) siteData() any {
	j.read.data.Do(func() {
		dir := path.Clean(j.own.Scalar("data_dir"))
		if dir == "." || !filepath.IsLocal(dir) {
			dir = "_data"
		}
		j.read.folder = &dataFolder{reader: &dataReader{site: j.Site, root: j.source(), data: dir, nodes: maxDataNodes}, dir: dir, values: map[string]any{}}
	})
	return j.read.folder
}

// dataFolder reads a file of the data folder when its name is first asked for: some blogs have megabytes
// that no post names.
type dataFolder struct {
	mu     sync.Mutex
	reader *dataReader
	dir    string
	listed bool
	names  map[string]string // of files, by the names that Liquid has for them
	values map[string]any
}

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

// All is the whole folder, for loops over it.
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

// entry is a file, or a folder with all that is in it.
func (r *dataReader) entry(name string) (any, bool) {
	if info, err := os.Lstat(filepath.Join(r.root, filepath.FromSlash(name))); err == nil && info.IsDir() {
		return r.folder(name, 1), true
	}
	return r.file(name)
}

type dataReader struct {
	site  *dialect.Site
	root  string
	data  string // the folder, from the root
	files int
	nodes int
}

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

// dataName is a file's name as Liquid has it.
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

func (r *dataReader) file(name string) (any, bool) {
	ext := strings.ToLower(path.Ext(name))
	if !slices.Contains([]string{".yml", ".yaml", ".json", ".csv", ".tsv"}, ext) {
		return nil, false
	}
	below := strings.TrimPrefix(name, r.data+"/")
	file := r.site.InsideFolder(filepath.Join(r.root, filepath.FromSlash(r.data)), filepath.FromSlash(below))
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

// rows are maps from the names in the first row.
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

// value makes a value of Liquid of one of YAML or JSON.
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

// collection are the documents of a collection that the settings name, by their paths.
func (j *Engine) collection(name string) any {
	made, _ := j.read.collections.LoadOrStore(name, &jekyllCollection{})
	c := made.(*jekyllCollection)
	c.once.Do(func() { c.list = j.documents(name) })
	return c.list
}

func (j *Engine) documents(name string) []any {
	list := []any{}
	folder := "_" + name
	root := filepath.Join(j.source(), filepath.FromSlash(j.collections), folder)
	_ = filepath.WalkDir(root, func(file string, e os.DirEntry, err error) error {
		if err != nil || len(list) >= maxDocuments {
			return filepath.SkipAll
		}
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !mdsource.IsMarkdownName(e.Name()) && path.Ext(e.Name()) != ".html" {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return nil
		}
		if doc := j.document(name, filepath.ToSlash(rel)); doc != nil {
			list = append(list, doc)
		}
		return nil
	})
	return list
}

func (j *Engine) document(collection, rel string) map[string]any {
	name := path.Join("_"+collection, rel)
	file := j.InsideFolder(filepath.Join(j.source(), filepath.FromSlash(j.collections), "_"+collection), filepath.FromSlash(rel))
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
	address, _ := j.documentAddress(name)
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
