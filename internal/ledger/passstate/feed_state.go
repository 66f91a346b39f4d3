package passstate

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"publisher/internal/ledger"
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

// LoadFeedState returns the state that was saved last, with its files by path; the zero value
// if none was.
func LoadFeedState(ctx context.Context, l *ledger.Ledger) (FeedState, error) {
	state, err := feedState(ctx, l.Reader())
	return state, l.Fail("read the state of the feeds", err)
}

func feedState(ctx context.Context, db *sql.DB) (s FeedState, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s, err
	}
	defer tx.Rollback()
	if found, err := sqlutil.Row(ctx, tx, "SELECT settings, feeds FROM feed_state", nil, &s.Settings, &s.Feeds); err != nil || !found {
		return s, err
	}
	s.Files, err = sqlutil.Collect(ctx, tx, func(row sqlutil.Scanner) (f FeedFile, err error) {
		err = row.Scan(&f.Path, &f.SHA256, &f.Inputs, &f.Items, &f.Size, (*sqlutil.FileTime)(&f.Modified))
		return f, err
	}, "SELECT path, sha256, inputs, items, size, modified_ns FROM feed_file ORDER BY path")
	if err != nil {
		return s, err
	}
	s.Dependencies, err = sqlutil.CollectMap(ctx, tx, func(row sqlutil.Scanner) (path string, d Dependencies, err error) {
		err = row.Scan(&path, (*sqlutil.Strings)(&d.Links), (*sqlutil.Strings)(&d.Files), &d.State)
		return path, d, err
	}, "SELECT path, links, files, state FROM post_dependency")
	if err != nil {
		return s, err
	}
	s.LeftOut, err = problems(ctx, tx, ofFeeds)
	return s, err
}

// SaveFeedState replaces the state. It writes only what differs.
func SaveFeedState(ctx context.Context, l *ledger.Ledger, next FeedState) error {
	last, err := LoadFeedState(ctx, l)
	if err != nil {
		return err
	}
	files, nextFiles := byPath(last.Files), byPath(next.Files)
	if last.Settings == next.Settings && last.Feeds == next.Feeds && slices.Equal(last.LeftOut, next.LeftOut) &&
		maps.EqualFunc(files, nextFiles, FeedFile.equal) && maps.EqualFunc(last.Dependencies, next.Dependencies, Dependencies.equal) {
		return nil
	}
	return l.Store(ctx, "save the state of the feeds", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO feed_state (id, settings, feeds) VALUES (1, $1, $2)
			ON CONFLICT (id) DO UPDATE SET settings = excluded.settings, feeds = excluded.feeds`, next.Settings, next.Feeds)
		if err != nil {
			return err
		}
		if err := fileTable.Save(ctx, tx, files, nextFiles); err != nil {
			return err
		}
		if err := dependencyTable.Save(ctx, tx, last.Dependencies, next.Dependencies); err != nil {
			return err
		}
		return saveProblems(ctx, tx, ofFeeds, next.LeftOut)
	})
}

func byPath(files []FeedFile) map[string]FeedFile {
	all := make(map[string]FeedFile, len(files))
	for _, f := range files {
		all[f.Path] = f
	}
	return all
}

var (
	fileTable = sqlutil.Table[string, FeedFile]{
		Upsert: `INSERT INTO feed_file (path, sha256, inputs, items, size, modified_ns) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, inputs = excluded.inputs, items = excluded.items,
				size = excluded.size, modified_ns = excluded.modified_ns`,
		Row: func(path string, f FeedFile) []any {
			return []any{path, f.SHA256, f.Inputs, f.Items, f.Size, sqlutil.FileTime(f.Modified)}
		},
		Delete: "DELETE FROM feed_file WHERE path = $1",
		Key:    func(path string) []any { return []any{path} },
		Equal:  FeedFile.equal,
	}
	dependencyTable = sqlutil.Table[string, Dependencies]{
		Upsert: `INSERT INTO post_dependency (path, links, files, state) VALUES ($1, $2, $3, $4)
			ON CONFLICT (path) DO UPDATE SET links = excluded.links, files = excluded.files, state = excluded.state`,
		Row: func(path string, d Dependencies) []any {
			return []any{path, sqlutil.Strings(d.Links), sqlutil.Strings(d.Files), d.State}
		},
		Delete: "DELETE FROM post_dependency WHERE path = $1",
		Key:    func(path string) []any { return []any{path} },
		Equal:  Dependencies.equal,
	}
)

// ForgetFeedInputs causes every feed to be generated again.
func ForgetFeedInputs(ctx context.Context, l *ledger.Ledger) error {
	var any bool
	err := l.Reader().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM feed_file WHERE inputs <> '' OR items IS NOT NULL)").Scan(&any)
	if err != nil || !any {
		return l.Fail("read the inputs of feeds", err)
	}
	return l.StoreRow(ctx, "clear the inputs of feeds",
		"UPDATE feed_file SET inputs = '', items = NULL WHERE inputs <> '' OR items IS NOT NULL")
}
