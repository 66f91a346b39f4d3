package hugo

import (
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/glob"
	"publisher/content/post"
	"slices"
	"strings"
)

// hugoFolders are what _index.md says of the pages below it, and the blog's templates.
type folders struct {
	dialect.SourceTexts
	site   *dialect.Site
	layers map[string][]hugoLayer // by folder, from the engine's content root
	global map[string]any         // templates of shortcodes and hooks, partials, translations
	pages  map[string]string      // the folders that are sections by a page of their own, with its slug or title
	hooked bool                   // render hooks are among the global data
}

// hugoLayer is a cascade: front matter that holds where a page has none of its own.
type hugoLayer struct {
	values map[string]any
	glob   *glob.Pattern  // of pages, from the content root with a slash before; nil for all
	lang   *glob.Pattern  // nil for all
	doubt  *post.Omission // it does not parse, and might leave the pages out
}

func (h *Engine) FolderFile(name string) bool { return dialect.IsIndexFile(name) }

func (h *Engine) ReadFolders(files []dialect.File) dialect.Folders {
	f := &folders{site: h.Site, layers: map[string][]hugoLayer{}, pages: map[string]string{}}
	readHugoShortcodes(f, h.own)
	for _, file := range files {
		if text, err := h.ReadOwn(file.Real); err == nil {
			f.read(file.Path, text, h.namesSections)
		}
	}
	return f
}

// read takes over the page of a folder.
func (f *folders) read(name string, text []byte, namesSections bool) {
	fm, _, _, err := frontmatter.Split(string(text))
	folder := strings.TrimPrefix(path.Dir(name), ".")
	if err != nil || !isCascade(fm.Values["cascade"]) {
		o := &post.Omission{Held: true, Reason: path.Base(name) + " does not parse", Path: f.site.FromContentDir(name), Line: 1}
		if err == nil {
			o.Reason, o.Line = "cascade is malformed", fm.LineOf("cascade")
		}
		f.layers[folder] = append(f.layers[folder], hugoLayer{doubt: o})
		f.Remember(name, text)
	} else if fm.Values["cascade"] != nil {
		f.layers[folder] = append(f.layers[folder], cascades(fm.Values["cascade"])...)
		f.Remember(name, text)
	}
	if f.pages[folder] = fm.Scalar("slug", "title"); namesSections {
		f.Remember(name, []byte(f.pages[folder]))
	}
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

// cascades reads one cascade or a list of them, with their targets.
func cascades(v any) []hugoLayer {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []hugoLayer
	for _, item := range list {
		values, ok := item.(map[string]any)
		if !ok {
			continue
		}
		l := hugoLayer{values: map[string]any{}}
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

func (l hugoLayer) holds(page, lang string) bool {
	return matchesGlob(l.lang, lang) && matchesGlob(l.glob, page)
}

// of are the layers for a page, the nearest first. file is its path from the
// content root, without its extension; page is what globs see of it.
func (f *folders) of(file, page, lang string) []hugoLayer {
	if f == nil || len(f.layers) == 0 {
		return nil
	}
	var out []hugoLayer
	for where := range dialect.Enclosing(file) {
		for _, l := range f.layers[where] {
			if l.holds(page, lang) {
				out = append(out, l)
			}
		}
	}
	return out
}

// page is the slug or title of the page that a folder has of its own; nil for none.
func (f *folders) page(a *dialect.Page, folder string) *string {
	if f == nil {
		return nil
	}
	if name, ok := f.pages[path.Join(a.Name.Root, folder)]; ok {
		return &name
	}
	return nil
}

// hugoFoldersOf are those that were read for a page; nil where nothing was scanned.
func hugoFoldersOf(a *dialect.Page) *folders {
	f, _ := a.Around.(*folders)
	return f
}
