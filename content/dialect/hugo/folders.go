package hugo

import (
	"path"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/glob"
	"publisher/content/post"
)

// folders is what _index.md files say of the pages below them, and the blog's templates.
type folders struct {
	dialect.SourceTexts
	site     *dialect.Site
	cascades map[string][]cascade // by folder, from the engine's content root
	library  *shortcode.Library
	pages    map[string]string // the folders that are sections by a page of their own, with its slug or title
}

// cascade is front matter for the pages that have none of their own.
type cascade struct {
	values map[string]any
	glob   *glob.Pattern  // of pages, from the content root with a slash before; nil for all
	lang   *glob.Pattern  // nil for all
	doubt  *post.Omission // it does not parse, and might leave the pages out
}

// IsFolderFile implements [dialect.Engine].
func (h *Engine) IsFolderFile(name string) bool { return dialect.IsIndexFile(name) }

// ReadFolderData implements [dialect.Engine].
func (h *Engine) ReadFolderData(files []dialect.File) dialect.FolderData {
	f := &folders{site: h.Site, cascades: map[string][]cascade{}, pages: map[string]string{}}
	readTemplates(f, h.settings)
	for _, file := range files {
		if text, err := h.ReadFile(file.Real); err == nil {
			f.read(file.Path, text, h.namesSections)
		}
	}
	return f
}

// read reads the page of a folder.
func (f *folders) read(name string, text []byte, namesSections bool) {
	fm, _, _, err := frontmatter.Split(string(text))
	folder := strings.TrimPrefix(path.Dir(name), ".")
	if err != nil || !isCascade(fm.Values["cascade"]) {
		o := &post.Omission{Held: true, Reason: path.Base(name) + " does not parse", Path: f.site.FromContentDir(name), Line: 1}
		if err == nil {
			o.Reason, o.Line = "cascade is malformed", fm.LineOf("cascade")
		}
		f.cascades[folder] = append(f.cascades[folder], cascade{doubt: o})
		f.AddSource(name, text)
	} else if fm.Values["cascade"] != nil {
		f.cascades[folder] = append(f.cascades[folder], readCascades(fm.Values["cascade"])...)
		f.AddSource(name, text)
	}
	if f.pages[folder] = fm.Scalar("slug", "title"); namesSections {
		f.AddSource(name, []byte(f.pages[folder]))
	}
}

// isCascade reports whether a cascade is well formed: a table, a list of tables, or absent.
func isCascade(v any) bool {
	switch v := v.(type) {
	case nil, map[string]any:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { _, ok := item.(map[string]any); return !ok })
	}
	return false
}

// readCascades reads one cascade or a list of them, with their targets.
func readCascades(v any) []cascade {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []cascade
	for _, item := range list {
		values, ok := item.(map[string]any)
		if !ok {
			continue
		}
		l := cascade{values: map[string]any{}}
		for key, v := range values {
			if key != "_target" && key != "target" {
				l.values[key] = v
				continue
			}
			target := readTarget(v)
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

func (l cascade) holds(page, lang string) bool {
	return matchesGlob(l.lang, lang) && matchesGlob(l.glob, page)
}

// of returns the cascades for a page, the nearest first. file is its path from the content root,
// without its extension; page is what globs see of it.
func (f *folders) of(file, page, lang string) []cascade {
	if f == nil || len(f.cascades) == 0 {
		return nil
	}
	var out []cascade
	for where := range dialect.Ancestors(file) {
		for _, l := range f.cascades[where] {
			if l.holds(page, lang) {
				out = append(out, l)
			}
		}
	}
	return out
}

// page returns the slug or title of a folder's own page, or nil.
func (f *folders) page(p *dialect.Page, folder string) *string {
	if f == nil {
		return nil
	}
	if name, ok := f.pages[path.Join(p.Name.LangFolder, folder)]; ok {
		return &name
	}
	return nil
}

// foldersOf returns what was read for a page, or nil if nothing was scanned.
func foldersOf(p *dialect.Page) *folders {
	f, _ := p.FolderData.(*folders)
	return f
}

// Library implements [shortcode.Host].
func (h *Engine) Library(p *dialect.Page) *shortcode.Library {
	if f := foldersOf(p); f != nil && f.library != nil {
		return f.library
	}
	return &shortcode.Library{}
}
