package content

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/content/script"
)

// sections are what files beside the posts say of all posts in a folder: Hugo's
// cascade in _index.md, Eleventy's directory data.
type sections struct {
	site     *site
	layers   map[string][]inherited // by folder, or by file without extension, from the engine's content root
	global   map[string]any         // Eleventy's data for all templates, Zola's and Hugo's shortcodes
	pages    map[string]string      // the folders that are Hugo's sections by a page of their own, with its slug or title
	computed []jsRule               // Eleventy's eleventyComputed among the global data
	plain    map[string]any         // Eleventy's global data that are one value, by the file's name
	layouts  map[string]inherited   // the front matter of Eleventy's layouts, by their names
	hooked   bool                   // Hugo\'s render hooks are among the global data
	drafts   map[string]*Omission   // by folder: Zola's sections that are drafts
	text     []byte                 // all that was read: it decides whether a snapshot still holds
}

// inherited is front matter that holds where a post has none of its own.
type inherited struct {
	values map[string]any
	glob   *pattern     // of pages, from the content root with a slash before; nil for all
	lang   *pattern     // nil for all
	rules  []jsRule     // that a script computes
	front  *frontMatter // a layout's
	doubt  *Omission    // it does not parse, and might leave the pages out
}

// sectionFile tells whether a file speaks of its folder's posts.
func (t *Tree) sectionFile(rel string) bool {
	base := path.Base(rel)
	switch e := t.engine.(type) {
	case *hugo, *zola:
		return strings.HasPrefix(base, "_index.") && isMarkdownName(base)
	case *eleventy:
		_, ok := e.dataFile(path.Join(t.site.below, rel))
		return ok
	}
	return false
}

// readSections reads those files, the ones above content.dir too.
func (t *Tree) readSections(found []file) *sections {
	s := &sections{site: t.site, layers: map[string][]inherited{}, pages: map[string]string{}, drafts: map[string]*Omission{}}
	switch t.engine.(type) {
	case *eleventy:
		s.readGlobal(t)
		s.readLayouts(t)
	case *zola:
		s.readShortcodes(t.own)
	case *hugo:
		s.readHugoShortcodes(t.own)
	}
	for above := t.site.below; above != "" && !t.site.mounted; above = strings.TrimPrefix(path.Dir(above), ".") {
		folder := strings.TrimPrefix(path.Dir(above), ".")
		s.readAbove(t, folder)
	}
	for _, f := range found {
		s.read(t, f.real, path.Join(t.site.below, f.path))
	}
	return s
}

func (s *sections) readAbove(t *Tree, folder string) {
	depth := strings.Count(t.site.below, "/") + 1
	if folder != "" {
		depth -= strings.Count(folder, "/") + 1
	}
	dir := filepath.Join(t.site.dir, strings.Repeat("../", depth))
	var names []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "_index.") && isMarkdownName(name) {
			names = append(names, name)
		}
	}
	if e, ok := t.engine.(*eleventy); ok {
		for _, entry := range entries {
			if _, ok := e.dataFile(path.Join(folder, entry.Name())); ok {
				names = append(names, entry.Name())
			}
		}
	}
	for _, name := range names {
		if file := filepath.Join(dir, name); strings.HasPrefix(name, "_index.") == hasSectionPages(t.engine) {
			if real := s.site.insideFolder(dir, name); real != "" {
				s.read(t, file, path.Join(folder, name))
			}
		}
	}
}

func hasSectionPages(e engine) bool {
	switch e.(type) {
	case *hugo, *zola:
		return true
	}
	return false
}

func (s *sections) read(t *Tree, real, name string) {
	text, err := s.site.readOwn(real)
	if err != nil {
		return
	}
	switch e := t.engine.(type) {
	case *hugo:
		fm, _, _, err := splitFrontMatter(string(text))
		folder := strings.TrimPrefix(path.Dir(name), ".")
		if err != nil || !isCascade(fm.values["cascade"]) {
			s.doubt(t.site, folder, name, &fm, err)
			s.remember(name, text)
		} else if fm.values["cascade"] != nil {
			s.layers[folder] = append(s.layers[folder], cascades(fm.values["cascade"])...)
			s.remember(name, text)
		}
		if s.pages[folder] = fm.scalar("slug", "title"); e.namesSections {
			s.remember(name, []byte(s.pages[folder]))
		}
	case *zola:
		e.readSection(s, name, string(text))
		s.remember(name, text)
	case *eleventy:
		if where, values, ok := e.directoryData(name, text); ok {
			l := inherited{values: values}
			if !strings.HasSuffix(name, "json") {
				data, known := script.DataFile(s.filesAround(t.own, real, text), filepath.ToSlash(real))
				l.rules = e.scriptRules(real, string(text), data, known, false)
				l.values = merged(l.values, data.Values)
			}
			if values == nil && strings.HasSuffix(name, "json") {
				l.doubt = &Omission{Held: true, Reason: path.Base(name) + " does not parse", Path: t.site.fromContentDir(name), Line: 1}
			}
			s.layers[where] = append(s.layers[where], l)
			s.remember(name, text)
		}
	}
}

// doubt holds what is in the folder of a file that should say something of it.
func (s *sections) doubt(of *site, folder, name string, fm *frontMatter, err error) {
	o := &Omission{Held: true, Reason: path.Base(name) + " does not parse", Path: of.fromContentDir(name), Line: 1}
	if err == nil {
		o.Reason, o.Line = "cascade is malformed", fm.lineOf("cascade")
	}
	s.layers[folder] = append(s.layers[folder], inherited{doubt: o})
}

// fromContentDir is a path from the engine's content root as content.dir has it.
func (s *site) fromContentDir(name string) string {
	if below, ok := strings.CutPrefix(name, s.below+"/"); ok || s.below == "" {
		return cmp.Or(below, name)
	}
	rel, err := filepath.Rel(filepath.FromSlash(s.below), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// isCascade reports that a cascade is what Hugo takes: a table, a list of tables, or
// nothing.
func isCascade(v any) bool {
	switch v := v.(type) {
	case nil, map[string]any:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { _, ok := item.(map[string]any); return !ok })
	}
	return false
}

func (s *sections) remember(name string, text []byte) {
	s.text = append(append(append(s.text, name...), 0), text...)
}

// cascades reads one cascade or a list of them, with their targets.
func cascades(v any) []inherited {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []inherited
	for _, item := range list {
		values, ok := item.(map[string]any)
		if !ok {
			continue
		}
		l := inherited{values: map[string]any{}}
		for key, v := range values {
			if key != "_target" && key != "target" {
				l.values[key] = v
				continue
			}
			target := hugoTarget(v)
			if l.glob, l.lang = target.glob, target.lang; !target.ofPages {
				l.values = nil
				break
			}
		}
		if l.values == nil {
			continue
		}
		out = append(out, l)
	}
	return out
}

func (l inherited) holds(page, lang string) bool {
	return matchesGlob(l.lang, lang) && matchesGlob(l.glob, page)
}

// of are the layers for a page, the nearest first. file is its path from the
// content root, without its extension; page is what globs see of it.
func (s *sections) of(file, page, lang string) []inherited {
	if s == nil || len(s.layers) == 0 {
		return nil
	}
	var out []inherited
	for where := file; ; where = strings.TrimPrefix(path.Dir(where), ".") {
		for _, l := range s.layers[where] {
			if l.holds(page, lang) {
				out = append(out, l)
			}
		}
		if where == "" {
			return out
		}
	}
}

// inherit takes over what the front matter leaves open.
func (a *article) inherit(values map[string]any) {
	for key, v := range values {
		if _, own := a.front.values[key]; own {
			continue
		}
		a.set(key, v)
	}
}

// set puts a value in the place of the author's.
func (a *article) set(key string, v any) {
	if a.front.values == nil {
		a.front.values = map[string]any{}
	}
	a.front.values[key] = v
}

// inheritSome takes over what posts say under an engine's table of free keys.
func (a *article) inheritSome(values map[string]any) {
	for _, key := range [...]string{"author", "authors", "image", "images", "cover", "thumbnail", "newsletter", "canonical", "guid"} {
		if v, ok := values[key]; ok {
			a.inherit(map[string]any{key: v})
		}
	}
}

// scopeRank is the length of a scope's path, by which the more exact one wins.
func scopeRank(scope map[string]any) int {
	where, _ := scope["path"].(string)
	_, typed := scope["type"]
	rank := 2 * len(strings.Trim(where, "/"))
	if typed {
		rank++
	}
	return rank
}

// jekyllDefaults are the values that the settings give to a file, the most
// exact scope first, and of equal ones the last.
func jekyllDefaults(own *ownConfig, file, kind string) []map[string]any {
	sets, _ := own.setting("defaults").([]any)
	type match struct {
		rank   int
		values map[string]any
	}
	var found []match
	collections := strings.Trim(own.scalar("collections_dir"), "/") + "/"
	for _, set := range sets {
		set, _ := set.(map[string]any)
		scope, _ := set["scope"].(map[string]any)
		values, _ := set["values"].(map[string]any)
		where, _ := scope["path"].(string)
		of, typed := scope["type"].(string)
		where = strings.TrimPrefix(strings.Trim(where, "/"), collections)
		if values == nil || typed && of != kind && of+"s" != kind || !inScope(where, file) {
			continue
		}
		found = append(found, match{scopeRank(scope), values})
	}
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b match) int { return b.rank - a.rank })
	var out []map[string]any
	for _, m := range found {
		out = append(out, m.values)
	}
	return out
}

// inScope matches a scope's path, which may be a folder, a file or a glob.
func inScope(where, file string) bool {
	if where == "" || where == file || strings.HasPrefix(file, where+"/") {
		return true
	}
	if !strings.ContainsAny(where, "*?[") {
		return false
	}
	for at := file; at != "."; at = path.Dir(at) {
		if ok, _ := doublestar.Match(where, at); ok {
			return true
		}
	}
	return false
}
