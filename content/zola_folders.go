package content

import (
	"path"
	"strings"
)

// zolaFolders are what _index.md says of the pages below it, and the blog's shortcodes.
type zolaFolders struct {
	sourceTexts
	site   *site
	global map[string]any       // templates of shortcodes
	pages  map[string]bool      // the files of sections that are rendered
	drafts map[string]*Omission // by folder: sections that are drafts
}

func (z *zola) folderFile(name string) bool { return isIndexFile(name) }

func (z *zola) readFolders(files []file) folders {
	f := &zolaFolders{site: z.site, pages: map[string]bool{}, drafts: map[string]*Omission{}}
	f.readShortcodes(z.own)
	for _, file := range files {
		if text, err := z.readOwn(file.real); err == nil {
			f.readSection(file.path, string(text))
			f.remember(file.path, text)
		}
	}
	return f
}

// zolaFoldersOf are those that were read for a page; nil where nothing was scanned.
func zolaFoldersOf(a *article) *zolaFolders {
	f, _ := a.around.(*zolaFolders)
	return f
}

// readSection remembers that a section is a draft, or may be one.
func (f *zolaFolders) readSection(name, text string) {
	fm, _, _, err := splitZola(text)
	folder := strings.TrimPrefix(path.Dir(name), ".")
	if on, set := fm.truth("render"); on || !set {
		f.pages[name] = true
	}
	rel := f.site.fromContentDir(name)
	draft, set := fm.truth("draft")
	o := &Omission{Reason: "draft: true of the section", Path: rel, Line: fm.lineOf("draft")}
	switch {
	case err != nil:
		*o = Omission{Held: true, Reason: "the section's front matter does not parse", Path: rel, Line: 1}
	case fm.form == noFrontMatter:
		*o = Omission{Held: true, Reason: "the section has no front matter that Zola reads", Path: rel, Line: 1}
	case !set && fm.has("draft"):
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
