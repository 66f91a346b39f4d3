package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/riverqueue/river"
)

// BatchKind says what a batch is about.
type BatchKind string

// The kinds of batches.
const (
	BatchRange   BatchKind = "range"   // recipients to whom nothing was sent yet, by id
	BatchRetries BatchKind = "retries" // deliveries that are due again
)

// Batch is what is handed out at a time.
type Batch struct {
	ID, Edition int64
	Kind        BatchKind
	After, Upto int64     // of BatchRange: ids greater than After, up to Upto
	IDs         []int64   // of BatchRetries: the subscribers, by id
	Due         time.Time // of BatchRetries: by when they were, by the clock of who handed them out
	Round       int       // how often the edition is gone through; from 1
	Fence       int64
}

// Batches is the table of batches, and River's jobs for it.
type Batches struct {
	engine   *engine
	inserter *river.Client[pgx.Tx]
}

func newBatches(e *engine) (*Batches, error) {
	inserter, err := newInserter(e.pool)
	return &Batches{e, inserter}, err
}

func (b *Batches) fail(doing string, err error) error { return b.engine.fail(doing, err) }

// Add stores batches with their jobs. It sets their ids and fences.
func (b *Batches) Add(ctx context.Context, all []Batch) error {
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, conn *sql.Conn) error { return b.add(ctx, tx, conn, all) })
	return b.fail("hand out batches", err)
}

func (b *Batches) add(ctx context.Context, tx *sql.Tx, conn *sql.Conn, all []Batch) error {
	jobs := make([]Job, len(all))
	for i := range all {
		n := &all[i]
		ids := n.IDs
		if ids == nil {
			ids = []int64{}
		}
		err := tx.QueryRowContext(ctx, "INSERT INTO batch (edition, kind, after_id, upto_id, ids, round, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id, fence",
			n.Edition, string(n.Kind), n.After, n.Upto, ids, max(1, n.Round), micros(n.Due)).Scan(&n.ID, &n.Fence)
		if err != nil {
			return err
		}
		jobs[i] = Job{n.ID, n.Fence}
	}
	return b.insertJobs(ctx, conn, jobs)
}

// Handed is how far an edition is handed out.
type Handed struct {
	Round      int   // of the batches; 0 if there are none
	Upto       int64 // the highest id of the ranges
	Unfinished int   // ranges
	Missed     int   // recipients who have to be looked at again
}

// Handed returns how far an edition is handed out.
func (b *Batches) Handed(ctx context.Context, edition int64) (h Handed, err error) {
	err = b.engine.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(round), 0), COALESCE(MAX(upto_id), 0), COUNT(*) FILTER (WHERE state <> 'done'), COALESCE(SUM(missed), 0)
		FROM batch WHERE edition = $1 AND kind = 'range'`, edition).Scan(&h.Round, &h.Upto, &h.Unfinished, &h.Missed)
	return h, b.fail("read the batches", err)
}

// Ahead returns how many batches nobody holds yet.
func (b *Batches) Ahead(ctx context.Context) (n int, err error) {
	err = b.engine.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM batch WHERE state = 'open' AND state <> 'done'").Scan(&n)
	return n, b.fail("read the batches", err)
}

// Newest returns the highest id of all batches that were handed out so far; 0 if there is none.
func (b *Batches) Newest(ctx context.Context) (id int64, err error) {
	err = b.engine.db.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM batch").Scan(&id)
	return id, b.fail("read the batches", err)
}

// Due returns those of a batch's deliveries that were due when it was handed out, and were not tried
// since. This process's clock may be another one.
func (w *Worker) Due(ctx context.Context, batch *Batch) ([]ledger.Delivery, error) {
	all, err := sqlutil.Collect(ctx, w.engine.db, func(row sqlutil.Scanner) (d ledger.Delivery, err error) {
		err = row.Scan(d.Fields()...)
		return d, err
	}, "SELECT "+ledger.DeliveryColumns+` FROM delivery d WHERE d.edition = $1 AND d.subscriber = ANY($2) AND d.progress = 'deferred'
		AND (d.next_at IS NULL OR d.next_at <= $3 OR d.last_at > $4) ORDER BY d.subscriber`,
		batch.Edition, batch.IDs, sqlutil.Time(batch.Due), sqlutil.Time(batch.Due.Add(ledger.MaxClockSkew)))
	return all, w.fail("read what is due again", err)
}

// Forget removes the batches of an edition that are done.
func (b *Batches) Forget(ctx context.Context, edition int64) error {
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM batch WHERE edition = $1 AND state = 'done'", edition)
		return err
	})
	return b.fail("forget batches", err)
}

// HiddenPost is a post with a number that cannot be shown in mail now.
type HiddenPost struct {
	Seq          int64
	Name, Reason string // in messages
	Expired      bool   // it never can be again
}

// SetHiddenPosts stores which posts are hidden.
func (b *Batches) SetHiddenPosts(ctx context.Context, all []HiddenPost) error {
	var seqs []int64
	var names, reasons []string
	var expired []bool
	for _, p := range all {
		seqs, names, reasons, expired = append(seqs, p.Seq), append(names, p.Name), append(reasons, p.Reason), append(expired, p.Expired)
	}
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM hidden_post WHERE seq <> ALL($1::BIGINT[])", orEmpty(seqs)); err != nil || len(all) == 0 {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO hidden_post AS h (seq, name, reason, expired)
			SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::BOOLEAN[])
			ON CONFLICT (seq) DO UPDATE SET name = EXCLUDED.name, reason = EXCLUDED.reason, expired = EXCLUDED.expired
			WHERE (h.name, h.reason, h.expired) IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.reason, EXCLUDED.expired)`, seqs, names, reasons, expired)
		return err
	})
	return b.fail("store which posts are hidden", err)
}

func orEmpty(n []int64) []int64 {
	if n == nil {
		return []int64{}
	}
	return n
}

// HiddenPosts returns which posts are hidden, by number.
func (b *Batches) HiddenPosts(ctx context.Context) (map[int64]HiddenPost, error) {
	all, err := sqlutil.CollectMap(ctx, b.engine.db, func(row sqlutil.Scanner) (seq int64, p HiddenPost, err error) {
		err = row.Scan(&p.Seq, &p.Name, &p.Reason, &p.Expired)
		return p.Seq, p, err
	}, "SELECT seq, name, reason, expired FROM hidden_post")
	return all, b.fail("read which posts are hidden", err)
}

// ErrOtherSettings says that mail is made of something else by now: see [Settings].
var ErrOtherSettings = errors.New("the settings of the passes have changed")

// Claim makes a job's batch this worker's, if mail is still made of the settings of this version. It
// returns nil if the job has nothing to do: another one has been handed out for the batch, or it is done.
func (w *Worker) Claim(ctx context.Context, job Job, settings int64) (*Batch, error) {
	batch := &Batch{ID: job.Batch, Fence: job.Fence}
	var due int64
	err := w.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		if now, err := readSettings(ctx, tx); err != nil {
			return err
		} else if now.Version != settings {
			return ErrOtherSettings
		}
		return tx.QueryRowContext(ctx, `UPDATE batch SET state = 'held', worker = $3 WHERE id = $1 AND fence = $2 AND state = 'open'
			RETURNING edition, kind, after_id, upto_id, ids, round, due_at`, job.Batch, job.Fence, w.ID).
			Scan(&batch.Edition, &batch.Kind, &batch.After, &batch.Upto, pgtype.NewMap().SQLScanner(&batch.IDs), &batch.Round, &due)
	})
	batch.Due = time.UnixMicro(due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return batch, w.fail("take a batch", err)
}

// Ending is how the work on a batch has ended.
type Ending struct {
	Missed   int      // recipients who have to be looked at again
	Rest     []Batch  // what is left
	Problems []string // of the edition
	Stops    bool     // because of them nobody hands the edition out before the next pass
}

// Finish ends a batch of which nothing is under way any more, and hands out what is left of it.
func (w *Worker) Finish(ctx context.Context, batch *Batch, e Ending) error {
	for i := range e.Rest {
		e.Rest[i].Round, e.Rest[i].Due = batch.Round, batch.Due
	}
	err := w.inTransaction(ctx, nil, func(tx *sql.Tx, conn *sql.Conn) error {
		done, err := tx.ExecContext(ctx, "UPDATE batch SET state = 'done', worker = NULL, missed = $4 WHERE id = $1 AND fence = $2 AND worker = $3 AND state = 'held'",
			batch.ID, batch.Fence, w.ID, e.Missed)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, &ledger.DeadError{Err: fmt.Errorf("batch %d is not this process's", batch.ID)})
		}
		for _, message := range e.Problems {
			if err := addProblem(ctx, tx, Problem{Edition: batch.Edition, Message: message, Stops: e.Stops}); err != nil {
				return err
			}
		}
		if e.Stops {
			if _, err := tx.ExecContext(ctx, endOpen, batch.Edition); err != nil {
				return err
			}
		}
		return w.add(ctx, tx, conn, e.Rest)
	})
	return w.fail("end a batch", err)
}

// Problem is what went wrong with an edition.
type Problem struct {
	Edition int64
	Message string
	Stops   bool
}

// Problems returns what went wrong since ForgetProblems.
func (b *Batches) Problems(ctx context.Context) ([]Problem, error) {
	all, err := sqlutil.Collect(ctx, b.engine.db, func(row sqlutil.Scanner) (p Problem, err error) {
		err = row.Scan(&p.Edition, &p.Message, &p.Stops)
		return p, err
	}, "SELECT edition, message, stops FROM edition_problem ORDER BY edition, message")
	return all, b.fail("read the editions' problems", err)
}

// ForgetProblems lets editions that were stopped be handed out again, from the beginning.
func (b *Batches) ForgetProblems(ctx context.Context) error {
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM batch WHERE state = 'done' AND edition IN (SELECT p.edition FROM edition_problem p WHERE p.stops)"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM edition_problem")
		return err
	})
	return b.fail("forget the editions' problems", err)
}
