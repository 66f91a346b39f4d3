package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Deleted rows are overwritten with zeros (secure_delete). SQLite leaves some behind all the
// same: copies of rows that moved to another page when a tree was balanced, what a version
// without secure_delete deleted, and everything in the write-ahead log until the log starts
// again.

// Scrub searches every page for texts. Only if one is found, or texts are unknown, is the file
// rewritten, which keeps others from writing for as long as it takes.
func (e *engine) Scrub(ctx context.Context, texts []string) error {
	// What was recorded before is in the journal then, and after folding it in the tables.
	if _, err := e.recorder.queue.Record(ctx, nil, nil); err != nil {
		return err
	}
	if err := e.Change(ctx, ledger.Touched{}, func(*sql.Tx) error { return nil }); err != nil {
		return err
	}
	found := len(texts) == 0
	for _, text := range texts {
		if found {
			break
		}
		var err error
		if found, err = e.hasText(ctx, text); err != nil {
			return err
		}
	}
	if found {
		if err := e.vacuum(ctx); err != nil {
			return err
		}
	}
	return e.emptyLog(ctx)
}

// hasText reports whether any page contains a text, in any case of ASCII letters, used or not.
func (e *engine) hasText(ctx context.Context, text string) (bool, error) {
	rows, err := e.read.QueryContext(ctx, "SELECT data FROM sqlite_dbpage")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var page sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&page); err != nil {
			return false, err
		}
		if bytes.Contains(lowerASCII(page), []byte(text)) {
			return true, nil
		}
	}
	return false, rows.Err()
}

func lowerASCII(page []byte) []byte {
	lower := make([]byte, len(page))
	for i, c := range page {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return lower
}

// vacuum writes all that there is to new pages. Like goose's, its commit has no number of its
// own: see migrateOnce.
func (e *engine) vacuum(ctx context.Context) error {
	if err := addNumbers(ctx, e.write, 2); err != nil {
		return err
	}
	err := e.wait.Retry(ctx, func() error {
		_, err := e.write.db.ExecContext(ctx, "VACUUM")
		return err
	})
	if err != nil {
		return err
	}
	return addNumbers(ctx, e.write, 2)
}

// logAttempts and logPause bound the wait for readers of the log.
const (
	logAttempts = 100
	logPause    = 50 * time.Millisecond
)

var errReaders = errors.New("another program is still reading an older state of it")

// emptyLog brings the write-ahead log into the database and empties it.
func (e *engine) emptyLog(ctx context.Context) error {
	for range logAttempts {
		var busy, frames, moved int
		err := e.wait.Retry(ctx, func() error {
			return e.write.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
		})
		if err != nil {
			return err
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(logPause):
		}
	}
	return errReaders
}

// longestAttempt is longer than any attempt to send a message takes. No intent for a subscriber
// is accepted after the erasure.
const longestAttempt = 24 * time.Hour

// endErased ends the deliveries to subscribers who were erased while they were under way, without
// the server's words. If there were any, another process had begun the delivery, and the files
// have to be cleaned again.
func (j *journal) endErased(ctx context.Context, tx *sql.Tx, f *folded) error {
	var last sqlutil.Time
	if err := tx.StmtContext(ctx, j.erasedAt).QueryRowContext(ctx).Scan(&last); err != nil || time.Time(last).IsZero() {
		return err
	}
	until := time.Time(last).Add(longestAttempt)
	forgotten := false
	known := map[int64]bool{}
	for key, d := range f.deliveries {
		if d.Status != ledger.Deferred && (d.Reply == "" || d.LastTried.After(until)) {
			continue
		}
		there, looked := known[key.Subscriber]
		if !looked {
			if err := tx.StmtContext(ctx, j.subscriber).QueryRowContext(ctx, key.Subscriber).Scan(&there); err != nil {
				return err
			}
			known[key.Subscriber] = there
		}
		if there {
			continue
		}
		forgotten = forgotten || d.Reply != ""
		d.Reply = ""
		if d.Status == ledger.Deferred {
			d.Status, d.NextTry, d.DueReason = ledger.Failed, time.Time{}, ledger.NotDue
		}
		f.deliveries[key] = d
	}
	if !forgotten {
		return nil
	}
	return ledger.OweScrub(ctx, tx)
}
