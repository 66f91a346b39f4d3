package catalog

import (
	"bytes"
	"context"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
)

// record stores what this pass found: new posts, changes, posts that are gone, and, unless
// for FeedsOnly, the numbers of those that have become mailable.
func (c *Catalog) record(ctx context.Context, gone []ledger.Post) error {
	before := make([]ledger.Post, len(c.entries))
	for i := range c.entries {
		before[i] = c.entries[i].Row
		c.updateRow(&c.entries[i])
	}
	if !c.options.FeedsOnly {
		if err := c.promote(ctx); err != nil {
			return err
		}
	}
	if err := c.saveRows(ctx, before, gone); err != nil {
		return err
	}
	if c.isFirst && !c.options.FeedsOnly {
		return passstate.SetFirstPass(ctx, c.Ledger, c.start)
	}
	return nil
}

// updateRow brings a row up to date with its file.
func (c *Catalog) updateRow(e *Entry) {
	row, p := &e.Row, e.Post
	if row.Key == 0 {
		row.FirstSeen = c.start
	} else if !bytes.Equal(row.FileHash, p.FileHash[:]) {
		row.Updated = c.start
		c.counts.Changed++
	}
	row.Path, row.URL, row.Title, row.Date = p.Path, p.URL, p.Title, p.Date
	row.BodyHash, row.FileHash = p.BodyHash[:], p.FileHash[:]
	row.Tags, row.Language, row.Read = p.Tags, c.Config.LanguageOf(p.Language), true
	row.Gone = time.Time{}
	if c.options.FeedsOnly || row.Stage != ledger.Unseen {
		return
	}
	switch {
	case c.isFirst && c.isSinceStart(*e):
		row.Stage = ledger.Released // by the owner, who set digest.start
	case c.isFirst && (c.Published(*e) || c.expired(*e) || c.isInDoubt(*e)):
		row.Stage = ledger.Known
		return
	default: // a draft or a post with a future date at the first pass is new when it is published
		row.Stage = ledger.New
	}
	c.counts.New++
	c.Log.Info("new post", "post", row.ID, "file", c.Path(p.Path))
}

// promote gives numbers to the posts that have become mailable, unless so many come at once
// that a person should look first.
func (c *Catalog) promote(ctx context.Context) error {
	var ready, coming []int
	for i, e := range c.entries {
		waits := e.Row.Stage == ledger.New || e.Row.Stage == ledger.Released
		if !waits || e.Post.FeedOnly || !c.Published(e) {
			continue
		}
		if c.settled(e) {
			if ok, err := c.renders(ctx, e); err != nil {
				return err
			} else if !ok {
				continue // nor does it count toward a flood
			}
		}
		switch {
		case e.Row.Stage == ledger.New:
			coming = append(coming, i)
		case c.settled(e):
			ready = append(ready, i)
		}
	}
	flood := len(coming) > c.Config.Digest.HoldAbove
	for _, i := range coming {
		switch {
		case flood:
			c.entries[i].Row.Stage = ledger.Held
		case c.settled(c.entries[i]):
			ready = append(ready, i)
		}
	}
	if !c.options.NumberNone {
		for _, i := range ready {
			c.entries[i].Row.Stage = ledger.Numbered
		}
	}
	for _, e := range NewestFirst(c.entries) {
		if e.Row.Stage == ledger.Held && c.Published(e) {
			c.held = append(c.held, c.Path(e.Post.Path))
		}
	}
	return nil
}

// saveRows stores the rows that differ, oldest post first, which is the order of numbers.
func (c *Catalog) saveRows(ctx context.Context, before []ledger.Post, gone []ledger.Post) error {
	index := map[string]int{}
	for i, e := range c.entries {
		index[e.Post.Path] = i
	}
	newestFirst := NewestFirst(c.entries)
	var changed []ledger.Post
	var where []int
	for _, e := range slices.Backward(newestFirst) {
		i := index[e.Post.Path]
		if row := c.entries[i].Row; !sameRow(row, before[i]) {
			changed = append(changed, row)
			where = append(where, i)
		}
	}
	for _, row := range gone {
		if row.Gone.IsZero() {
			row.Gone = c.start
			changed = append(changed, row)
			c.counts.Gone++
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := c.Ledger.SavePosts(ctx, changed); err != nil {
		return err
	}
	for n, i := range where {
		c.entries[i].Row = changed[n]
	}
	return nil
}

func sameRow(a, b ledger.Post) bool {
	return a.Key != 0 && a.Key == b.Key && a.ID == b.ID && a.Path == b.Path && a.URL == b.URL && a.Title == b.Title &&
		a.Date.Equal(b.Date) && bytes.Equal(a.BodyHash, b.BodyHash) && bytes.Equal(a.FileHash, b.FileHash) &&
		a.FirstSeen.Equal(b.FirstSeen) && a.Updated.Equal(b.Updated) && a.Gone.Equal(b.Gone) &&
		a.Stage == b.Stage && a.Seq == b.Seq && a.Read == b.Read && a.Language == b.Language && slices.Equal(a.Tags, b.Tags)
}
