package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// FeedState is the state in which the feeds were left. A file that still has the same size
// and time is unchanged and need not be generated again.
type FeedState struct {
	Settings     string // what is in feeds besides posts
	Feeds        int    // how many of the files are feeds
	Files        []FeedFile
	Dependencies map[string]Dependencies // by paths of posts
	LeftOut      []Problem               // of posts that feeds could not show
}

// FeedFile is one file below the feeds' folder.
type FeedFile struct {
	FeedDocument
	Size     int64
	Modified time.Time // zero if the file must be made again
}

// FeedDocument says what a file was generated from; the caller that saves it defines its
// fields.
type FeedDocument struct {
	Path   string
	SHA256 string
	Inputs string
	Items  []byte
}

func (f FeedFile) equal(other FeedFile) bool {
	return f.Path == other.Path && f.SHA256 == other.SHA256 && f.Inputs == other.Inputs && bytes.Equal(f.Items, other.Items) &&
		f.Size == other.Size && f.Modified.Equal(other.Modified)
}

// Dependencies are what the last rendering of a post depended on besides the post itself:
// files of the tree that it links to, and files such as pictures with their state.
type Dependencies struct {
	Links []string
	Files []string
	State string
}

func (d Dependencies) equal(other Dependencies) bool {
	return d.State == other.State && slices.Equal(d.Links, other.Links) && slices.Equal(d.Files, other.Files)
}

// FeedState returns the state that was saved last, with its files by path; the zero value
// if none was.
func (l *Ledger) FeedState(ctx context.Context) (FeedState, error) {
	state, err := feedState(ctx, l.read)
	return state, l.fail("read the state of the feeds", err)
}

func feedState(ctx context.Context, db *sql.DB) (s FeedState, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s, err
	}
	defer tx.Rollback()
	if found, err := readRow(ctx, tx, "SELECT settings, feeds FROM feed_state", nil, &s.Settings, &s.Feeds); err != nil || !found {
		return s, err
	}
	if s.Files, err = feedFiles(ctx, tx); err != nil {
		return s, err
	}
	if s.Dependencies, err = dependencies(ctx, tx); err != nil {
		return s, err
	}
	s.LeftOut, err = problems(ctx, tx, ofFeeds)
	return s, err
}

func feedFiles(ctx context.Context, db sqlutil.Querier) ([]FeedFile, error) {
	return sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (f FeedFile, err error) {
		err = row.Scan(&f.Path, &f.SHA256, &f.Inputs, &f.Items, &f.Size, (*sqlutil.FileTime)(&f.Modified))
		return f, err
	}, "SELECT path, sha256, inputs, items, size, modified_ns FROM feed_file ORDER BY path")
}

func dependencies(ctx context.Context, db sqlutil.Querier) (map[string]Dependencies, error) {
	all := map[string]Dependencies{}
	_, err := sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (_ struct{}, err error) {
		var path string
		var d Dependencies
		err = row.Scan(&path, (*sqlutil.Strings)(&d.Links), (*sqlutil.Strings)(&d.Files), &d.State)
		all[path] = d
		return struct{}{}, err
	}, "SELECT path, links, files, state FROM post_dependency")
	return all, err
}

// SaveFeedState replaces the state. It writes only what differs.
func (l *Ledger) SaveFeedState(ctx context.Context, next FeedState) error {
	last, err := l.FeedState(ctx)
	if err != nil {
		return err
	}
	changes := feedChanges(last, next)
	if !changes.any() {
		return nil
	}
	return l.store(ctx, "save the state of the feeds", func(tx *sql.Tx) error { return changes.save(ctx, tx) })
}

// ForgetFeedInputs causes every feed to be generated again.
func (l *Ledger) ForgetFeedInputs(ctx context.Context) error {
	var any bool
	err := l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM feed_file WHERE inputs <> '' OR items IS NOT NULL)").Scan(&any)
	if err != nil || !any {
		return l.fail("read the inputs of feeds", err)
	}
	return l.storeRow(ctx, "clear the inputs of feeds",
		"UPDATE feed_file SET inputs = '', items = NULL WHERE inputs <> '' OR items IS NOT NULL")
}

// changedFeeds is the difference between two states.
type changedFeeds struct {
	next         FeedState
	scalars      bool // settings, number of feeds or left out posts
	files        []FeedFile
	gone         []string // paths of files
	dependencies []string // paths of posts
	independent  []string // paths of posts
}

func feedChanges(last, next FeedState) changedFeeds {
	c := changedFeeds{next: next}
	c.scalars = last.Settings != next.Settings || last.Feeds != next.Feeds || !slices.Equal(last.LeftOut, next.LeftOut)
	known := make(map[string]FeedFile, len(last.Files))
	for _, f := range last.Files {
		known[f.Path] = f
	}
	for _, f := range next.Files {
		if old, ok := known[f.Path]; !ok || !old.equal(f) {
			c.files = append(c.files, f)
		}
		delete(known, f.Path)
	}
	for path := range known {
		c.gone = append(c.gone, path)
	}
	for path, d := range next.Dependencies {
		if old, ok := last.Dependencies[path]; !ok || !old.equal(d) {
			c.dependencies = append(c.dependencies, path)
		}
	}
	for path := range last.Dependencies {
		if _, kept := next.Dependencies[path]; !kept {
			c.independent = append(c.independent, path)
		}
	}
	return c
}

func (c changedFeeds) any() bool {
	return c.scalars || len(c.files)+len(c.gone)+len(c.dependencies)+len(c.independent) > 0
}

func (c changedFeeds) save(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO feed_state (id, settings, feeds) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET settings = excluded.settings, feeds = excluded.feeds`, c.next.Settings, c.next.Feeds)
	if err != nil {
		return err
	}
	for _, rows := range []struct {
		query string
		each  func(func(...any) bool)
	}{
		{"DELETE FROM feed_file WHERE path = $1", one(c.gone)},
		{`INSERT INTO feed_file (path, sha256, inputs, items, size, modified_ns) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, inputs = excluded.inputs, items = excluded.items,
				size = excluded.size, modified_ns = excluded.modified_ns`, c.fileRows},
		{"DELETE FROM post_dependency WHERE path = $1", one(c.independent)},
		{`INSERT INTO post_dependency (path, links, files, state) VALUES ($1, $2, $3, $4)
			ON CONFLICT (path) DO UPDATE SET links = excluded.links, files = excluded.files, state = excluded.state`, c.dependencyRows},
	} {
		if err := sqlutil.EachRow(ctx, tx, rows.query, rows.each); err != nil {
			return err
		}
	}
	return saveProblems(ctx, tx, ofFeeds, c.next.LeftOut)
}

func (c changedFeeds) fileRows(yield func(...any) bool) {
	for _, f := range c.files {
		if !yield(f.Path, f.SHA256, f.Inputs, f.Items, f.Size, sqlutil.FileTime(f.Modified)) {
			return
		}
	}
}

func (c changedFeeds) dependencyRows(yield func(...any) bool) {
	for _, path := range c.dependencies {
		d := c.next.Dependencies[path]
		if !yield(path, sqlutil.Strings(d.Links), sqlutil.Strings(d.Files), d.State) {
			return
		}
	}
}

// one is a row of each text.
func one(texts []string) func(func(...any) bool) {
	return func(yield func(...any) bool) {
		for _, text := range texts {
			if !yield(text) {
				return
			}
		}
	}
}
