package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"publisher/content"
	"publisher/feed"
	"publisher/internal/ledger"
)

// writeFeeds makes the feeds of all published posts. A feed that fails is in
// the report; the others are written, and the mail goes out.
func (s *pass) writeFeeds(ctx context.Context) error {
	last, err := s.ledger.FeedState(ctx)
	if err != nil {
		return err
	}
	if s.quiet && last.Settings == s.feedSettings() && s.intact(last.Files) && s.asFollowed(last) {
		s.report.Feeds.Unchanged = last.Feeds
		for _, problem := range contentProblems(last.LeftOut) {
			s.leaveOut(problem)
		}
		s.report.SortWarnings()
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
	s.report.SortWarnings()
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
func stale(last ledger.FeedState, next feed.Result) []string {
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
			s.report.Fail(one)
		}
		return
	}
	s.report.Fail(err)
}

func (s *pass) intact(files []ledger.FeedFile) bool {
	for _, f := range files {
		info, err := os.Stat(s.cfg.Path(f.Path))
		if err != nil || info.Size() != f.Size || !info.ModTime().Equal(f.Modified) {
			return false
		}
	}
	return len(files) > 0 || s.cfg.Feeds.RSS+s.cfg.Feeds.Atom+s.cfg.Feeds.JSON == ""
}

// rememberFeeds removes the feeds of tags and months that no post is left of,
// and notes those that exist now. After a fault none counts as intact: the next
// pass makes them all again.
func (s *pass) rememberFeeds(ctx context.Context, last ledger.FeedState, result feed.Result, whole bool) error {
	earlier := make([]feed.Document, len(last.Files))
	for i, f := range last.Files {
		earlier[i] = feed.Document(f.FeedDocument)
	}
	removed, err := feed.Prune(s.cfg, earlier, result.Documents)
	if err != nil {
		s.failFeeds(err)
	}
	s.report.Feeds.Removed = append(s.report.Feeds.Removed, removed...)
	next := ledger.FeedState{Settings: s.feedSettings(), Feeds: result.Unchanged + len(result.Written),
		Files: make([]ledger.FeedFile, len(result.Documents)), Dependencies: s.followed(last), LeftOut: ledgerProblems(s.problemsLeftOut())}
	for i, doc := range result.Documents {
		next.Files[i].FeedDocument = ledger.FeedDocument(doc)
		if info, err := os.Stat(s.cfg.Path(doc.Path)); err == nil && whole {
			next.Files[i].Size, next.Files[i].Modified = info.Size(), info.ModTime()
		}
	}
	return s.ledger.SaveFeedState(ctx, next)
}

// ledgerProblems are problems as the ledger keeps them, and contentProblems as they were.
func ledgerProblems(all []content.Problem) []ledger.Problem {
	var kept []ledger.Problem
	for _, p := range all {
		kept = append(kept, ledger.Problem(p))
	}
	return kept
}

func contentProblems(kept []ledger.Problem) []content.Problem {
	var all []content.Problem
	for _, p := range kept {
		all = append(all, content.Problem(p))
	}
	return all
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
