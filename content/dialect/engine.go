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

// Engine is what differs between blog engines. One file per engine.
type Engine interface {
	// MayBePost tells by the path alone whether a file can be a post.
	MayBePost(path string) bool
	// Prepare lets folders and settings fill what the front matter leaves open,
	// and finds the language that the path says, before any field is read.
	Prepare(a *Page)
	// IsFolderFile tells by its path from the engine's content root whether a file speaks of the
	// posts around it, and readFolders reads those files and what else the engine has beside posts.
	IsFolderFile(name string) bool
	ReadFolderData(files []File) FolderData
	// IsPage tells by what was read that a file is a page of the site, no post.
	IsPage(a *Page) bool
	// PathOmission says by the path alone why the engine does not show a file; nil
	// where it does.
	PathOmission(path string) *post.Omission
	// PageOmission says the same by what was read, with what its folder says in place.
	PageOmission(a *Page) *post.Omission
	// Complete derives what the front matter leaves open: title, date, slug,
	// categories. It sees the fields that are the same in all engines filled in.
	Complete(a *Page)
	// HasBundles holds that a folder with an index.* is one page: its other files are no pages.
	HasBundles() bool
	// Extensions are those of posts besides Markdown's, with their dots.
	Extensions() []string
	// IsOtherMarkup tells by its name a file that the engine makes a post of and we do not.
	IsOtherMarkup(file string) bool
	// LimitPosts takes the posts away that the engine's settings leave out for there being others.
	LimitPosts(posts []*post.Post) (shown []*post.Post, leftOut []post.LeftOut)
	// CopyNotice is words for a file that the engine copies into the site, such as "Hugo copies what is
	// in static into the site; move it out of there"; "" for others. The engine has a config.
	CopyNotice(file string) string
	// SplitFrontMatter takes a file apart.
	SplitFrontMatter(name, text string) (front frontmatter.FrontMatter, body string, bodyLine int, err error)
	// ParseDate reads a date of the front matter.
	ParseDate(front *frontmatter.FrontMatter, key, text string) (time.Time, bool)
	// RequiresTitle holds that what has no title is no post.
	RequiresTitle() bool
	// ImagePath is an address of front matter as themes take it.
	ImagePath(text string) string
	// Placeholder fills a word of a permalink in the engine's own way; ok is false where it has
	// none.
	Placeholder(a *Page, word string) (filled string, ok bool)
	// Address is the post's path on the site, beginning with a slash, or an
	// absolute URL where the author wrote one.
	Address(a *Page) string
	// Slugify makes a path element of a text.
	Slugify(text string) string
	// writing says how the engine reads Markdown.
	MarkdownOptions() markdown.Options
	// excerpts says how the engine finds a post's excerpt.
	ExcerptRule() ExcerptRule
	// Expand replaces what the engine writes into Markdown besides: shortcodes,
	// tags, variables.
	Expand(m *Expansion, text string) string
	// ResolveLink turns a link as the author wrote it into where it leads; ok is
	// false where the engine gives it no meaning of its own.
	ResolveLink(l *Linker, dest string) (to sanitize.Target, ok bool)
	// PageAddress is where what isPage takes for a page is on the site; ok is false where
	// the engine has no other way than for posts.
	PageAddress(a *Page) (where string, ok bool)
	// RenderHooks write nodes of the post whose links these are; nil for none. What they write
	// is put aside in set.
	RenderHooks(l *Linker, set *markdown.HTMLStash) markdown.NodeHooks
}

// ExcerptRule is how an engine finds a post's excerpt. The zero value prefers the front
// matter's to what stands before a mark in the body.
type ExcerptRule struct {
	// MarkFirst holds that a mark in the body outranks the front matter.
	MarkFirst bool
	// KeepAsides holds that an excerpt begins with the <aside> that the post begins with.
	KeepAsides bool
	// Separator ends the excerpt in the body's source: Jekyll's excerpt_separator.
	Separator string
}

// Site is what an engine knows of the blog as a whole.
type Site struct {
	URL          *url.URL
	Language     string
	Languages    map[string]bool
	OnlyLanguage string         // the one whose name files may bear, where the blog has no others; "" for none
	Location     *time.Location // of dates without an offset
	Permalink    string         // content.permalink
	Dir          string         // content.dir, absolute, links resolved
	Root         string         // the blog's root folder: where its engine's config is, else dir
	Subdir       string         // the path from the engine's content root to dir, slash-separated; "" where they are one
	Mounted      bool           // below is where the engine mounts dir, not where it lies

	Seen atomic.Pointer[private.Seen] // the owner's own files, as the last scan saw them
}

// folderEngine takes folders as they are: what most engines do.
type BaseEngine struct{ *Site }

func (BaseEngine) PageAddress(*Page) (string, bool) { return "", false }

func (BaseEngine) RenderHooks(*Linker, *markdown.HTMLStash) markdown.NodeHooks { return nil }

func (BaseEngine) ResolveLink(*Linker, string) (sanitize.Target, bool) {
	return sanitize.Target{}, false
}

func (BaseEngine) IsFolderFile(string) bool { return false }

func (BaseEngine) ReadFolderData([]File) FolderData { return &SourceTexts{} }

func (BaseEngine) HasBundles() bool { return false }

func (BaseEngine) Extensions() []string { return nil }

func (BaseEngine) IsOtherMarkup(string) bool { return false }

func (BaseEngine) LimitPosts(posts []*post.Post) ([]*post.Post, []post.LeftOut) { return posts, nil }

func (BaseEngine) CopyNotice(string) string { return "" }

func (BaseEngine) SplitFrontMatter(_, text string) (frontmatter.FrontMatter, string, int, error) {
	return frontmatter.Split(text)
}

func (e BaseEngine) ParseDate(_ *frontmatter.FrontMatter, _, text string) (time.Time, bool) {
	return frontmatter.ParseDate(text, e.Location)
}

func (BaseEngine) RequiresTitle() bool { return false }

func (BaseEngine) ImagePath(text string) string { return text }

func (BaseEngine) Placeholder(*Page, string) (string, bool) { return "", false }
func (BaseEngine) ExcerptRule() ExcerptRule                 { return ExcerptRule{} }

func (BaseEngine) PathOmission(string) *post.Omission { return nil }

func (BaseEngine) PageOmission(*Page) *post.Omission { return nil }
