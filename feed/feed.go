// Package feed makes RSS 2.0, Atom 1.0 and JSON Feed 1.1 documents of posts and
// writes them.
package feed

import (
	"context"
	"errors"
	"time"

	"publisher/config"
	"publisher/content"
)

// Item is one post as feeds show it.
type Item struct {
	Post *content.Post
	ID   string // for ever
	// Updated is the author's lastmod, else when an edit was first seen, else the date.
	Updated time.Time
}

// Render makes a post's HTML. The caller may remember what it made.
type Render func(ctx context.Context, p *content.Post) (*content.Rendering, error)

// Result says what a Write did; paths are relative to config.yaml's folder, slash-separated.
type Result struct {
	Written   []string
	Unchanged int
	Removed   []string // feeds of tags and months that have no post any more
}

// Error is a feed that was not written; the file that lay there still does.
type Error struct {
	Feed string // path as in Result
	Post string // path of the post at fault; "" where none is
	Err  error
}

func (e *Error) Error() string { return e.Feed + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Write makes every configured feed of the items (published posts only, any
// order) and writes those whose bytes differ from what lies there. A fault in one
// feed does not keep the others from being written; all come back joined.
func Write(ctx context.Context, cfg *config.Config, items []Item, render Render) (Result, error) {
	return Result{}, errors.New("todo")
}

// Preview is Write without writing: Written lists what would be.
func Preview(ctx context.Context, cfg *config.Config, items []Item, render Render) (Result, error) {
	return Result{}, errors.New("todo")
}

// TagURI makes the id of a post from its path and date (RFC 4151). It is what a
// post gets at first sight where its front matter fixes none.
func TagURI(cfg *config.Config, p *content.Post) string { return "" }
