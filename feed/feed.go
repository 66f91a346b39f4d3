// Package feed makes RSS 2.0, Atom 1.0 and JSON Feed 1.1 documents of posts and
// writes them.
//
// Three kinds of feed are made, each in every configured format: the site's, of
// the newest posts; one per tag under tags/; and, as RFC 5005 archives of the
// site's, one per calendar month under months/. The way of a post is
//
//	outline  which feeds there are and which posts they show
//	model    one feed of rendered posts, as gorilla/feeds sees it and more
//	gate     whether an item may be published
//	rss, atom, json  the model as a document
//	disk     the document into its place, if it differs from what lies there
//
// Nothing in a document comes from the clock, the machine's time zone or the
// order of a map: the same posts and config give the same bytes.
package feed

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"publisher/config"
	"publisher/content"
)

// Item is one post as feeds show it.
type Item struct {
	Post *content.Post
	ID   string // for ever
	// FirstSeen decides between posts of one date; zero where it is not known.
	FirstSeen time.Time
	// Updated is the author's lastmod, else when an edit was first seen, else the date.
	Updated time.Time
}

// Render makes a post's HTML. The caller may remember what it made. It is
// called from several goroutines at once. An error other than the context's leaves
// that post out.
type Render func(ctx context.Context, p *content.Post) (*content.Rendering, error)

// Result says what a Write did; paths are relative to config.yaml's folder, slash-separated.
type Result struct {
	Written   []string
	Unchanged int
	Removed   []string // feeds of tags and months that have no post any more
	// Documents are all that this Write answers for, by path, unchanged ones
	// included. Kept until the next Write, they let Prune tell what is stale.
	Documents []Document
	// LeftOut are the posts that could not be shown, by path: their items are missing,
	// or are those of an earlier Write.
	LeftOut []LeftOut
	// Memory is what the next Write needs to know, for ever.
	Memory Memory
	// Clashes are tags whose feeds have other addresses than their names alone give.
	Clashes []Clash
}

// LeftOut is a post that cannot be shown as it is.
type LeftOut struct {
	Post string // path of the post's file
	Err  error  // why, and what to do: what Render returned, or what makes the item invalid
}

// Document is a file that a Write made or found as it should be.
type Document struct {
	Path   string // as in Result
	SHA256 string // of its bytes, in hex; "" where the feed failed and an older file may lie there
	// Inputs is a hash of what the document is made of; "" where that is not all known.
	Inputs string `json:",omitempty"`
	// Items says where in the document which item stands; nil where nobody is to use it.
	Items []byte `json:",omitempty"`
}

// Error is a feed that was not written; the file that lay there still does.
type Error struct {
	Feed string // path as in Result
	Err  error
}

func (e *Error) Error() string { return e.Feed + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Write makes every configured feed of the items (published posts only, any
// order) and writes those whose bytes differ from what lies there. A fault in one
// feed does not keep the others from being written; all come back joined.
func Write(ctx context.Context, cfg *config.Config, items []Item, render Render) (Result, error) {
	return publish(ctx, cfg, items, render, Earlier{}, disk{root: cfg.Dir})
}

// Update is Write, but leaves feeds alone whose inputs are those of the Write
// before, and clears away what a dead one has left. No other may be under way.
func Update(ctx context.Context, cfg *config.Config, items []Item, render Render, earlier Earlier) (Result, error) {
	return publish(ctx, cfg, items, render, earlier, disk{root: cfg.Dir, alone: true})
}

// Preview is Write without writing: Written lists what would be.
func Preview(ctx context.Context, cfg *config.Config, items []Item, render Render, memory Memory) (Result, error) {
	return publish(ctx, cfg, items, render, Earlier{Memory: memory}, disk{root: cfg.Dir, dry: true})
}

// publish makes and stores all feeds.
func publish(ctx context.Context, cfg *config.Config, items []Item, render Render, earlier Earlier, d disk) (Result, error) {
	memory := earlier.Memory.clone()
	plan, clashes := outlines(cfg, items, &memory)
	p := newPress(cfg, plan, d)
	if len(p.formats) == 0 {
		return Result{Memory: memory, Clashes: clashes}, nil
	}
	outcomes := p.skip(earlier)
	p.shelf = newShelf(render, p.outlines, earlier.Rests)
	outcomes = append(outcomes, p.run(ctx)...)
	slices.SortFunc(outcomes, func(a, b outcome) int { return strings.Compare(a.Path, b.Path) })

	result := Result{Memory: memory, Clashes: clashes, LeftOut: slices.SortedFunc(maps.Values(p.leftOut), func(a, b LeftOut) int { return strings.Compare(a.Post, b.Post) })}
	errs := []error{context.Cause(ctx)}
	for _, o := range outcomes {
		result.Documents = append(result.Documents, o.Document)
		switch {
		case o.err != nil:
			errs = append(errs, o.err)
		case o.Path == p.stylesheet:
		case o.written:
			result.Written = append(result.Written, o.Path)
		default:
			result.Unchanged++
		}
	}
	return result, errors.Join(errs...)
}
