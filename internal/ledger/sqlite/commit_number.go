package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// commitNumber counts the commits of a ledger in SQLite's user_version, which is on the
// first page of the database. So the write-ahead log shows which commits it has, and the
// database file shows which commit it is at: wal_check.go uses that to decide whether they
// belong together. Only the holder of the writing connection may use it.
//
// One more page per group would cost the recorder too much, so it numbers only one group
// in numberEvery. The number at the start of a log has to be exact: SQLite restarts the
// log after a checkpoint, and checkpoints on its own only after commits that have a
// number.
type commitNumber struct {
	last       uint32
	data       int64 // the data_version as of which last is the last
	known      bool
	unnumbered int // groups since
	// noCheckpoints says that automatic checkpoints are off at the moment.
	noCheckpoints bool
}

const (
	numberEvery = 16
	// checkpointPages is SQLite's default.
	checkpointPages = 1000
)

const readCommitNumber = "PRAGMA user_version"

// storeCommitNumber returns the statement, which does not support parameters.
func storeCommitNumber(n uint32) string { return fmt.Sprintf("PRAGMA user_version = %d", int32(n)) }

// within runs do, and numbers the transaction if it has changed anything.
func (c *commitNumber) within(ctx context.Context, w *writer, tx *sql.Tx, do func(*sql.Tx) error) error {
	c.known = false
	before, err := number(ctx, tx, w.totalChanges)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	if after, err := number(ctx, tx, w.totalChanges); err != nil || after == before {
		return err
	}
	if c.noCheckpoints {
		if _, err := tx.ExecContext(ctx, checkpointAfter(checkpointPages)); err != nil {
			return err
		}
		c.noCheckpoints = false
	}
	return addCommitNumber(ctx, w, tx)
}

func checkpointAfter(pages int) string { return fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", pages) }

// addCommitNumber gives the transaction the next number. Numbers are never skipped: a log
// that begins after a gap would not continue the database.
func addCommitNumber(ctx context.Context, w *writer, tx *sql.Tx) error {
	last, err := number(ctx, tx, w.commitNumber)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, storeCommitNumber(uint32(last)+1))
	return err
}

// withinRaw is within for the recorder's group, given the current data_version. It reads
// the number again only if another connection has written.
func (c *commitNumber) withinRaw(d *rawConn, data int64) error {
	if c.known && c.data == data && c.unnumbered < numberEvery {
		c.unnumbered++
		return c.allowCheckpoints(d, false)
	}
	if !c.known || c.data != data {
		last, err := query(d.number)
		if err != nil {
			return err
		}
		c.last, c.data, c.known = uint32(last), data, true
	}
	c.last++
	c.unnumbered = 0
	if err := c.allowCheckpoints(d, true); err != nil {
		return err
	}
	_, err := d.exec.ExecContext(context.Background(), storeCommitNumber(c.last), nil)
	return err
}

func (c *commitNumber) allowCheckpoints(d *rawConn, allow bool) error {
	if c.noCheckpoints == !allow {
		return nil
	}
	pages := 0
	if allow {
		pages = checkpointPages
	}
	_, err := d.exec.ExecContext(context.Background(), checkpointAfter(pages), nil)
	if err == nil {
		c.noCheckpoints = !allow
	}
	return err
}

// settle forgets the number after a failed commit.
func (c *commitNumber) settle(err error) error {
	if err != nil {
		c.known = false
	}
	return err
}
