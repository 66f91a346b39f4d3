package ledger

import (
	"context"
	"database/sql"
)

// OweScrub notes that something was deleted that has to leave the files too: see package
// erasure.
func OweScrub(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE pass_state SET scrub = TRUE")
	return err
}

// Scrub makes sure that nothing that was deleted is left in the database's files: see Engine.
func (l *Ledger) Scrub(ctx context.Context, texts []string) error { return l.engine.Scrub(ctx, texts) }

// ForgetRepliesTo has Record store no reply about a subscriber any more.
func (l *Ledger) ForgetRepliesTo(subscriber int64) {
	l.erased.Store(subscriber, struct{}{})
	l.anyErased.Store(true)
}

// repliesForgotten reports whether no reply about the subscriber may be stored.
func (l *Ledger) repliesForgotten(subscriber int64) bool {
	if !l.anyErased.Load() {
		return false
	}
	_, erased := l.erased.Load(subscriber)
	return erased
}
