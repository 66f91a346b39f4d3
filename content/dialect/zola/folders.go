package zola

import (
	"path"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/post"
)

// folders is what _index.md files say of the pages below them, and the blog's shortcodes.
type folders struct {
	dialect.SourceTexts
	site      *dialect.Site
	templates map[string]shortcodeTemplate // of the blog's shortcodes, by name
	pages     map[string]bool              // the files of sections that are rendered
	drafts    map[string]*post.Omission    // by folder: sections that are drafts
}

// IsFolderFile implements [dialect.Engine].
func (z *Engine) IsFolderFile(name string) bool { return dialect.IsIndexFile(name) }

// ReadFolderData implements [dialect.Engine].
func (z *Engine) ReadFolderData(files []dialect.File) dialect.FolderData {
	f := &folders{site: z.Site, pages: map[string]bool{}, drafts: map[string]*post.Omission{}}
	f.readShortcodes(z.settings)
	for _, file := range files {
		if text, err := z.ReadFile(file.Real); err == nil {
			f.readSection(file.Path, string(text))
			f.AddSource(file.Path, text)
		}
	}
	return f
}

// foldersOf returns what was read for a page, or nil if nothing was scanned.
func foldersOf(p *dialect.Page) *folders {
	f, _ := p.FolderData.(*folders)
	return f
}

// readSection notes that a section is a draft, or may be one.
func (f *folders) readSection(name, text string) {
	fm, _, _, err := splitFrontMatter(text)
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
		*o = post.Omission{Held: true, Reason: "the section has no front matter in a form that Zola reads", Path: rel, Line: 1}
	case !set && fm.Has("draft"):
		o.Held, o.Reason = true, "draft of the section is neither true nor false"
	case mistyped(&fm) != "":
		o.Held, o.Reason = true, mistyped(&fm)+" of the section is of a type that Zola rejects"
	case !draft:
		return
	}
	if before := f.drafts[folder]; before == nil || before.Held {
		f.drafts[folder] = o
	}
}
