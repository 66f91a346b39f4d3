package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"publisher/internal/ledger"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// MailQueue is River's queue of batches.
const MailQueue = "mail"

// Job has a batch worked. What counts is the row of the batch: a job whose fence is not that of the
// row has nothing to do.
type Job struct {
	Batch int64 `json:"batch"`
	Fence int64 `json:"fence"`
}

// Kind implements [river.JobArgs].
func (Job) Kind() string { return "mail_batch" }

// jobAttempts is how often River hands a job out that fails, such as while the mail server is away.
const jobAttempts = 1000

// newInserter returns a client that only inserts jobs.
func newInserter(pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
}

// insertJobs inserts jobs in the transaction of a connection.
func (b *Batches) insertJobs(ctx context.Context, conn *sql.Conn, jobs []Job) error {
	if len(jobs) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		params[i] = river.InsertManyParams{Args: job, InsertOpts: &river.InsertOpts{Queue: MailQueue, MaxAttempts: jobAttempts}}
	}
	return conn.Raw(func(driver any) error {
		_, err := b.inserter.InsertManyTx(ctx, &sharedTx{on: driver.(*stdlib.Conn).Conn()}, params)
		return err
	})
}

// inTransaction runs do in a transaction on a connection of its own, which may insert jobs as well.
func (b *Batches) inTransaction(ctx context.Context, touched []ledger.Touched, do func(*sql.Tx, *sql.Conn) error) error {
	return b.engine.wait.Retry(ctx, func() error {
		conn, err := b.engine.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := b.engine.lock(ctx, tx, touched); err != nil {
			return err
		}
		if err := do(tx, conn); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// sharedTx is the transaction of a database/sql connection as a pgx.Tx, for River. It does not end
// it.
type sharedTx struct {
	on        *pgx.Conn
	savepoint string // "" for the transaction itself
	count     int
}

var errShared = errors.New("the transaction is ended by who began it")

// Begin implements [pgx.Tx].
func (t *sharedTx) Begin(ctx context.Context) (pgx.Tx, error) {
	t.count++
	name := fmt.Sprintf("%s_%d", "shared"+t.savepoint, t.count)
	if _, err := t.on.Exec(ctx, "SAVEPOINT "+name); err != nil {
		return nil, err
	}
	return &sharedTx{on: t.on, savepoint: name}, nil
}

// Commit implements [pgx.Tx].
func (t *sharedTx) Commit(ctx context.Context) error { return t.end(ctx, "RELEASE SAVEPOINT ") }

// Rollback implements [pgx.Tx].
func (t *sharedTx) Rollback(ctx context.Context) error { return t.end(ctx, "ROLLBACK TO SAVEPOINT ") }

func (t *sharedTx) end(ctx context.Context, how string) error {
	switch t.savepoint {
	case "":
		return errShared
	case endedSavepoint:
		return pgx.ErrTxClosed
	}
	_, err := t.on.Exec(ctx, how+t.savepoint)
	t.savepoint = endedSavepoint
	return err
}

const endedSavepoint = "-"

// LargeObjects implements [pgx.Tx].
func (t *sharedTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Conn implements [pgx.Tx].
func (t *sharedTx) Conn() *pgx.Conn { return t.on }

// CopyFrom implements [pgx.Tx].
func (t *sharedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.on.CopyFrom(ctx, table, columns, rows)
}

// SendBatch implements [pgx.Tx].
func (t *sharedTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.on.SendBatch(ctx, b)
}

// Prepare implements [pgx.Tx].
func (t *sharedTx) Prepare(ctx context.Context, name, text string) (*pgconn.StatementDescription, error) {
	return t.on.Prepare(ctx, name, text)
}

// Exec implements [pgx.Tx].
func (t *sharedTx) Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error) {
	return t.on.Exec(ctx, text, args...)
}

// Query implements [pgx.Tx].
func (t *sharedTx) Query(ctx context.Context, text string, args ...any) (pgx.Rows, error) {
	return t.on.Query(ctx, text, args...)
}

// QueryRow implements [pgx.Tx].
func (t *sharedTx) QueryRow(ctx context.Context, text string, args ...any) pgx.Row {
	return t.on.QueryRow(ctx, text, args...)
}
