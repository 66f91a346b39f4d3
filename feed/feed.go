// Package feed turns posts into RSS 2.0, Atom 1.0 and JSON Feed 1.1 documents and
// writes them.
//
// There are three kinds of feed, each in every configured format: the site's, with
// the newest posts; one per tag under tags/; and one per calendar month under months/,
// as RFC 5005 archives of the site's. A post passes through
//
//	plan.go         which feeds there are and which posts they show
//	incremental.go  which feeds and items can stay as they are
//	builder.go      all feeds, several at a time
//	model.go        one feed of rendered posts, as gorilla/feeds has it and more
//	validate.go     whether an item may be published
//	rss.go, atom.go, json.go  the model as a document
//	disk.go         the document into its place, if its bytes differ
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

	"publisher/content/post"
	"publisher/internal/config"
)

// Item is one post as feeds show it.
type Item struct {
	Post *post.Post
	ID   string // for ever
	// FirstSeen decides between posts of one date; zero where it is not known.
	FirstSeen time.Time
	// Updated is the author's lastmod, else when an edit was first seen, else the date.
	Updated time.Time
}

// Render renders a post. It is called from several goroutines at once. An error other
// than the context's leaves that post out.
type Render func(ctx context.Context, p *post.Post) (*post.Rendering, error)

// Result is what an Update did. Paths are relative to config.yaml's folder, slash-separated.
type Result struct {
	Written   []string
	Unchanged int
	Removed   []string // feeds of tags and months that no longer have posts
	// Documents are all that this Update is responsible for, by path, unchanged ones
	// included. Prune compares them with those of the previous Update.
	Documents []Document
	// LeftOut are the posts that could not be shown, by path. Their items are missing,
	// or are those of an earlier Update.
	LeftOut []LeftOut
	// Memory is what every later Update has to be given.
	// So are Dependencies: those of the renderings in the documents, by path of the post.
	Memory       Memory
	Dependencies map[string]Dependencies
	// Clashes are tags whose feeds do not have the address that their name alone gives.
	Clashes []Clash
}

// LeftOut is a post that could not be shown as it is.
type LeftOut struct {
	Post string // path of the post's file
	Err  error  // why, and what to do: what Render returned, or what makes the item invalid
}

// Document is a file that an Update wrote, or found unchanged.
type Document struct {
	Path   string // as in Result
	SHA256 string // of its bytes, in hex; "" where the feed failed and an older file may be there
	// Inputs is a hash of what the document was made from; "" if not all of that is known.
	Inputs string `json:",omitempty"`
	// Items locates each item in the document; nil if it is not to be used.
	Items []byte `json:",omitempty"`
}

// Error is a feed that was not written; the file that was there still is.
type Error struct {
	Feed string // path as in Result
	Err  error
}

func (e *Error) Error() string { return e.Feed + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Update builds every configured feed from the items (published posts only, in any order)
// and writes those whose bytes differ from the file that is there. It does not build feeds
// whose inputs have not changed since the previous Update, and removes temporary files of
// one that was killed, so no other Update may be running. A fault in one feed does not keep
// the others from being written; all faults are joined.
func Update(ctx context.Context, cfg *config.Config, items []Item, render Render, previous Previous) (Result, error) {
	return update(ctx, cfg, items, render, previous, disk{root: cfg.Dir})
}

// Preview builds every feed as Update does and writes nothing: Written lists what would be.
func Preview(ctx context.Context, cfg *config.Config, items []Item, render Render, memory Memory) (Result, error) {
	return update(ctx, cfg, items, render, Previous{Memory: memory}, disk{root: cfg.Dir, dry: true})
}

func update(ctx context.Context, cfg *config.Config, items []Item, render Render, previous Previous, d disk) (Result, error) {
	memory := previous.Memory.clone()
	plans, clashes := newPlans(cfg, items, &memory)
	dependencies := newDependencies(items, previous.Dependencies, previous.Start)
	b := newBuilder(cfg, plans, dependencies, d)
	if len(b.formats) == 0 {
		return Result{Memory: memory, Clashes: clashes}, nil
	}
	outcomes := b.skip(previous)
	b.cache = newRenderCache(render, b.plans, dependencies)
	outcomes = append(outcomes, b.run(ctx)...)
	slices.SortFunc(outcomes, func(x, y built) int { return strings.Compare(x.Path, y.Path) })

	result := Result{Memory: memory, Dependencies: dependencies.result(items), Clashes: clashes, LeftOut: slices.SortedFunc(maps.Values(b.leftOut), func(x, y LeftOut) int { return strings.Compare(x.Post, y.Post) })}
	errs := []error{context.Cause(ctx)}
	for _, o := range outcomes {
		result.Documents = append(result.Documents, o.Document)
		switch {
		case o.err != nil:
			errs = append(errs, o.err)
		case o.Path == b.stylesheet:
		case o.written:
			result.Written = append(result.Written, o.Path)
		default:
			result.Unchanged++
		}
	}
	return result, errors.Join(errs...)
}
