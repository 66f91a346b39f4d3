package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"publisher/internal/durable"
	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// The clone guard. The ledger has its own id, and says in which cluster and which database it was
// when mail was last sent. It counts its marks, each with a random token, and every machine keeps the
// last one that it has seen in state.dir. No mail is sent, from any machine,
//   - if the ledger is in another cluster or database: it is a copy,
//   - if a machine has seen a later mark, or another token of the same one: the ledger was restored,
//     or a standby took over that lacks commits,
//   - if the ledger lacks what a process has committed since its machine saw a mark (see life.go),
//   - if the last mark of a machine is another ledger's.
//
// The machine that finds it says so in the ledger, so that the others stop too.

// keptMarks is how many marks the ledger keeps. A machine that has seen none of them is only held
// against the count.
const keptMarks = 100_000

// adoptedGap is by how much an adopted ledger's count goes on: more than any machine can have seen.
const adoptedGap = 1_000_000_000

// guard is what the ledger knows of itself, and where it is.
type guard struct {
	ledger             string
	system, hereSystem string
	oid, hereOID       int64
	counter, adopted   int64
	stopped            string
}

func readGuard(ctx context.Context, q sqlutil.RowQuerier) (g guard, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT g.ledger, g.system, g.database_oid, g.counter, g.adopted, g.stopped, (SELECT c.system_identifier::TEXT FROM pg_control_system() c),
			(SELECT d.oid::BIGINT FROM pg_database d WHERE d.datname = current_database())
		FROM clone_guard g`).Scan(&g.ledger, &g.system, &g.oid, &g.counter, &g.adopted, &g.stopped, &g.hereSystem, &g.hereOID)
	return g, err
}

// seenMark is the last mark that this machine has seen, and the highest numbers used by then. The
// zero value stands for none.
type seenMark struct {
	broken              bool // the file is not one of a mark
	ledger              string
	counter             int64
	token               string
	edition, subscriber int64
}

func (m seenMark) String() string {
	return fmt.Sprintf("%s %d %s %d %d\n", m.ledger, m.counter, m.token, m.edition, m.subscriber)
}

func (e *engine) guardPath() string { return filepath.Join(e.stateDir, markName) }

func (e *engine) readMark() (m seenMark, err error) {
	text, err := os.ReadFile(e.guardPath())
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	if _, err := fmt.Sscan(string(text), &m.ledger, &m.counter, &m.token, &m.edition, &m.subscriber); err != nil {
		return seenMark{broken: true}, nil
	}
	return m, nil
}

// compare returns what is wrong with the ledger; "" if mail may be sent.
func (e *engine) compare(ctx context.Context, q sqlutil.RowQuerier, g guard, m seenMark) (what string, err error) {
	switch {
	case g.stopped != "":
		return g.stopped, nil
	case g.system != "" && g.system != g.hereSystem:
		return "the ledger is a copy: mail was last sent from another database server", nil
	case g.system != "" && g.oid != g.hereOID:
		return "the ledger is a copy: mail was last sent from another database of this server", nil
	case m.broken:
		return "the file that was written when mail was last sent from this machine is damaged", nil
	case m.ledger == "":
		return "", nil
	case m.ledger != g.ledger:
		return "when mail was last sent from this machine, it was from another ledger", nil
	case m.counter > g.counter:
		return fmt.Sprintf("the ledger is older than when mail was last sent from this machine (mark %d, then %d)", g.counter, m.counter), nil
	case m.counter <= g.adopted:
		return "", nil
	}
	var token string
	known, err := sqlutil.Row(ctx, q, "SELECT token FROM clone_mark WHERE counter = $1", []any{m.counter}, &token)
	if err != nil || token == m.token || !known && m.counter <= g.counter-keptMarks {
		return "", err
	}
	return fmt.Sprintf("the ledger lacks what was sent from this machine at mark %d", m.counter), nil
}

func (e *engine) cloneError(what string) error {
	return &ledger.CloneError{Path: e.guardPath(), What: what}
}

// CheckCloneMark implements [ledger.Engine].
func (e *engine) CheckCloneMark(ctx context.Context) error {
	_, err := e.checkAfter(ctx, Life{})
	return err
}

// checkAfter is CheckCloneMark after an earlier life of this process. It returns the mark.
func (e *engine) checkAfter(ctx context.Context, earlier Life) (mark int64, err error) {
	g, what, err := e.checkClone(ctx, e.db)
	if err == nil && what == "" {
		var lost bool
		if lost, err = earlier.isLost(ctx, e.db, g); lost {
			what = "the ledger lacks what was sent from this machine last"
		}
		err = e.fail("look for the last commits", err)
	}
	if err != nil || what == "" {
		return g.counter, err
	}
	return 0, e.stop(ctx, g, what)
}

// checkClone compares the ledger with this machine's mark: see compare.
func (e *engine) checkClone(ctx context.Context, q sqlutil.RowQuerier) (g guard, what string, err error) {
	m, err := e.readMark()
	if err == nil {
		g, err = readGuard(ctx, q)
	}
	if err == nil {
		what, err = e.compare(ctx, q, g, m)
	}
	return g, what, e.fail("read the clone mark", err)
}

// stop says in the ledger that nobody may send, and returns the error.
func (e *engine) stop(ctx context.Context, g guard, what string) error {
	if g.stopped != "" {
		return e.cloneError(what)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "a machine without a name"
	}
	what += ", found on " + host
	err = e.Change(ctx, ledger.Only(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET stopped = $1 WHERE stopped = ''", what)
		return err
	})
	if err != nil {
		return errors.Join(e.cloneError(what), e.fail("stop the other machines", err))
	}
	return e.cloneError(what)
}

// AdvanceCloneMark implements [ledger.Engine].
func (e *engine) AdvanceCloneMark(ctx context.Context) error {
	m, err := e.readMark()
	if err != nil {
		return e.fail("read the clone mark", err)
	}
	var g guard
	var what string
	var next seenMark
	err = e.Change(ctx, ledger.Only(), func(tx *sql.Tx) (err error) {
		if g, err = readGuard(ctx, tx); err != nil {
			return err
		}
		if what, err = e.compare(ctx, tx, g, m); err != nil || what != "" {
			return err
		}
		next, err = writeMark(ctx, tx, g)
		return err
	})
	switch {
	case err != nil:
		return e.fail("write the clone mark", err)
	case what != "":
		return e.stop(ctx, g, what)
	}
	return e.keepMark(next)
}

func (e *engine) keepMark(m seenMark) error {
	return e.fail("write the file of the clone mark", durable.Replace(e.guardPath(), m.String()))
}

// writeMark writes the next mark in the ledger.
func writeMark(ctx context.Context, tx *sql.Tx, g guard) (m seenMark, err error) {
	m = seenMark{ledger: g.ledger, counter: g.counter + 1, token: rand.Text()}
	if m.edition, m.subscriber, err = highestUsed(ctx, tx); err != nil {
		return m, err
	}
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"UPDATE clone_guard SET counter = $1, system = $2, database_oid = $3", []any{m.counter, g.hereSystem, g.hereOID}},
		{"INSERT INTO clone_mark (counter, token) VALUES ($1, $2)", []any{m.counter, m.token}},
		{"DELETE FROM clone_mark WHERE counter <= $1", []any{m.counter - keptMarks}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return m, err
		}
	}
	return m, nil
}

// highestUsed returns the highest numbers that were ever used. Both are in mail forever: editions
// in Message-IDs and archive links, subscribers in all tokens.
func highestUsed(ctx context.Context, q sqlutil.RowQuerier) (edition, subscriber int64, err error) {
	next, err := ledger.NextEdition(ctx, q)
	if err == nil {
		err = q.QueryRowContext(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM subscriber_id_seq").Scan(&subscriber)
	}
	return next - 1, subscriber, err
}

// The numbers to skip in a ledger that replaces another one. If this machine's mark says which
// numbers were used, only those of the last moments can be missing from it.
const (
	smallEditionGap, largeEditionGap       = 10, 1_000
	smallSubscriberGap, largeSubscriberGap = 10_000, 1_000_000
)

// Adopt implements [ledger.Engine]. From then on the content tree of this machine is the right one, too.
func (e *engine) Adopt(ctx context.Context, spooled []ledger.Result) error {
	m, err := e.readMark()
	if err != nil {
		return e.fail("read the clone mark", err)
	}
	here, err := e.machine()
	if err != nil {
		return e.fail("adopt", err)
	}
	var next seenMark
	err = e.Change(ctx, ledger.Touched{}, func(tx *sql.Tx) error {
		if err := setTree(ctx, tx, here); err != nil {
			return err
		}
		g, err := readGuard(ctx, tx)
		if err != nil {
			return err
		}
		what, err := e.compare(ctx, tx, g, m)
		if err != nil {
			return err
		}
		if what != "" {
			g.counter = max(g.counter, m.counter) + adoptedGap
			if err := skipNumbers(ctx, tx, m, spooled); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE clone_guard SET stopped = '', adopted = $1", g.counter); err != nil {
				return err
			}
		}
		next, err = writeMark(ctx, tx, g)
		return err
	})
	if err != nil {
		return e.fail("adopt", err)
	}
	return e.keepMark(next)
}

// skipNumbers skips all numbers that may have been used by the ledger that was here before,
// according to this machine's mark and the spooled results.
func skipNumbers(ctx context.Context, tx *sql.Tx, m seenMark, spooled []ledger.Result) error {
	edition, subscriber, err := highestUsed(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range spooled {
		edition, subscriber = max(edition, r.Edition), max(subscriber, r.Subscriber)
	}
	if m.ledger == "" {
		edition, subscriber = edition+largeEditionGap, subscriber+largeSubscriberGap
	} else {
		edition, subscriber = max(edition, m.edition)+smallEditionGap, max(subscriber, m.subscriber)+smallSubscriberGap
	}
	if _, err := tx.ExecContext(ctx, "UPDATE clone_guard SET edition_floor = $1", edition); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "SELECT setval('subscriber_id_seq', $1)", subscriber)
	return err
}
