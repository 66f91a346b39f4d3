package catalog

import (
	"context"
	"fmt"
	"slices"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/ledger/passstate"
)

// Survey scans the tree, recognizes each post, and gives numbers to those that have become
// mailable.
func (c *Catalog) Survey(ctx context.Context, o Options) error {
	c.options = o
	if err := c.readFirstPass(ctx); err != nil {
		return err
	}
	if err := c.setDigestLanguages(ctx); err != nil {
		return err
	}
	if err := c.readFollowed(ctx); err != nil {
		return err
	}
	scan, err := c.scanTree(ctx)
	if err != nil {
		return err
	}
	c.scan = scan
	c.warn(scan.Problems)
	c.counts.Total, c.counts.Invalid = len(scan.Posts), scan.Invalid
	note, err := c.validNote(ctx)
	if err != nil {
		return err
	}
	c.unchanged = note != nil
	if c.unchanged && !o.LoadAll {
		c.note = note
		c.setPostProblems(ContentProblems(note.Problems))
	} else if err := c.update(ctx); err != nil {
		return err
	}
	if c.numbering.newest, err = c.Ledger.NewestNumber(ctx); err != nil {
		return err
	}
	if scan.Read == len(scan.Posts) {
		// The settings of the blog's engine may have changed, so every feed has to be built again.
		// That is recorded before the scan is.
		if err := c.Memory.ForgetFeedInputs(ctx); err != nil {
			return err
		}
	}
	return c.saveScan(ctx)
}

// update recognizes the posts and records how they are now.
func (c *Catalog) update(ctx context.Context) error {
	m, err := c.match(ctx)
	if err != nil {
		return err
	}
	if err := c.checkLack(m); err != nil {
		return err
	}
	c.setPostProblems(m.problems)
	if c.options.Follow {
		return nil
	}
	if err := c.record(ctx, m.gone); err != nil {
		return err
	}
	return c.loadNumbers(ctx)
}

// Load loads the posts if nothing has changed since the last pass, so that Survey left them
// in the ledger.
func (c *Catalog) Load(ctx context.Context) error {
	if c.loaded {
		return nil
	}
	if _, err := c.match(ctx); err != nil {
		return err
	}
	return c.loadNumbers(ctx)
}

// match finds for each post of the scan what the ledger has of it.
func (c *Catalog) match(ctx context.Context) (matches, error) {
	rows, err := c.Ledger.Posts(ctx)
	if err != nil {
		return matches{}, err
	}
	unread := map[string]bool{}
	for _, problem := range c.scan.Problems {
		if problem.Invalid {
			unread[problem.Path] = true
		}
	}
	m := recognize(rows, c.scan.Posts, func(path string) bool { return unread[path] }, identity{c.Config})
	if c.options.Follow {
		m.entries = slices.DeleteFunc(m.entries, func(e Entry) bool { return e.Row.Key == 0 })
		c.counts.Total = len(m.entries)
	}
	c.entries, c.loaded = m.entries, true
	return m, nil
}

// setPostProblems reports what is wrong with posts beyond their own files.
func (c *Catalog) setPostProblems(problems []post.Problem) {
	c.postProblems = problems
	c.warn(problems)
	for _, problem := range problems {
		if problem.Invalid {
			c.counts.Invalid++
			c.counts.Total--
		}
	}
}

func (c *Catalog) scanTree(ctx context.Context) (*content.Scan, error) {
	data, err := c.Memory.LoadScanSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	var last *content.Snapshot
	if data != nil {
		last = new(content.Snapshot)
		if last.UnmarshalBinary(data) != nil {
			last = nil // written by another version: read every file again
		}
		c.scanID = SnapshotID(data)
	}
	var scan *content.Scan
	err = untilStopped(ctx, func() (err error) {
		scan, err = c.Tree.Scan(ctx, last, c.Build)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scanning %s: %w", c.Config.Content.Dir, err)
	}
	return scan, nil
}

// saveScan stores the snapshot of the scan, unless it is the stored one.
func (c *Catalog) saveScan(ctx context.Context) error {
	if c.scan.Same && c.scan.Read == 0 {
		return nil
	}
	data, err := c.scan.Snapshot.MarshalBinary()
	if err != nil {
		return fmt.Errorf("encoding the scan: %w", err)
	}
	c.scanID = SnapshotID(data)
	c.scan.Snapshot = nil
	return c.Memory.SaveScanSnapshot(ctx, data)
}

// SnapshotID returns a snapshot's length and the checksum at its end. No two snapshots have
// the same, since each contains its time.
func SnapshotID(data []byte) string {
	return fmt.Sprintf("%d %x", len(data), data[max(0, len(data)-4):])
}

func (c *Catalog) readFirstPass(ctx context.Context) error {
	first, err := passstate.FirstPass(ctx, c.Ledger)
	if err != nil {
		return err
	}
	c.firstPass, c.isFirst = first, first.IsZero()
	if c.isFirst {
		c.firstPass = c.start
	}
	return nil
}

// LedgerProblems returns problems as the ledger stores them.
func LedgerProblems(problems []post.Problem) []passstate.Problem {
	var stored []passstate.Problem
	for _, p := range problems {
		stored = append(stored, passstate.Problem(p))
	}
	return stored
}

// ContentProblems returns problems that the ledger stored.
func ContentProblems(stored []passstate.Problem) []post.Problem {
	var problems []post.Problem
	for _, p := range stored {
		problems = append(problems, post.Problem(p))
	}
	return problems
}
