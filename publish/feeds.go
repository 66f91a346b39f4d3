package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"publisher/content"
	"publisher/feed"
	"publisher/ledger"
)

// feedFile is one feed as it was left: while size and time are still those, it
// need not be made again to know that it is unchanged.
type feedFile struct {
	feed.Document
	Size    int64
	ModTime time.Time
}

// feedMemo is what the ledger remembers of the feeds.
type feedMemo struct {
	Settings string // what else than posts is in them
	Feeds    int    // how many of the files are feeds
	Files    []feedFile
	Follows  map[string]follows `json:",omitempty"` // by the posts' paths
	LeftOut  []content.Problem  `json:",omitempty"` // of posts that feeds could not show
}

// writeFeeds makes the feeds of all published posts. A feed that fails is in
// the report; the others are written, and the mail goes out.
func (s *pass) writeFeeds(ctx context.Context) error {
	last, err := s.lastFeeds(ctx)
	if err != nil {
		return err
	}
	if s.quiet && last.Settings == s.feedSettings() && s.intact(last.Files) && s.asFollowed(last) {
		s.report.Feeds.Unchanged = last.Feeds
		for _, problem := range last.LeftOut {
			s.leaveOut(problem)
		}
		s.report.sortWarnings()
		s.feedsDone = true
		return nil
	}
	if err := s.recall(ctx); err != nil {
		return err
	}
	memory, err := s.feedMemory(ctx)
	if err != nil {
		return err
	}
	var result feed.Result
	if s.live {
		earlier := s.earlierFeeds(last)
		earlier.Memory = memory
		result, err = feed.Update(ctx, s.cfg, s.feedItems(), s.render, earlier)
	} else {
		result, err = feed.Preview(ctx, s.cfg, s.feedItems(), s.render, memory)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.failFeeds(err)
	}
	s.leaveOutOfFeeds(result.LeftOut)
	s.clashes = result.Clashes
	s.report.sortWarnings()
	s.report.Feeds.Unchanged = result.Unchanged
	s.report.Feeds.Written = append(s.report.Feeds.Written, result.Written...)
	if !s.live {
		s.report.Feeds.Removed = stale(last, result)
		return nil
	}
	s.feedsDone = err == nil
	if err := s.saveFeedMemory(ctx, result.Memory); err != nil {
		return err
	}
	return s.rememberFeeds(ctx, last, result, err == nil)
}

// stale lists the feeds that no post would be left of.
func stale(last feedMemo, next feed.Result) []string {
	var paths []string
	for _, f := range last.Files {
		if !slices.ContainsFunc(next.Documents, func(d feed.Document) bool { return d.Path == f.Path }) {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// feedSettings is all but the posts that decides what is in a feed.
func (s *pass) feedSettings() string {
	site := s.cfg.Site
	settings := fmt.Sprintf("%q %q %q %q %q %q %v %+v", s.build, site.Title, site.URL, site.Description, site.Language, site.Timezone, site.Author, s.cfg.Feeds)
	for _, l := range s.cfg.Languages {
		settings += fmt.Sprintf(" %q %q %q %q %q", l.Folder, l.Tag, l.Title, l.Description, l.URL)
	}
	return settings
}

func (s *pass) feedItems() []feed.Item {
	var items []feed.Item
	for _, e := range s.entries {
		if s.published(e) {
			items = append(items, feed.Item{Post: e.post, ID: e.row.ID, FirstSeen: e.row.FirstSeen, Updated: updated(e)})
		}
	}
	return items
}

// updated is the author's lastmod, else when an edit was first seen, else the date.
func updated(e entry) time.Time {
	switch {
	case !e.post.Updated.IsZero():
		return e.post.Updated
	case !e.row.Updated.IsZero() && e.row.Updated.After(e.post.Date):
		return e.row.Updated.Truncate(time.Second).In(e.post.Date.Location())
	}
	return e.post.Date
}

func (s *pass) failFeeds(err error) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, one := range joined.Unwrap() {
			s.report.fail(one)
		}
		return
	}
	s.report.fail(err)
}

func (s *pass) lastFeeds(ctx context.Context) (last feedMemo, err error) {
	data, err := s.ledger.Memo(ctx, memoFeeds)
	if err != nil || data == nil {
		return last, err
	}
	if err := json.Unmarshal(data, &last); err != nil {
		return last, fmt.Errorf("the ledger's list of feeds: %w", err)
	}
	return last, nil
}

func (s *pass) intact(files []feedFile) bool {
	for _, f := range files {
		info, err := os.Stat(s.cfg.Path(f.Path))
		if err != nil || info.Size() != f.Size || !info.ModTime().Equal(f.ModTime) {
			return false
		}
	}
	return len(files) > 0 || s.cfg.Feeds.RSS+s.cfg.Feeds.Atom+s.cfg.Feeds.JSON == ""
}

// rememberFeeds removes the feeds of tags and months that no post is left of,
// and notes those that exist now. After a fault none counts as intact: the next
// pass makes them all again.
func (s *pass) rememberFeeds(ctx context.Context, last feedMemo, result feed.Result, whole bool) error {
	earlier := make([]feed.Document, len(last.Files))
	for i, f := range last.Files {
		earlier[i] = f.Document
	}
	removed, err := feed.Prune(s.cfg, earlier, result.Documents)
	if err != nil {
		s.failFeeds(err)
	}
	s.report.Feeds.Removed = append(s.report.Feeds.Removed, removed...)
	next := feedMemo{Settings: s.feedSettings(), Feeds: result.Unchanged + len(result.Written), Files: make([]feedFile, len(result.Documents)), Follows: s.followed(last), LeftOut: s.problemsLeftOut()}
	for i, doc := range result.Documents {
		next.Files[i].Document = doc
		if info, err := os.Stat(s.cfg.Path(doc.Path)); err == nil && whole {
			next.Files[i].Size, next.Files[i].ModTime = info.Size(), info.ModTime()
		}
	}
	return s.saveFeeds(ctx, next)
}

func (s *pass) saveFeeds(ctx context.Context, next feedMemo) error {
	data, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("remembering the feeds: %w", err)
	}
	if old, err := s.ledger.Memo(ctx, memoFeeds); err != nil || bytes.Equal(old, data) {
		return err
	}
	return s.ledger.SetMemo(ctx, memoFeeds, data)
}

// mailedPosts are the ids of the posts that some edition had.
func mailedPosts(ctx context.Context, l *ledger.Ledger) (map[string]bool, error) {
	editions, err := l.Editions(ctx)
	if err != nil {
		return nil, err
	}
	mailed := map[string]bool{}
	for _, e := range editions {
		for _, id := range e.Posts {
			mailed[id] = true
		}
	}
	return mailed, nil
}
