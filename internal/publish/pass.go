package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/content"
	"publisher/feed"
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
	"publisher/templates"
)

// pass is one pass underway: on the ledger itself (live), or on a copy of it,
// where nothing leaves the program.
type pass struct {
	*Publisher
	live      bool
	feedsOnly bool
	start     time.Time
	tree      *content.Tree
	templates *templates.Set
	ledger    *ledger.Ledger
	report    *report.Pass

	first    time.Time // when the first pass was; this one's start until there was one
	isFirst  bool
	entries  []entry
	mailable []entry               // those of them that an edition may have, newest first
	newest   int64                 // the highest number given when the entries were
	numbers  []ledger.NumberedPost // all that have one
	bySeq    map[int64]entry       // those of them that are in the tree
	found    *content.Scan
	scanID   string                // tells the remembered scan from others
	doubts   []content.Problem     // what is wrong with posts beyond their own files
	quiet    bool                  // nothing has changed since the last pass, and nothing has come of age
	note     *ledger.UnchangedNote // of a quiet pass on the ledger itself
	surveyed bool                  // entries and mailable are known: not yet in a quiet pass
	// listUnread says that subscribers.file could not be read, so no post may get a number.
	listUnread bool
	// feedsDone says that the feeds are as they should be.
	feedsDone bool
	// interrupted counts, by edition, the deliveries of which nobody knows whether the
	// server took them: found by this pass, and held or sent again.
	interrupted map[int64]int
	joined      int // later surveys that joined this pass's mail

	renderMu sync.Mutex // feeds are rendered by several goroutines
	rendered map[string]*content.Rendering
	// renderWarned are the posts, by path, that rendering found something to mend in.
	renderWarned map[string]bool
	// unrenderable are the posts, by path, that could not be rendered, and leftOut those
	// that the report tells of.
	unrenderable map[string]*content.RenderError
	leftOut      map[string]content.Problem
	clashes      []feed.Clash                   // of tags
	follows      map[string]ledger.Dependencies // of the renderings for feeds, by path
}

// run is the whole pass, in the order that keeps its promises: subscribers
// before posts get numbers, feeds before the mail that links to the site.
func (s *pass) run(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	later, stop := s.surveyMeanwhile(ctx)
	err := s.mail(ctx, later)
	stop()
	if err != nil {
		return err
	}
	n, err := s.ledger.CountSubscribers(ctx, ledger.Active)
	if err != nil {
		return err
	}
	s.report.Subscribers = &n
	s.report.SortWarnings()
	return nil
}

// prepare is all of a pass but the mail.
func (s *pass) prepare(ctx context.Context) error {
	if err := s.readSubscribers(ctx); err != nil {
		return err
	}
	if err := s.survey(ctx); err != nil {
		return err
	}
	return s.feeds(ctx)
}

// readSubscribers brings the ledger up to date with subscribers.file.
func (s *pass) readSubscribers(ctx context.Context) error {
	read, err := subscribers.NewFile(s.cfg, s.ledger, s.build).Read(ctx, s.start)
	if err != nil {
		return err
	}
	s.report.Warnings = append(s.report.Warnings, read.Warnings...)
	s.report.Missing = read.Missing
	if read.Unread != nil {
		s.listUnread = true
		s.report.Fail(read.Unread)
	}
	return nil
}

// feeds brings the feeds up to date, and remembers that all is done.
func (s *pass) feeds(ctx context.Context) error {
	if err := s.writeFeeds(ctx); err != nil {
		return err
	}
	if err := s.noteQuiet(ctx); err != nil {
		return err
	}
	return s.tellHubs(ctx)
}

// survey scans the tree and settles how each post stands.
func (s *pass) survey(ctx context.Context) error {
	if err := s.loadFirstPass(ctx); err != nil {
		return err
	}
	if err := s.shareOut(ctx); err != nil {
		return err
	}
	scan, err := s.scan(ctx)
	if err != nil {
		return err
	}
	s.found = scan
	s.addProblems(s.report, scan.Problems)
	s.report.Posts.Total = len(scan.Posts)
	s.report.Posts.Invalid = scan.Invalid
	note, err := s.quietSince(ctx, scan)
	if err != nil {
		return err
	}
	s.quiet = note != nil
	if s.quiet && s.live {
		s.note = note
		s.addDoubts(contentProblems(note.Problems))
	} else if err := s.stand(ctx); err != nil {
		return err
	}
	if s.newest, err = s.ledger.NewestNumber(ctx); err != nil {
		return err
	}
	s.report.SortWarnings()
	if err := s.forgetInputs(ctx, scan); err != nil {
		return err
	}
	return s.saveScan(ctx, scan)
}

// stand finds the posts in the ledger and remembers how they stand now.
func (s *pass) stand(ctx context.Context) error {
	r, err := s.compare(ctx)
	if err != nil {
		return err
	}
	s.addDoubts(r.problems)
	if err := s.remember(ctx, r); err != nil {
		return err
	}
	return s.learnNumbers(ctx)
}

// addDoubts reports what is wrong with posts beyond their own files.
func (s *pass) addDoubts(problems []content.Problem) {
	s.doubts = problems
	s.addProblems(s.report, problems)
	for _, problem := range problems {
		if problem.Invalid {
			s.report.Posts.Invalid++
			s.report.Posts.Total--
		}
	}
}

// compare finds for each post of the scan what the ledger remembers of it.
func (s *pass) compare(ctx context.Context) (reconciliation, error) {
	rows, err := s.ledger.Posts(ctx)
	if err != nil {
		return reconciliation{}, err
	}
	r := s.match(rows, s.found)
	s.entries, s.surveyed = r.entries, true
	return r, nil
}

func (s *pass) match(rows []ledger.Post, scan *content.Scan) reconciliation {
	unread := map[string]bool{}
	for _, problem := range scan.Problems {
		if problem.Invalid {
			unread[problem.Path] = true
		}
	}
	return reconcile(rows, scan.Posts, func(p string) bool { return unread[p] }, identity{s.cfg})
}

func (s *pass) scan(ctx context.Context) (*content.Scan, error) {
	data, err := s.ledger.ScanSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	var last *content.Snapshot
	if data != nil {
		last = new(content.Snapshot)
		if last.UnmarshalBinary(data) != nil {
			last = nil // written by another version: read every file again
		}
		s.scanID = scanID(data)
	}
	var scan *content.Scan
	err = untilStopped(ctx, func() (err error) {
		scan, err = s.tree.Scan(ctx, last, s.build)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scanning %s: %w", s.cfg.Content.Dir, err)
	}
	return scan, nil
}

// saveScan remembers the scan, unless the last one has told the same without reading a file.
func (s *pass) saveScan(ctx context.Context, scan *content.Scan) error {
	if scan.Same && scan.Read == 0 {
		return nil
	}
	data, err := scan.Snapshot.MarshalBinary()
	if err != nil {
		return fmt.Errorf("remembering the scan: %w", err)
	}
	s.scanID = scanID(data)
	scan.Snapshot = nil
	return s.ledger.SaveScanSnapshot(ctx, data)
}

// scanID is a snapshot's length and the checksum at its end; each has its own time in it.
func scanID(data []byte) string { return fmt.Sprintf("%d %x", len(data), data[max(0, len(data)-4):]) }

func (s *pass) loadFirstPass(ctx context.Context) error {
	first, err := s.ledger.FirstPass(ctx)
	if err != nil {
		return err
	}
	if first.IsZero() {
		s.first, s.isFirst = s.start, true
		return nil
	}
	s.first = first
	return nil
}

// render makes a post's HTML, once in a pass.
func (s *pass) render(ctx context.Context, p *content.Post) (*content.Rendering, error) {
	s.renderMu.Lock()
	r, ok := s.rendered[p.Path]
	failed := s.unrenderable[p.Path]
	s.renderMu.Unlock()
	if ok {
		return r, nil
	} else if failed != nil {
		return nil, failed
	}
	var problems []content.Problem
	err := untilStopped(ctx, func() (err error) {
		r, problems, err = s.tree.Render(ctx, p)
		return err
	})
	if err != nil {
		return nil, s.renderFailed(p, err)
	}
	s.renderMu.Lock()
	defer s.renderMu.Unlock()
	s.addProblems(s.report, problems)
	if len(problems) > 0 {
		s.renderWarned[p.Path] = true
	}
	if len(s.rendered) < renderedMost {
		s.rendered[p.Path] = r
	}
	return r, nil
}

// renderedMost bounds the memory that renderings take in one pass.
const renderedMost = 200

// contentPath makes a path of the content tree one relative to config.yaml's folder.
func (p *Publisher) contentPath(rel string) string {
	if rel == "" {
		return filepath.ToSlash(p.cfg.Content.Dir)
	}
	return path.Join(filepath.ToSlash(p.cfg.Content.Dir), rel)
}

// addProblems takes over what the content tree found, paths made relative to
// config.yaml's folder so that an editor can open them.
func (p *Publisher) addProblems(r *report.Pass, problems []content.Problem) {
	for _, problem := range problems {
		r.Warn(p.contentPath(problem.Path), problem.Line, problem.Message)
	}
}

// DSN is the ledger's address with its path made absolute.
func DSN(cfg *config.Config) string {
	if file, ok := strings.CutPrefix(cfg.Ledger, "sqlite:"); ok {
		return "sqlite:" + cfg.Path(file)
	}
	return cfg.Ledger
}

var errNoPosts = errors.New("there is no post to show yet")

// byNewest sorts posts as digests and listings show them.
func byNewest(entries []entry) []entry {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b entry) int {
		return cmp.Or(b.post.Date.Compare(a.post.Date), b.row.FirstSeen.Compare(a.row.FirstSeen), strings.Compare(a.post.Path, b.post.Path))
	})
	return sorted
}
