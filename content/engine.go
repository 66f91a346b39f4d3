package content

import (
	"net/url"
	"sync/atomic"
	"time"

	"publisher/internal/private"
)

// engine is what differs between blog engines. One file per engine.
type engine interface {
	// covers tells by the path alone whether a file can be a post.
	covers(path string) bool
	// prepare lets folders and settings fill what the front matter leaves open,
	// and finds the language that the path says, before any field is read.
	prepare(a *article)
	// folderFile tells by its path from the engine's content root whether a file speaks of the
	// posts around it, and readFolders reads those files and what else the engine has beside posts.
	folderFile(name string) bool
	readFolders(files []file) folders
	// isPage tells by what was read that a file is a page of the site, no post.
	isPage(a *article) bool
	// leavesOut says by the path alone why the engine does not show a file; nil
	// where it does.
	leavesOut(path string) *Omission
	// omits says the same by what was read, with what its folder says in place.
	omits(a *article) *Omission
	// complete derives what the front matter leaves open: title, date, slug,
	// categories. It sees the fields that are the same in all engines filled in.
	complete(a *article)
	// hasBundles holds that a folder with an index.* is one page: its other files are no pages.
	hasBundles() bool
	// extensions are those of posts besides Markdown's, with their dots.
	extensions() []string
	// otherMarkup tells by its name a file that the engine makes a post of and we do not.
	otherMarkup(file string) bool
	// limit takes the posts away that the engine's settings leave out for there being others.
	limit(posts []*Post) (shown []*Post, leftOut []LeftOut)
	// copies is words for a file that the engine copies into the site, such as "Hugo copies what is
	// in static into the site; move it out of there"; "" for others. The engine has a config.
	copies(file string) string
	// split takes a file apart.
	split(name, text string) (front frontMatter, body string, bodyLine int, err error)
	// readDate reads a date of the front matter.
	readDate(front *frontMatter, key, text string) (time.Time, bool)
	// needsTitle holds that what has no title is no post.
	needsTitle() bool
	// imageAddress is an address of front matter as themes take it.
	imageAddress(text string) string
	// placeholder fills a word of a permalink in the engine's own way; ok is false where it has
	// none.
	placeholder(a *article, word string) (filled string, ok bool)
	// address is the post's path on the site, beginning with a slash, or an
	// absolute URL where the author wrote one.
	address(a *article) string
	// slugify makes a path element of a text.
	slugify(text string) string
	// writing says how the engine reads Markdown.
	writing() markdownOptions
	// excerpts says how the engine finds a post's excerpt.
	excerpts() excerptRule
	// expand replaces what the engine writes into Markdown besides: shortcodes,
	// tags, variables.
	expand(m *macros, text string) string
	// resolve turns a link as the author wrote it into where it leads; ok is
	// false where the engine gives it no meaning of its own.
	resolve(l *linker, dest string) (to target, ok bool)
	// pageAddress is where what isPage takes for a page is on the site; ok is false where
	// the engine has no other way than for posts.
	pageAddress(a *article) (where string, ok bool)
	// hooks write nodes of the post whose links these are; nil for none. What they write
	// is put aside in set.
	hooks(l *linker, set *keptHTML) nodeHooks
}

// excerptRule is how an engine finds a post's excerpt. The zero value prefers the front
// matter's to what stands before a mark in the body.
type excerptRule struct {
	// markFirst holds that a mark in the body outranks the front matter.
	markFirst bool
	// keepAsides holds that an excerpt begins with the <aside> that the post begins with.
	keepAsides bool
	// separator ends the excerpt in the body's source: Jekyll's excerpt_separator.
	separator string
}

// site is what an engine knows of the blog as a whole.
type site struct {
	url          *url.URL
	language     string
	languages    map[string]bool
	onlyLanguage string         // the one whose name files may bear, where the blog has no others; "" for none
	loc          *time.Location // of dates without an offset
	permalink    string         // content.permalink
	dir          string         // content.dir, absolute, links resolved
	root         string         // the blog's root folder: where its engine's config is, else dir
	below        string         // the path from the engine's content root to dir, slash-separated; "" where they are one
	mounted      bool           // below is where the engine mounts dir, not where it lies

	seen atomic.Pointer[private.Seen] // the owner's own files, as the last scan saw them
}

// folderEngine takes folders as they are: what most engines do.
type folderEngine struct{ *site }

func (folderEngine) pageAddress(*article) (string, bool) { return "", false }

func (folderEngine) hooks(*linker, *keptHTML) nodeHooks { return nil }

func (folderEngine) resolve(*linker, string) (target, bool) { return target{}, false }

func (folderEngine) folderFile(string) bool { return false }

func (folderEngine) readFolders([]file) folders { return &sourceTexts{} }

func (folderEngine) hasBundles() bool { return false }

func (folderEngine) extensions() []string { return nil }

func (folderEngine) otherMarkup(string) bool { return false }

func (folderEngine) limit(posts []*Post) ([]*Post, []LeftOut) { return posts, nil }

func (folderEngine) copies(string) string { return "" }

func (folderEngine) split(_, text string) (frontMatter, string, int, error) {
	return splitFrontMatter(text)
}

func (e folderEngine) readDate(_ *frontMatter, _, text string) (time.Time, bool) {
	return parseDate(text, e.loc)
}

func (folderEngine) needsTitle() bool { return false }

func (folderEngine) imageAddress(text string) string { return text }

func (folderEngine) placeholder(*article, string) (string, bool) { return "", false }
func (folderEngine) excerpts() excerptRule                       { return excerptRule{} }

func (folderEngine) leavesOut(string) *Omission { return nil }

func (folderEngine) omits(*article) *Omission { return nil }
