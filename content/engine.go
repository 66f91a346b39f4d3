package content

import (
	"net/url"
	"sync/atomic"
	"time"

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

func (folderEngine) resolve(*linker, string) (target, bool) { return target{}, false }

func (folderEngine) excerpts() excerptRule { return excerptRule{} }

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
