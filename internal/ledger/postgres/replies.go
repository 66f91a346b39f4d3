package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Refusal is a recipient whom a server's refusal may mark.
type Refusal struct {
	Subscriber       int64
	Reply            int // which of the answers about the edition it was
	Unclear, Passing bool
}

// Replies is what servers answered about an edition since the last decision about its refusals.
type Replies struct {
	Edition int64
	State   []byte // JSON; nil before the first answer
	Since   time.Time
	Stopped bool
}

// MoreReplies is what changes with more answers.
type MoreReplies struct {
	State    []byte
	Since    time.Time // when the first of them may have come
	Refusals []Refusal
	Stop     string // why the edition is to be stopped; "" for nothing
}

// AddReplies has add take in more answers about an edition. It reports whether the edition is stopped:
// then nobody hands it out any more. accepted says that the owner wants it to go on whatever the
// answers are.
func (b *Batches) AddReplies(ctx context.Context, edition int64, add func(state []byte, accepted bool) (MoreReplies, error)) (stopped bool, err error) {
	err = b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		var state sql.NullString
		var accepted bool
		err := tx.QueryRowContext(ctx, "SELECT e.accepted, r.state, COALESCE(r.stopped, FALSE) FROM edition e LEFT JOIN edition_replies r ON r.edition = e.number WHERE e.number = $1",
			edition).Scan(&accepted, &state, &stopped)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		more, err := add([]byte(state.String), accepted)
		if err != nil {
			return err
		}
		stops := more.Stop != "" && !stopped
		stopped = stopped || stops
		if err := storeReplies(ctx, tx, edition, more, stopped); err != nil || !stops {
			return err
		}
		return stopEdition(ctx, tx, edition, more.Stop)
	})
	return stopped, b.fail("store what mail servers answered", err)
}

func storeReplies(ctx context.Context, tx *sql.Tx, edition int64, more MoreReplies, stopped bool) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO edition_replies AS r (edition, state, since_at, stopped) VALUES ($1, $2, $3, $4)
		ON CONFLICT (edition) DO UPDATE SET state = EXCLUDED.state, since_at = LEAST(r.since_at, EXCLUDED.since_at), stopped = EXCLUDED.stopped`,
		edition, string(more.State), micros(more.Since), stopped)
	if err != nil || len(more.Refusals) == 0 {
		return err
	}
	var subscribers, replies []int64
	var unclear, passing []bool
	known := map[int64]int{}
	for _, r := range more.Refusals {
		at, again := known[r.Subscriber]
		if !again {
			at = len(subscribers)
			known[r.Subscriber] = at
			subscribers, replies, unclear, passing = append(subscribers, 0), append(replies, 0), append(unclear, false), append(passing, false)
		}
		subscribers[at], replies[at], unclear[at], passing[at] = r.Subscriber, int64(r.Reply), r.Unclear, r.Passing
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO edition_refusal (edition, subscriber, reply, unclear, passing)
		SELECT $1, * FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BOOLEAN[], $5::BOOLEAN[])
		ON CONFLICT (edition, subscriber) DO UPDATE SET reply = EXCLUDED.reply, unclear = EXCLUDED.unclear, passing = EXCLUDED.passing`,
		edition, subscribers, replies, unclear, passing)
	return err
}

// stopEdition has nobody take a batch of an edition. Those who hold one end it.
func stopEdition(ctx context.Context, tx *sql.Tx, edition int64, why string) error {
	if err := addProblem(ctx, tx, Problem{Edition: edition, Message: why, Stops: true}); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, endOpen, edition)
	return err
}

// endOpen ends the batches of an edition that nobody has taken. Whoever was not tried is looked at again.
const endOpen = "UPDATE batch SET state = 'done', missed = CASE kind WHEN 'range' THEN 1 ELSE 0 END WHERE edition = $1 AND state = 'open'"

// Replies returns what servers answered, by edition.
func (b *Batches) Replies(ctx context.Context) (map[int64]*Replies, error) {
	all, err := sqlutil.CollectMap(ctx, b.engine.db, func(row sqlutil.Scanner) (int64, *Replies, error) {
		r := new(Replies)
		err := row.Scan(&r.Edition, &r.State, (*sqlutil.Time)(&r.Since), &r.Stopped)
		return r.Edition, r, err
	}, "SELECT edition, state, since_at, stopped FROM edition_replies")
	return all, b.fail("read what mail servers answered", err)
}

// StoppedEditions returns the editions that nobody hands out because of what servers answered.
func (b *Batches) StoppedEditions(ctx context.Context) ([]int64, error) {
	all, err := sqlutil.Column[int64](ctx, b.engine.db, "SELECT edition FROM edition_replies WHERE stopped")
	return all, b.fail("read which editions are stopped", err)
}

// Refusals returns the recipients of an edition whom a refusal may mark.
func (b *Batches) Refusals(ctx context.Context, edition int64) ([]Refusal, error) {
	all, err := sqlutil.Collect(ctx, b.engine.db, func(row sqlutil.Scanner) (r Refusal, err error) {
		err = row.Scan(&r.Subscriber, &r.Reply, &r.Unclear, &r.Passing)
		return r, err
	}, "SELECT subscriber, reply, unclear, passing FROM edition_refusal WHERE edition = $1 ORDER BY reply, subscriber", edition)
	return all, b.fail("read the refusals", err)
}

// ForgetRefusals removes the refusals of an edition, which were decided about, and with all also what
// else servers answered about it.
func (b *Batches) ForgetRefusals(ctx context.Context, edition int64, all bool) error {
	query := "DELETE FROM edition_refusal WHERE edition = $1"
	if all {
		query = "DELETE FROM edition_replies WHERE edition = $1"
	}
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		_, err := tx.ExecContext(ctx, query, edition)
		return err
	})
	return b.fail("forget what mail servers answered", err)
}

// Unfinished returns how many batches of each edition are not done.
func (b *Batches) Unfinished(ctx context.Context) (map[int64]int, error) {
	all, err := sqlutil.CollectMap(ctx, b.engine.db, func(row sqlutil.Scanner) (edition int64, n int, err error) {
		err = row.Scan(&edition, &n)
		return edition, n, err
	}, "SELECT edition, COUNT(*) FROM batch WHERE state <> 'done' GROUP BY edition")
	return all, b.fail("read the batches", err)
}

// AddProblem stores what went wrong with an edition.
func (b *Batches) AddProblem(ctx context.Context, p Problem) error {
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error { return addProblem(ctx, tx, p) })
	return b.fail("store what is wrong with an edition", err)
}

func addProblem(ctx context.Context, tx *sql.Tx, p Problem) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO edition_problem (edition, message, stops) VALUES ($1, $2, $3) ON CONFLICT (edition, message) DO UPDATE SET stops = EXCLUDED.stops",
		p.Edition, ledger.Storable(p.Message), p.Stops)
	return err
}
