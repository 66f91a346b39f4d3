package pelican

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/glob"
	"publisher/content/post"
)

// filterSettings are the settings that decide which files are articles, and which of those are published.
var filterSettings = []string{"article_paths", "article_excludes", "page_paths", "ignore_files", "default_metadata",
	"extra_path_metadata", "path_metadata", "filename_metadata", "readers"}

// rules are the filter settings.
type rules struct {
	ignored  []glob.Pattern
	readers  map[string]any
	doubts   map[string]*post.Omission // by setting: why its value is unknown
	excludes []string                  // of the wrong type: it is in doubt what they exclude
}

func newRules(e *Engine) rules {
	r := rules{ignored: []glob.Pattern{glob.Fnmatch(".#*")}, doubts: map[string]*post.Omission{}}
	if e.own == nil {
		return r
	}
	doubt := func(key, why string) {
		name := strings.ToUpper(key)
		o := e.HeldBy(e.own, name+" is "+why, name)
		if u, ok := e.own.Unknown[key]; ok {
			o.Line = u.Line
			if rel, err := filepath.Rel(e.Dir, u.File); err == nil {
				o.Path = filepath.ToSlash(rel)
			}
		}
		r.doubts[key] = o
	}
	for _, key := range filterSettings {
		_, isUnknown := e.own.Unknown[key]
		if v := e.own.Value(key); isUnknown {
			doubt(key, "computed")
		} else if v != nil && !hasExpectedType(key, v) {
			doubt(key, "of the wrong type")
			if s, ok := v.(string); ok && key == "article_excludes" {
				r.excludes = []string{strings.Trim(s, "/")}
			}
		}
	}
	for _, key := range []string{"path_metadata", "filename_metadata"} {
		if s := e.setting(key, ""); s != "" && pythonRegexp(s) == nil {
			doubt(key, "a pattern that is not understood")
		}
	}
	if v := e.own.Value("ignore_files"); v != nil && r.doubts["ignore_files"] == nil {
		r.ignored = nil
		for _, text := range frontmatter.Strings(v, frontmatter.NoSplit) {
			r.ignored = append(r.ignored, glob.Fnmatch(text))
		}
	}
	r.readers, _ = e.own.Value("readers").(map[string]any)
	return r
}

// hasExpectedType reports whether the value of a setting has the type that Pelican expects.
func hasExpectedType(key string, v any) bool {
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

// PathOmission applies IGNORE_FILES, whose patterns are for names of files and folders, and READERS, where None
// turns a format off.
func (e *Engine) PathOmission(file string) *post.Omission {
	for _, name := range strings.Split(path.Join(e.Subdir, file), "/") {
		for _, ignored := range e.rules.ignored {
			if ignored.Re.MatchString(name) {
				return e.OmittedBy(e.own, "IGNORE_FILES: "+ignored.Text, "IGNORE_FILES")
			}
		}
	}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	if reader, set := e.rules.readers[ext]; set && reader == nil {
		return e.OmittedBy(e.own, "READERS: "+ext+" is None", "READERS")
	}
	for _, folder := range e.rules.excludes {
		if !strings.HasPrefix(path.Join(e.Subdir, file), folder+"/") {
			return e.firstDoubt("article_paths", "page_paths", "ignore_files", "readers")
		}
	}
	return e.firstDoubt("article_paths", "article_excludes", "page_paths", "ignore_files", "readers")
}

func (e *Engine) firstDoubt(keys ...string) *post.Omission {
	for _, key := range keys {
		if o := e.rules.doubts[key]; o != nil {
			return o
		}
	}
	return nil
}

// PageOmission reports an article whose Status, which settings may give too, is not one that Pelican publishes.
func (e *Engine) PageOmission(page *dialect.Page) *post.Omission {
	own, isText := page.Front.Values["status"].(string)
	switch status := strings.ToLower(strings.TrimSpace(own)); {
	case status == "published":
		return nil
	case status == "draft" || status == "hidden":
		return nil // a draft, as dialect.Page sees it
	case status != "" || !isText && page.Front.Values["status"] != nil:
		return page.OmittedBy("status", "Pelican knows only published, draft and hidden")
	}
	for _, key := range []string{"path_metadata", "filename_metadata", "extra_path_metadata", "default_metadata"} {
		if o := e.rules.doubts[key]; o != nil && e.mayHide(key) {
			return o
		}
	}
	return nil
}

var statedKey = regexp.MustCompile(`\{\s*["']\w+["']\s*:`)

// mayHide reports whether a computed setting may give a status, which a table that spells out its keys shows.
func (e *Engine) mayHide(key string) bool {
	statement := e.own.Unknown[key].Statement
	if key != "extra_path_metadata" || !statedKey.MatchString(statement) {
		return true
	}
	return strings.Contains(strings.ToLower(statement), "status")
}
