package publish

import (
	"bytes"
	"context"
	"slices"
	"time"

	"publisher/internal/ledger"
)

// State is where a post stands, as `publisher posts` shows it.
type State string

// The states of the contract.
const (
	StateKnown     State = "known"     // was there before the first pass
	StateNew       State = "new"       // the next edition has it
	StateSettling  State = "settling"  // its file changed a moment ago
	StateMailed    State = "mailed"    // an edition had it
	StateHeld      State = "held"      // the flood guard, or a setting that cannot be known, waits for a person
	StateScheduled State = "scheduled" // its date lies ahead
	StateDraft     State = "draft"
	StateExpired   State = "expired"
	StateFeedOnly  State = "feed-only" // the author keeps it out of mail
)

// state tells where a post stands now. mailed says whether an edition had it.
func (s *pass) state(e entry, mailed bool) State {
	switch {
	case e.post.Draft:
		return StateDraft
	case e.post.Held != nil:
		return StateHeld
	case e.post.Date.After(s.start):
		return StateScheduled
	case s.expired(e):
		return StateExpired
	case mailed:
		return StateMailed
	case e.post.FeedOnly:
		return StateFeedOnly
	}
	switch e.row.Stage {
	case ledger.Known:
		return StateKnown
	case ledger.Held:
		return StateHeld
	case ledger.Unseen:
		if s.isFirst && !s.namedByStart(e) {
			return StateKnown
		}
	case ledger.Numbered:
		return StateNew
	}
	if !s.settled(e) {
		return StateSettling
	}
	return StateNew
}

// published reports whether feeds and digests may show the post now.
func (s *pass) published(e entry) bool {
	return !e.post.Draft && e.post.Held == nil && !e.post.Date.After(s.start) && !s.expired(e)
}

// inDoubt reports that only a setting of the engine's holds a post back whose date
// has come: at the first pass, readers may have had it for long.
func (s *pass) inDoubt(e entry) bool {
	return e.post.Held != nil && !e.post.Draft && !e.post.Date.After(s.start)
}

func (s *pass) expired(e entry) bool {
	return !e.post.Expires.IsZero() && !e.post.Expires.After(s.start)
}

// settled reports that the file has not changed for digest.settle. A time in
// the future (a clock that was wrong) counts from when the post was first seen; where
// that lies ahead as well, the clock was wrong then, and nobody knows better.
func (s *pass) settled(e entry) bool {
	changed := e.post.ModTime
	if changed.After(s.start) {
		changed = e.row.FirstSeen
	}
	return changed.After(s.start) || s.start.Sub(changed) >= s.cfg.Digest.Settle
}

// namedByStart reports that digest.start makes a post of the first pass new.
func (s *pass) namedByStart(e entry) bool {
	return !s.cfg.Digest.Start.IsZero() && !e.post.Date.Before(s.cfg.Digest.Start)
}

// remember writes down what this pass learned: new posts, changes, which are
// gone, and, save for `feeds`, who gets a number.
func (s *pass) remember(ctx context.Context, r reconciliation) error {
	before := make([]ledger.Post, len(s.entries))
	for i := range s.entries {
		before[i] = s.entries[i].row
		s.update(&s.entries[i])
	}
	if !s.feedsOnly {
		if err := s.promote(ctx); err != nil {
			return err
		}
	}
	if err := s.save(ctx, before, r.gone); err != nil {
		return err
	}
	if s.isFirst && !s.feedsOnly {
		if err := s.ledger.SetFirstPass(ctx, s.start); err != nil {
			return err
		}
	}
	return nil
}

// update brings a row up to what its file says now.
func (s *pass) update(e *entry) {
	row, p := &e.row, e.post
	if row.Key == 0 {
		row.FirstSeen = s.start
	} else if !bytes.Equal(row.FileHash, p.FileHash[:]) {
		row.Updated = s.start
		s.report.Posts.Changed++
	}
	row.Path, row.URL, row.Title, row.Date = p.Path, p.URL, p.Title, p.Date
	row.BodyHash, row.FileHash = p.BodyHash[:], p.FileHash[:]
	row.Tags, row.Language, row.Read = p.Tags, s.cfg.LanguageOf(p.Language), true
	row.Gone = time.Time{}
	if s.feedsOnly || row.Stage != ledger.Unseen {
		return
	}
	switch {
	case s.isFirst && s.namedByStart(*e):
		row.Stage = ledger.Released // by the owner, who named its date
	case s.isFirst && (s.published(*e) || s.expired(*e) || s.inDoubt(*e)):
		row.Stage = ledger.Known
		return
	default: // what waits for its date or its author at the first pass is new when it comes
		row.Stage = ledger.New
	}
	s.report.Posts.New++
	s.log.Info("new post", "post", row.ID, "file", s.contentPath(p.Path))
}

// promote gives numbers to the posts that have become mailable, unless so many
// come at once that a person should look first.
func (s *pass) promote(ctx context.Context) error {
	var ready, coming []int
	for i, e := range s.entries {
		waits := e.row.Stage == ledger.New || e.row.Stage == ledger.Released
		if !waits || e.post.FeedOnly || !s.published(e) {
			continue
		}
		if s.settled(e) {
			if ok, err := s.renders(ctx, e); err != nil {
				return err
			} else if !ok {
				continue // it is no flood either
			}
		}
		switch {
		case e.row.Stage == ledger.New:
			coming = append(coming, i)
		case s.settled(e):
			ready = append(ready, i)
		}
	}
	flood := len(coming) > s.cfg.Digest.HoldAbove
	for _, i := range coming {
		switch {
		case flood:
			s.entries[i].row.Stage = ledger.Held
		case s.settled(s.entries[i]):
			ready = append(ready, i)
		}
	}
	if s.listUnread {
		ready = nil // whoever was added together with a post is to get it
	}
	for _, i := range ready {
		s.entries[i].row.Stage = ledger.Numbered
	}
	for _, e := range byNewest(s.entries) {
		if e.row.Stage == ledger.Held && s.published(e) {
			s.report.Held = append(s.report.Held, s.contentPath(e.post.Path))
		}
	}
	return nil
}

// save stores the rows that differ, oldest post first: that is the order of numbers.
func (s *pass) save(ctx context.Context, before []ledger.Post, gone []ledger.Post) error {
	index := map[string]int{}
	for i, e := range s.entries {
		index[e.post.Path] = i
	}
	oldestFirst := byNewest(s.entries)
	var changed []ledger.Post
	var where []int
	for n := len(oldestFirst) - 1; n >= 0; n-- {
		i := index[oldestFirst[n].post.Path]
		if row := s.entries[i].row; !sameRow(row, before[i]) {
			changed = append(changed, row)
			where = append(where, i)
		}
	}
	for _, row := range gone {
		if row.Gone.IsZero() {
			row.Gone = s.start
			changed = append(changed, row)
			s.report.Posts.Gone++
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := s.ledger.SavePosts(ctx, changed); err != nil {
		return err
	}
	for n, i := range where {
		s.entries[i].row = changed[n]
	}
	return nil
}

func sameRow(a, b ledger.Post) bool {
	return a.Key != 0 && a.Key == b.Key && a.ID == b.ID && a.Path == b.Path && a.URL == b.URL && a.Title == b.Title &&
		a.Date.Equal(b.Date) && bytes.Equal(a.BodyHash, b.BodyHash) && bytes.Equal(a.FileHash, b.FileHash) &&
		a.FirstSeen.Equal(b.FirstSeen) && a.Updated.Equal(b.Updated) && a.Gone.Equal(b.Gone) &&
		a.Stage == b.Stage && a.Seq == b.Seq && a.Read == b.Read && a.Language == b.Language && slices.Equal(a.Tags, b.Tags)
}
