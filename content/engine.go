package content

import (
	"net/url"
	"sync/atomic"
	"time"

	"publisher/content/kramdown"
	"publisher/content/pymarkdown"
	"publisher/internal/config"
	"publisher/internal/private"
)

// engine is what differs between blog engines. One file per engine.
type engine interface {
	// covers tells by the path alone whether a file can be a post.
	covers(path string) bool
	// prepare lets folders and settings fill what the front matter leaves open,
	// and finds the language that the path says, before any field is read.
	prepare(a *article, s *sections)
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
	// address is the post's path on the site, beginning with a slash, or an
	// absolute URL where the author wrote one.
	address(a *article) string
	// slugify makes a path element of a text.
	slugify(text string) string
	// writing says how the engine reads Markdown and marks excerpts.
	writing() writing
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

// writing is an engine's way with Markdown and excerpts.
type writing struct {
	// pythonMarkdown are the settings of the parser that Pelican has; nil for other parsers.
	pythonMarkdown *pymarkdown.Options
	// budget is that of the post.
	budget *budget
	// markdownIt holds that two tildes strike out, not one.
	markdownIt bool
	// bareLinks holds that a bare address is text, not a link.
	bareLinks bool
	// boxes takes ::: lines for the fences of containers.
	boxes bool
	// smart makes typographic quotes and dashes.
	smart bool
	// summaryKeys are the front matter keys that hold an excerpt.
	summaryKeys []string
	// markFirst holds that a mark in the body outranks the front matter.
	markFirst bool
	// headings says how ids are made.
	headings headingStyle
	// emoji makes characters of :names:.
	emoji bool
	// hardWraps makes a line break of each line's end.
	hardWraps bool
	// noIndented holds that four spaces make no code.
	noIndented bool
	// noMath holds that the engine knows no formulas: TeX is text to it.
	noMath bool
	// passthrough are Hugo's delimiters of what stays as it is; "" for none.
	passthrough string
	// noRaw holds that the engine leaves HTML out that stands in Markdown.
	noRaw bool
	// rawLeftOut, if not nil, is set where that has happened.
	rawLeftOut *bool
	// hooks make HTML of images, links, headings and code; nil for none.
	hooks nodeHooks
	// kramdown are the settings of the parser that Jekyll has; nil for other parsers.
	kramdown *kramdown.Options
	// marks are those that Hugo's extras add.
	marks marks
	// keepAsides holds that an excerpt begins with the <aside> that the post begins with.
	keepAsides bool
	// plainAlerts holds that alerts are text, or left to the blog's own hooks.
	plainAlerts bool
	// markup are extensions that a blog turns off, and Hugo's other settings.
	markup markup
	// noStrike holds that ~~ is text.
	noStrike bool
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

func (folderEngine) leavesOut(string) *Omission { return nil }

func (folderEngine) omits(*article) *Omission { return nil }

// newEngine builds a dialect's rules over the settings that its own config gives.
func newEngine(d config.Dialect, s *site, own *ownConfig) engine {
	switch d {
	case config.Hugo:
		return newHugo(s, own)
	case config.Jekyll:
		return newJekyll(s, own)
	case config.Pelican:
		return newPelican(s, own)
	case config.Zola:
		return newZola(s, own)
	case config.Eleventy:
		return newEleventy(s, own)
	}
	return newMarkdown(s)
}
