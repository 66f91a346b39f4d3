// Package dialect is the contract of a blog engine, and what all engines share: reading
// files, common front matter, permalinks, links between posts, and folder data.
package dialect

import (
	"path"
	"strings"
	"time"

	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/content/sanitize"
)

// Engine is what differs between blog engines. An implementation embeds [BaseEngine], which
// gives the usual answers; only Complete, Address and Slugify have none. The methods are in
// the order in which a scan and a rendering call them. Paths are slash-separated and relative
// to content.dir unless a method says otherwise.
type Engine interface {
	// Which files are posts: asked of paths alone, before any file is read.

	// MayBePost reports whether a file with a suitable extension can be a post.
	MayBePost(path string) bool
	// Extensions returns the extensions of posts besides Markdown's, with their dots.
	Extensions() []string
	// IsOtherMarkup reports whether the engine makes posts of a file in a markup that is not supported here.
	IsOtherMarkup(path string) bool
	// HasBundles reports whether a folder with an index.* is one page, so that its other files are none.
	HasBundles() bool
	// PathOmission returns why the engine does not show a file of that path, or nil.
	PathOmission(path string) *post.Omission

	// Files beside the posts that apply to the posts around them.

	// IsFolderFile reports whether a file, by its path from the engine's content root, is one of them.
	IsFolderFile(path string) bool
	// ReadFolderData reads those files, and what else the engine has beside posts, such as
	// templates. A page finds the result in its FolderData.
	ReadFolderData(files []File) FolderData

	// Reading one file.

	// SplitFrontMatter splits a file's text. bodyLine counts from 1.
	SplitFrontMatter(path, text string) (front frontmatter.Block, body string, bodyLine int, err error)
	// Prepare runs before any field is read: folders and settings fill what the front matter
	// leaves open, and the path may name the language.
	Prepare(p *Page)
	// IsPage reports whether a file is a page of the site rather than a post.
	IsPage(p *Page) bool
	// PageOmission returns why the engine does not show a post, by its text and its folder, or nil.
	PageOmission(p *Page) *post.Omission

	// The fields of a post.

	// ParseDate reads a date of the front matter.
	ParseDate(front *frontmatter.Block, key, text string) (t time.Time, ok bool)
	// Complete derives what the front matter leaves open: title, date, slug, categories, tags,
	// summary. The fields that all engines share are filled already.
	Complete(p *Page)
	// RequiresTitle reports whether a file without a title is not a post.
	RequiresTitle() bool
	// ImagePath returns a picture's address in the front matter as themes resolve it.
	ImagePath(text string) string
	// LimitPosts takes away the posts that are not shown because of the others.
	LimitPosts(posts []*post.Post) (shown []*post.Post, leftOut []post.LeftOut)

	// Addresses.

	// Slugify returns a text as an element of a path.
	Slugify(text string) string
	// Address returns the post's path on the site, beginning with a slash, or the absolute
	// URL that the author wrote.
	Address(p *Page) string
	// PageAddress is Address for what IsPage reports; ok is false if Address serves for both.
	PageAddress(p *Page) (address string, ok bool)
	// Placeholder fills a word of a permalink pattern in the engine's own way.
	Placeholder(p *Page, word string) (filled string, ok bool)
	// ResolveLink returns where a link as the author wrote it leads; ok is false if the engine
	// gives it no meaning of its own.
	ResolveLink(l *Linker, dest string) (to sanitize.Target, ok bool)

	// Text.

	// Expand replaces what the engine adds to Markdown: shortcodes, tags, variables.
	Expand(x *Expansion, text string) string
	// MarkdownOptions returns how the engine reads Markdown.
	MarkdownOptions() markdown.Options
	// RenderHooks returns what writes nodes of the post in place of the Markdown renderer, or
	// nil. Its output is stashed in stash.
	RenderHooks(l *Linker, stash *markdown.HTMLStash) markdown.NodeHooks
	// ExcerptRule returns how the engine finds a post's excerpt.
	ExcerptRule() ExcerptRule

	// The site that the engine builds.

	// CopyNotice returns a sentence such as "Hugo copies what is in static into the site; move
	// it out of there" for an absolute path below such a folder, else "".
	CopyNotice(file string) string
}

// PerFile is an Engine that leaves each file to another one.
type PerFile interface {
	Engine
	// EngineFor returns the engine whose rules a file shows.
	EngineFor(src *Source) Engine
}

// ExcerptRule is how an engine finds a post's excerpt. The zero value prefers the front
// matter's summary to what precedes a mark in the body.
type ExcerptRule struct {
	MarkFirst  bool   // a mark in the body outranks the front matter
	KeepAsides bool   // keep an <aside> at the start of the post
	Separator  string // ends the excerpt in the body's source: Jekyll's excerpt_separator
}

// BaseEngine gives the usual answers: posts are the Markdown files but _index.*, nothing is
// left out, and Markdown has no extensions.
type BaseEngine struct{ *Site }

// MayBePost implements [Engine].
func (BaseEngine) MayBePost(file string) bool { return !strings.HasPrefix(path.Base(file), "_index.") }

// Extensions implements [Engine].
func (BaseEngine) Extensions() []string { return nil }

// IsOtherMarkup implements [Engine].
func (BaseEngine) IsOtherMarkup(string) bool { return false }

// HasBundles implements [Engine].
func (BaseEngine) HasBundles() bool { return false }

// PathOmission implements [Engine].
func (BaseEngine) PathOmission(string) *post.Omission { return nil }

// IsFolderFile implements [Engine].
func (BaseEngine) IsFolderFile(string) bool { return false }

// ReadFolderData implements [Engine].
func (BaseEngine) ReadFolderData([]File) FolderData { return &SourceTexts{} }

// SplitFrontMatter implements [Engine].
func (BaseEngine) SplitFrontMatter(_, text string) (frontmatter.Block, string, int, error) {
	return frontmatter.Split(text)
}

// Prepare implements [Engine].
func (BaseEngine) Prepare(*Page) {}

// IsPage implements [Engine].
func (BaseEngine) IsPage(p *Page) bool { return IsPageLayout(p) }

// PageOmission implements [Engine].
func (BaseEngine) PageOmission(*Page) *post.Omission { return nil }

// ParseDate implements [Engine].
func (e BaseEngine) ParseDate(_ *frontmatter.Block, _, text string) (time.Time, bool) {
	return frontmatter.ParseDate(text, e.Location)
}

// RequiresTitle implements [Engine].
func (BaseEngine) RequiresTitle() bool { return false }

// ImagePath implements [Engine].
func (BaseEngine) ImagePath(text string) string { return text }

// LimitPosts implements [Engine].
func (BaseEngine) LimitPosts(posts []*post.Post) ([]*post.Post, []post.LeftOut) { return posts, nil }

// PageAddress implements [Engine].
func (BaseEngine) PageAddress(*Page) (string, bool) { return "", false }

// Placeholder implements [Engine].
func (BaseEngine) Placeholder(*Page, string) (string, bool) { return "", false }

// ResolveLink implements [Engine].
func (BaseEngine) ResolveLink(*Linker, string) (sanitize.Target, bool) {
	return sanitize.Target{}, false
}

// Expand implements [Engine].
func (BaseEngine) Expand(_ *Expansion, text string) string { return text }

// MarkdownOptions implements [Engine].
func (BaseEngine) MarkdownOptions() markdown.Options { return markdown.Options{} }

// RenderHooks implements [Engine].
func (BaseEngine) RenderHooks(*Linker, *markdown.HTMLStash) markdown.NodeHooks { return nil }

// ExcerptRule implements [Engine].
func (BaseEngine) ExcerptRule() ExcerptRule { return ExcerptRule{} }

// CopyNotice implements [Engine].
func (BaseEngine) CopyNotice(string) string { return "" }
