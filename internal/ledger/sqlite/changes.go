package sqlite

import (
	"context"
	"database/sql"

	"publisher/internal/ledger"
	"publisher/internal/ledger/grouped"
)

// newChanges returns what runs changes, each group in one transaction of the writer.
func newChanges(r *recorder) *grouped.Changes {
	return &grouped.Changes{Touch: r.touch, Sending: r.writer.log.recording, Transaction: func(ctx context.Context, _ []ledger.Touched, do func(*sql.Tx) error) error {
		return r.writer.run(ctx, do)
	}}
}

// Change implements [ledger.Engine]. It returns once the change is on the disk.
func (e *engine) Change(ctx context.Context, touched ledger.Touched, do func(*sql.Tx) error) error {
	if err := e.changes.Run(ctx, touched, do); err != nil {
		return err
	}
	return e.recorder.writer.log.share()
}
