package zola

import (
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/post"
	"strings"
)

// zolaFolders are what _index.md says of the pages below it, and the blog's shortcodes.
type folders struct {
	dialect.SourceTexts
	site   *dialect.Site
	global map[string]any            // templates of shortcodes
	pages  map[string]bool           // the files of sections that are rendered
	drafts map[string]*post.Omission // by folder: sections that are drafts
}

func (z *Engine) FolderFile(name string) bool { return dialect.IsIndexFile(name) }

func (z *Engine) ReadFolders(files []dialect.File) dialect.Folders {
	f := &folders{site: z.Site, pages: map[string]bool{}, drafts: map[string]*post.Omission{}}
	f.readShortcodes(z.own)
	for _, file := range files {
		if text, err := z.ReadOwn(file.Real); err == nil {
			f.readSection(file.Path, string(text))
			f.Remember(file.Path, text)
		}
	}
	return f
}

// zolaFoldersOf are those that were read for a page; nil where nothing was scanned.
func zolaFoldersOf(a *dialect.Page) *folders {
	f, _ := a.Around.(*folders)
	return f
}

// readSection remembers that a section is a draft, or may be one.
func (f *folders) readSection(name, text string) {
	fm, _, _, err := splitZola(text)
	folder := strings.TrimPrefix(path.Dir(name), ".")
	if on, set := fm.Bool("render"); on || !set {
		f.pages[name] = true
	}
	rel := f.site.FromContentDir(name)
	draft, set := fm.Bool("draft")
	o := &post.Omission{Reason: "draft: true of the section", Path: rel, Line: fm.LineOf("draft")}
	switch {
	case err != nil:
		*o = post.Omission{Held: true, Reason: "the section's front matter does not parse", Path: rel, Line: 1}
	case fm.Form == frontmatter.None:
		*o = post.Omission{Held: true, Reason: "the section has no front matter that Zola reads", Path: rel, Line: 1}
	case !set && fm.Has("draft"):
		o.Held, o.Reason = true, "draft of the section is neither true nor false"
	case mistyped(&fm) != "":
		o.Held, o.Reason = true, mistyped(&fm)+" of the section is of a type that Zola does not take"
	case !draft:
		return
	}
	if before := f.drafts[folder]; before == nil || before.Held {
		f.drafts[folder] = o
	}
}
