package pelican

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/literal"
	"publisher/content/post"
	"publisher/internal/config"
)

// pelicanConfig reads pelicanconf.py, and over it publishconf.py, by which the site
// that readers see is made. Neither is run.
func ReadSettings(dir, _ string) (*dialect.Settings, error) {
	file := filepath.Join(dir, "pelicanconf.py")
	if _, err := os.Stat(file); err != nil {
		return nil, nil
	}
	own := &dialect.Settings{Dialect: config.Pelican, Root: dir, Values: map[string]any{}, Unknown: map[string]literal.ComputedSetting{}}
	if err := addPython(own, file, 0); err != nil {
		return nil, err
	}
	if over := filepath.Join(dir, "publishconf.py"); dialect.IsRegular(over) {
		if err := addPython(own, over, 0); err != nil {
			return nil, err
		}
	}
	own.ContentDir = own.Scalar("path")
	if info, err := os.Stat(filepath.Join(dir, "content")); own.ContentDir == "" && err == nil && info.IsDir() {
		own.ContentDir = "content" // what computes PATH nearly always means, and what Pelican's Makefile and tasks.py name
	}
	own.ContentDir = cmp.Or(own.ContentDir, ".")
	return own, nil
}

// maxImports bounds how deep settings files import each other.
const maxImports = 5

var starImport = regexp.MustCompile(`(?m)^[ \t]*from[ \t]+\.?([A-Za-z_]\w*)[ \t]+import[ \t]+\*`)

// addPython takes over what a settings file assigns, after what it imports from
// files beside it.
func addPython(o *dialect.Settings, file string, depth int) error {
	if slices.ContainsFunc(o.Files, func(f dialect.SettingsFile) bool { return f.Name == file }) {
		return nil
	}
	raw, err := dialect.ReadLimited(file)
	if err != nil {
		return err
	}
	text := string(raw)
	for _, m := range starImport.FindAllStringSubmatch(text, -1) {
		if beside := filepath.Join(filepath.Dir(file), m[1]+".py"); depth < maxImports && dialect.IsRegular(beside) {
			if err := addPython(o, beside, depth+1); err != nil {
				return err
			}
		}
	}
	o.Add(file, raw)
	values, unknown := literal.ParsePython(text, o.Values)
	for key, v := range values {
		o.Values[key] = v
		delete(o.Unknown, key)
	}
	for key, u := range unknown {
		u.File = file
		o.Unknown[key] = u
	}
	return nil
}

// pelicanFilters are the settings that decide which files are articles, and which
// of those are shown.
var pelicanFilters = []string{"article_paths", "article_excludes", "page_paths", "ignore_files", "default_metadata",
	"extra_path_metadata", "path_metadata", "filename_metadata", "readers"}

// pelicanRules are those settings, read.
type pelicanRules struct {
	ignored  []dialect.Glob
	readers  map[string]any
	doubts   map[string]*post.Omission // by setting: what makes its value unknown
	excludes []string                  // of the wrong type: what they would exclude is in doubt
}

func newPelicanRules(p *Engine) pelicanRules {
	r := pelicanRules{ignored: []dialect.Glob{dialect.Fnmatch(".#*")}, doubts: map[string]*post.Omission{}}
	if p.own == nil {
		return r
	}
	doubt := func(key, why string) {
		name := strings.ToUpper(key)
		o := p.Doubts(p.own, name+" is "+why, name)
		if u, ok := p.own.Unknown[key]; ok {
			o.Line = u.Line
			if rel, err := filepath.Rel(p.Dir, u.File); err == nil {
				o.Path = filepath.ToSlash(rel)
			}
		}
		r.doubts[key] = o
	}
	for _, key := range pelicanFilters {
		_, isUnknown := p.own.Unknown[key]
		if v := p.own.Setting(key); isUnknown {
			doubt(key, "computed")
		} else if v != nil && !pelicanType(key, v) {
			doubt(key, "of the wrong type")
			if s, ok := v.(string); ok && key == "article_excludes" {
				r.excludes = []string{strings.Trim(s, "/")}
			}
		}
	}
	for _, key := range []string{"path_metadata", "filename_metadata"} {
		if s := p.setting(key, ""); s != "" && pythonRegexp(s) == nil {
			doubt(key, "a pattern that is not understood")
		}
	}
	if v := p.own.Setting("ignore_files"); v != nil && r.doubts["ignore_files"] == nil {
		r.ignored = nil
		for _, text := range frontmatter.Strings(v, frontmatter.NoSplit) {
			r.ignored = append(r.ignored, dialect.Fnmatch(text))
		}
	}
	r.readers, _ = p.own.Setting("readers").(map[string]any)
	return r
}

// pelicanType tells whether a setting's value is what Pelican expects there.
func pelicanType(key string, v any) bool {
	switch key {
	case "article_paths", "article_excludes", "page_paths", "ignore_files":
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(item any) bool { _, ok := item.(string); return !ok })
	case "default_metadata", "extra_path_metadata", "readers":
		_, ok := v.(map[string]any)
		return ok
	}
	_, ok := v.(string)
	return ok
}

// leavesOut knows IGNORE_FILES, which holds of names of files and of folders, and
// READERS, where None turns a format off.
func (p *Engine) LeavesOut(file string) *post.Omission {
	for _, name := range strings.Split(path.Join(p.Below, file), "/") {
		for _, ignored := range p.rules.ignored {
			if ignored.Re.MatchString(name) {
				return p.Leaves(p.own, "IGNORE_FILES: "+ignored.Text, "IGNORE_FILES")
			}
		}
	}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	if reader, set := p.rules.readers[ext]; set && reader == nil {
		return p.Leaves(p.own, "READERS: "+ext+" is None", "READERS")
	}
	for _, folder := range p.rules.excludes {
		if !strings.HasPrefix(path.Join(p.Below, file), folder+"/") {
			return p.firstDoubt("article_paths", "page_paths", "ignore_files", "readers")
		}
	}
	return p.firstDoubt("article_paths", "article_excludes", "page_paths", "ignore_files", "readers")
}

func (p *Engine) firstDoubt(keys ...string) *post.Omission {
	for _, key := range keys {
		if o := p.rules.doubts[key]; o != nil {
			return o
		}
	}
	return nil
}

// omits knows the Status of an article, by which Pelican shows published ones
// only. It may come from the settings too.
func (p *Engine) Omits(a *dialect.Page) *post.Omission {
	own, isText := a.Front.Values["status"].(string)
	switch status := strings.ToLower(strings.TrimSpace(own)); {
	case status == "published":
		return nil
	case status == "draft" || status == "hidden":
		return nil // a draft, which fillFields sees
	case status != "" || !isText && a.Front.Values["status"] != nil:
		return a.Says("status", "Pelican knows only published, draft and hidden")
	}
	for _, key := range []string{"path_metadata", "filename_metadata", "extra_path_metadata", "default_metadata"} {
		if o := p.rules.doubts[key]; o != nil && p.mayHide(key) {
			return o
		}
	}
	return nil
}

var statedKey = regexp.MustCompile(`\{\s*["']\w+["']\s*:`)

// mayHide reports that a computed setting may give a status: of a table that spells
// its keys out it is known whether one of them is.
func (p *Engine) mayHide(key string) bool {
	statement := p.own.Unknown[key].Statement
	if key != "extra_path_metadata" || !statedKey.MatchString(statement) {
		return true
	}
	return strings.Contains(strings.ToLower(statement), "status")
}
