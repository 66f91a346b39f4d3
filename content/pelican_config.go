package content

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/internal/config"
)

// pelicanConfig reads pelicanconf.py, and over it publishconf.py, by which the site
// that readers see is made. Neither is run.
func pelicanConfig(dir, _ string) (*ownConfig, error) {
	file := filepath.Join(dir, "pelicanconf.py")
	if _, err := os.Stat(file); err != nil {
		return nil, nil
	}
	own := &ownConfig{dialect: config.Pelican, root: dir, values: map[string]any{}, unknown: map[string]unknownSetting{}}
	if err := addPython(own, file, 0); err != nil {
		return nil, err
	}
	if over := filepath.Join(dir, "publishconf.py"); isRegular(over) {
		if err := addPython(own, over, 0); err != nil {
			return nil, err
		}
	}
	own.contentDir = own.scalar("path")
	if info, err := os.Stat(filepath.Join(dir, "content")); own.contentDir == "" && err == nil && info.IsDir() {
		own.contentDir = "content" // what computes PATH nearly always means, and what Pelican's Makefile and tasks.py name
	}
	own.contentDir = cmp.Or(own.contentDir, ".")
	return own, nil
}

// maxImports bounds how deep settings files import each other.
const maxImports = 5

var starImport = regexp.MustCompile(`(?m)^[ \t]*from[ \t]+\.?([A-Za-z_]\w*)[ \t]+import[ \t]+\*`)

// addPython takes over what a settings file assigns, after what it imports from
// files beside it.
func addPython(o *ownConfig, file string, depth int) error {
	if slices.ContainsFunc(o.files, func(f configFile) bool { return f.name == file }) {
		return nil
	}
	raw, err := readLimited(file)
	if err != nil {
		return err
	}
	text := string(raw)
	for _, m := range starImport.FindAllStringSubmatch(text, -1) {
		if beside := filepath.Join(filepath.Dir(file), m[1]+".py"); depth < maxImports && isRegular(beside) {
			if err := addPython(o, beside, depth+1); err != nil {
				return err
			}
		}
	}
	o.add(file, raw)
	values, unknown := readPython(text, o.values)
	for key, v := range values {
		o.values[key] = v
		delete(o.unknown, key)
	}
	for key, u := range unknown {
		u.file = file
		o.unknown[key] = u
	}
	return nil
}

// pelicanFilters are the settings that decide which files are articles, and which
// of those are shown.
var pelicanFilters = []string{"article_paths", "article_excludes", "page_paths", "ignore_files", "default_metadata",
	"extra_path_metadata", "path_metadata", "filename_metadata", "readers"}

// pelicanRules are those settings, read.
type pelicanRules struct {
	ignored  []pattern
	readers  map[string]any
	doubts   map[string]*Omission // by setting: what makes its value unknown
	excludes []string             // of the wrong type: what they would exclude is in doubt
}

func newPelicanRules(p *pelican) pelicanRules {
	r := pelicanRules{ignored: []pattern{fnmatch(".#*")}, doubts: map[string]*Omission{}}
	if p.own == nil {
		return r
	}
	doubt := func(key, why string) {
		name := strings.ToUpper(key)
		o := p.doubts(p.own, name+" is "+why, name)
		if u, ok := p.own.unknown[key]; ok {
			o.Line = u.line
			if rel, err := filepath.Rel(p.dir, u.file); err == nil {
				o.Path = filepath.ToSlash(rel)
			}
		}
		r.doubts[key] = o
	}
	for _, key := range pelicanFilters {
		_, isUnknown := p.own.unknown[key]
		if v := p.own.setting(key); isUnknown {
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
	if v := p.own.setting("ignore_files"); v != nil && r.doubts["ignore_files"] == nil {
		r.ignored = nil
		for _, text := range listOf(v, whole) {
			r.ignored = append(r.ignored, fnmatch(text))
		}
	}
	r.readers, _ = p.own.setting("readers").(map[string]any)
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
func (p *pelican) leavesOut(file string) *Omission {
	for _, name := range strings.Split(path.Join(p.below, file), "/") {
		for _, ignored := range p.rules.ignored {
			if ignored.re.MatchString(name) {
				return p.leaves(p.own, "IGNORE_FILES: "+ignored.text, "IGNORE_FILES")
			}
		}
	}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	if reader, set := p.rules.readers[ext]; set && reader == nil {
		return p.leaves(p.own, "READERS: "+ext+" is None", "READERS")
	}
	for _, folder := range p.rules.excludes {
		if !strings.HasPrefix(path.Join(p.below, file), folder+"/") {
			return p.firstDoubt("article_paths", "page_paths", "ignore_files", "readers")
		}
	}
	return p.firstDoubt("article_paths", "article_excludes", "page_paths", "ignore_files", "readers")
}

func (p *pelican) firstDoubt(keys ...string) *Omission {
	for _, key := range keys {
		if o := p.rules.doubts[key]; o != nil {
			return o
		}
	}
	return nil
}

// omits knows the Status of an article, by which Pelican shows published ones
// only. It may come from the settings too.
func (p *pelican) omits(a *article) *Omission {
	own, isText := a.front.values["status"].(string)
	switch status := strings.ToLower(strings.TrimSpace(own)); {
	case status == "published":
		return nil
	case status == "draft" || status == "hidden":
		return nil // a draft, which fillFields sees
	case status != "" || !isText && a.front.values["status"] != nil:
		return a.says("status", "Pelican knows only published, draft and hidden")
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
func (p *pelican) mayHide(key string) bool {
	statement := p.own.unknown[key].statement
	if key != "extra_path_metadata" || !statedKey.MatchString(statement) {
		return true
	}
	return strings.Contains(strings.ToLower(statement), "status")
}
