// Package dialect says what a blog engine has to say of itself, and does for all engines what they have in common:
// reading files, front matter shared by all, permalinks, links between posts.
package dialect

import (
	"net/url"
	"sync/atomic"
	"time"

	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/content/sanitize"
	"publisher/internal/private"
)

// engine is what differs between blog engines. One file per engine.
type Engine interface {
	// covers tells by the path alone whether a file can be a post.
	Covers(path string) bool
	// prepare lets folders and settings fill what the front matter leaves open,
	// and finds the language that the path says, before any field is read.
	Prepare(a *Page)
	// folderFile tells by its path from the engine's content root whether a file speaks of the
	// posts around it, and readFolders reads those files and what else the engine has beside posts.
	FolderFile(name string) bool
	ReadFolders(files []File) Folders
	// isPage tells by what was read that a file is a page of the site, no post.
	IsPage(a *Page) bool
	// leavesOut says by the path alone why the engine does not show a file; nil
	// where it does.
	LeavesOut(path string) *post.Omission
	// omits says the same by what was read, with what its folder says in place.
	Omits(a *Page) *post.Omission
	// complete derives what the front matter leaves open: title, date, slug,
	// categories. It sees the fields that are the same in all engines filled in.
	Complete(a *Page)
	// hasBundles holds that a folder with an index.* is one page: its other files are no pages.
	HasBundles() bool
	// extensions are those of posts besides Markdown's, with their dots.
	Extensions() []string
	// otherMarkup tells by its name a file that the engine makes a post of and we do not.
	OtherMarkup(file string) bool
	// limit takes the posts away that the engine's settings leave out for there being others.
	Limit(posts []*post.Post) (shown []*post.Post, leftOut []post.LeftOut)
	// copies is words for a file that the engine copies into the site, such as "Hugo copies what is
	// in static into the site; move it out of there"; "" for others. The engine has a config.
	Copies(file string) string
	// split takes a file apart.
	Split(name, text string) (front frontmatter.Block, body string, bodyLine int, err error)
	// readDate reads a date of the front matter.
	ReadDate(front *frontmatter.Block, key, text string) (time.Time, bool)
	// needsTitle holds that what has no title is no post.
	NeedsTitle() bool
	// imageAddress is an address of front matter as themes take it.
	ImageAddress(text string) string
	// placeholder fills a word of a permalink in the engine's own way; ok is false where it has
	// none.
	Placeholder(a *Page, word string) (filled string, ok bool)
	// address is the post's path on the site, beginning with a slash, or an
	// absolute URL where the author wrote one.
	Address(a *Page) string
	// slugify makes a path element of a text.
	Slugify(text string) string
	// writing says how the engine reads Markdown.
	MarkdownOptions() markdown.Options
	// excerpts says how the engine finds a post's excerpt.
	ExcerptRule() ExcerptRule
	// expand replaces what the engine writes into Markdown besides: shortcodes,
	// tags, variables.
	Expand(m *Expansion, text string) string
	// resolve turns a link as the author wrote it into where it leads; ok is
	// false where the engine gives it no meaning of its own.
	Resolve(l *Linker, dest string) (to sanitize.Target, ok bool)
	// pageAddress is where what isPage takes for a page is on the site; ok is false where
	// the engine has no other way than for posts.
	PageAddress(a *Page) (where string, ok bool)
	// hooks write nodes of the post whose links these are; nil for none. What they write
	// is put aside in set.
	Hooks(l *Linker, set *markdown.HTMLStash) markdown.NodeHooks
}

// excerptRule is how an engine finds a post's excerpt. The zero value prefers the front
// matter's to what stands before a mark in the body.
type ExcerptRule struct {
	// markFirst holds that a mark in the body outranks the front matter.
	MarkFirst bool
	// keepAsides holds that an excerpt begins with the <aside> that the post begins with.
	KeepAsides bool
	// separator ends the excerpt in the body's source: Jekyll's excerpt_separator.
	Separator string
}

// site is what an engine knows of the blog as a whole.
type Site struct {
	Url          *url.URL
	Language     string
	Languages    map[string]bool
	OnlyLanguage string         // the one whose name files may bear, where the blog has no others; "" for none
	Loc          *time.Location // of dates without an offset
	Permalink    string         // content.permalink
	Dir          string         // content.dir, absolute, links resolved
	Root         string         // the blog's root folder: where its engine's config is, else dir
	Below        string         // the path from the engine's content root to dir, slash-separated; "" where they are one
	Mounted      bool           // below is where the engine mounts dir, not where it lies

	Seen atomic.Pointer[private.Seen] // the owner's own files, as the last scan saw them
}

// folderEngine takes folders as they are: what most engines do.
type BaseEngine struct{ *Site }

func (BaseEngine) PageAddress(*Page) (string, bool) { return "", false }

func (BaseEngine) Hooks(*Linker, *markdown.HTMLStash) markdown.NodeHooks { return nil }

func (BaseEngine) Resolve(*Linker, string) (sanitize.Target, bool) { return sanitize.Target{}, false }

func (BaseEngine) FolderFile(string) bool { return false }

func (BaseEngine) ReadFolders([]File) Folders { return &SourceTexts{} }

func (BaseEngine) HasBundles() bool { return false }

func (BaseEngine) Extensions() []string { return nil }

func (BaseEngine) OtherMarkup(string) bool { return false }

func (BaseEngine) Limit(posts []*post.Post) ([]*post.Post, []post.LeftOut) { return posts, nil }

func (BaseEngine) Copies(string) string { return "" }

func (BaseEngine) Split(_, text string) (frontmatter.Block, string, int, error) {
	return frontmatter.Split(text)
}

func (e BaseEngine) ReadDate(_ *frontmatter.Block, _, text string) (time.Time, bool) {
	return frontmatter.ParseDate(text, e.Loc)
}

func (BaseEngine) NeedsTitle() bool { return false }

func (BaseEngine) ImageAddress(text string) string { return text }

func (BaseEngine) Placeholder(*Page, string) (string, bool) { return "", false }
func (BaseEngine) ExcerptRule() ExcerptRule                 { return ExcerptRule{} }

func (BaseEngine) LeavesOut(string) *post.Omission { return nil }

func (BaseEngine) Omits(*Page) *post.Omission { return nil }
