package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"publisher/internal/durable"
	"publisher/internal/ledger"
)

// The clone guard. Beside a ledger that mail was sent from is a file with its mark, which is
// also in the ledger and changes all the time. No mail is sent
//   - if the ledger does not match the mark beside it: it is an older copy, or a ledger that
//     never sent, in the place of one that did,
//   - if the ledger has sent and there is no mark beside it: it is a copy elsewhere,
//   - if the ledger was a backup,
//   - if it was moved to another database, or a copy into it was interrupted.
//
// A ledger that never sent, without a mark beside it, is a new one.

// marks are the one that was last written beside the ledger, and the one before it,
// because a crash may come between the two writes.
type marks struct{ Last, Next string }

func (e *engine) AdvanceCloneMark(ctx context.Context) error {
	e.marking.Lock()
	defer e.marking.Unlock()
	m, beside, err := e.marks(ctx)
	if err != nil {
		return err
	}
	if err := e.compare(ctx, m, beside); err != nil {
		return err
	}
	if m.Next == "" {
		// The first mark is written twice: a ledger without a last mark has sent nothing.
		if err := e.mark(ctx, ""); err != nil {
			return err
		}
		if _, beside, err = e.marks(ctx); err != nil {
			return err
		}
	}
	return e.mark(ctx, beside)
}

func (e *engine) Adopt(ctx context.Context, spooled []ledger.Result) error {
	m, beside, err := e.marks(ctx)
	if err != nil {
		return err
	}
	var clone *ledger.CloneError
	if err := e.compare(ctx, m, beside); errors.As(err, &clone) {
		if err := e.skipNumbers(ctx, beside, spooled); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return e.mark(ctx, rand.Text())
}

func (e *engine) CheckCloneMark(ctx context.Context) error {
	m, beside, err := e.marks(ctx)
	if err != nil {
		return err
	}
	return e.compare(ctx, m, beside)
}

func (e *engine) guardPath() string { return e.path + ".mark" }

func (e *engine) marks(ctx context.Context) (m marks, beside string, err error) {
	err = e.read.QueryRowContext(ctx, "SELECT last_mark, next_mark FROM clone_guard").Scan(&m.Last, &m.Next)
	if err != nil {
		return m, "", e.fail("read the clone mark", err)
	}
	text, err := os.ReadFile(e.guardPath())
	if errors.Is(err, fs.ErrNotExist) {
		return m, "", nil
	}
	return m, strings.TrimSpace(string(text)), e.fail("read the file of the clone mark", err)
}

func (e *engine) compare(ctx context.Context, m marks, beside string) error {
	if e.private() {
		return nil
	}
	made, err := e.backupTime(ctx)
	if err != nil {
		return err
	}
	stopped, err := e.stoppedBy(ctx, e.read)
	switch {
	case err != nil:
		return err
	case stopped != "":
		return &ledger.CloneError{Path: e.path, What: stopped}
	case !made.IsZero():
		return &ledger.CloneError{Path: e.path, What: "the ledger is a backup made at " + made.Format(time.RFC3339) + ", and does not know of what was sent since"}
	case beside == m.Next || m.Next != "" && beside == m.Last:
		return nil
	case beside == "" && m.Last == "": // the first mark was being made
		return nil
	case beside == "":
		return &ledger.CloneError{Path: e.guardPath(), What: "the file that was beside the ledger when mail was last sent is missing"}
	case m.Next == "":
		return &ledger.CloneError{Path: e.guardPath(), What: "no mail was ever sent from this ledger, but from another one in its place"}
	}
	return &ledger.CloneError{Path: e.guardPath(), What: "the ledger is not as it was when mail was last sent from here"}
}

// mark writes a new mark, first in the ledger and then beside it.
func (e *engine) mark(ctx context.Context, last string) error {
	if e.private() {
		return nil
	}
	given, err := highestUsed(ctx, e.read)
	if err != nil {
		return e.fail("write the clone mark", err)
	}
	m := marks{Last: last, Next: newMark(given)}
	err = e.Change(ctx, ledger.Only(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET last_mark = $1, next_mark = $2", m.Last, m.Next)
		return err
	})
	if err != nil {
		return e.fail("write the clone mark", err)
	}
	return e.fail("write the file of the clone mark", durable.Replace(e.guardPath(), m.Next+"\n"))
}
