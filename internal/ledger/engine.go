package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Engine is a database that holds a ledger: everything that differs between databases. SQL
// that both SQLite and PostgreSQL can run is written once, in this package, and goes
// through an Engine's transactions.
//
// Tables and columns are the same in all of them; times are microseconds since 1970.
type Engine interface {
	// Reader returns the database for queries that change nothing.
	Reader() *sql.DB
	// Change runs do in a transaction, on tables that contain everything recorded so far about
	// the subscribers whom it touches. What do has changed is durable when Change returns.
	//
	// Unless everybody is touched, the transaction may be one with those of other callers. Then
	// do may run again if one of them fails, and only its last run counts.
	Change(ctx context.Context, touched Touched, do func(*sql.Tx) error) error
	// InsertRows runs text, which has %s after VALUES, for rows of so many columns, whose values
	// are consecutive in args.
	InsertRows(ctx context.Context, tx *sql.Tx, text string, columns int, args []any) error
	// Settle brings everything recorded about these subscribers into the tables.
	Settle(ctx context.Context, about Touched) error

	// Record commits a result and an intent as described at Ledger.Record; Step decides about
	// them.
	Record(ctx context.Context, done *Result, next *Intent) (begun bool, err error)
	// Recipients calls read, which reads recipients of an edition, once the tables contain
	// everything recorded. The engine may remember the recipients until their intents come.
	Recipients(ctx context.Context, edition int64, read func() ([]Recipient, error)) ([]Recipient, error)
	// Stage runs fill in a transaction that locks nothing of the ledger, and then merge in one
	// like Change's, in one session. The
	// session has the empty temporary tables import_row and import_line, the only ones that
	// fill may write to.
	Stage(ctx context.Context, fill func(*sql.Tx) error, merge func(*sql.Tx) error) error

	// CheckCloneMark and AdvanceCloneMark are described at Ledger's methods.
	CheckCloneMark(ctx context.Context) error
	AdvanceCloneMark(ctx context.Context) error
	// Adopt is described at Ledger.Adopt; spooled are the results that are not recorded yet.
	Adopt(ctx context.Context, spooled []Result) error

	// Scrub makes sure that nothing that was deleted is left in the database's files, which are
	// searched for texts in any case; none if they are not known any more. Calls of Record that
	// began before it are in the tables when it returns.
	Scrub(ctx context.Context, texts []string) error

	// CheckIntegrity is described at Ledger.CheckIntegrity.
	CheckIntegrity(ctx context.Context) error
	// LimitLockWait is described at Ledger.LimitLockWait.
	LimitLockWait(within time.Duration)
	// Unavailable reports whether err means that the database failed, or may have failed, to
	// store a call of Record, and that the call is not to blame.
	Unavailable(err error) bool
	// Advise adds to an error of the database what to do about it.
	Advise(err error) error
	// Close waits for pending calls of Record, then closes the database.
	Close() error
}
