package passstate

import (
	"context"
	"database/sql"
	"slices"

	"publisher/internal/ledger/sqlutil"
)

// Problem is something wrong with a file. Passes repeat it until the file is read again.
type Problem struct {
	Path    string // as whoever saved it names files
	Line    int    // 0 if no line is to blame
	Message string
	Invalid bool // the file was left out because of it
	Shared  bool // several files have it, and it is reported once
}

// problemSource is what a problem was found in.
type problemSource string

const (
	ofPosts       problemSource = "posts"
	ofFeeds       problemSource = "feeds"
	ofSubscribers problemSource = "subscribers"
)

func problems(ctx context.Context, db sqlutil.Querier, source problemSource) ([]Problem, error) {
	return sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (p Problem, err error) {
		err = row.Scan(&p.Path, &p.Line, &p.Message, &p.Invalid, &p.Shared)
		return p, err
	}, "SELECT path, line, message, invalid, shared FROM problem WHERE source = $1 ORDER BY position", source)
}

// saveProblems replaces the problems of a source.
func saveProblems(ctx context.Context, tx *sql.Tx, source problemSource, all []Problem) error {
	if last, err := problems(ctx, tx, source); err != nil || slices.Equal(last, all) {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM problem WHERE source = $1", source); err != nil {
		return err
	}
	return sqlutil.EachRow(ctx, tx, `
		INSERT INTO problem (source, position, path, line, message, invalid, shared) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		func(yield func([]any) bool) {
			for i, p := range all {
				if !yield([]any{source, i, p.Path, p.Line, p.Message, p.Invalid, p.Shared}) {
					return
				}
			}
		})
}
