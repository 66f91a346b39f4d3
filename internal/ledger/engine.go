package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Engine is a database that holds a ledger: all that differs from one database to
// another. What both SQLite and PostgreSQL can run is written once, in this package, and
// goes through an Engine's transactions.
//
// Tables and columns are the same everywhere; times are microseconds since 1970.
type Engine interface {
	// Reader returns the database for queries that change nothing.
	Reader() *sql.DB
	// Change runs do in a transaction on tables that hold all that was recorded. The
	// transaction is durable when Change returns.
	Change(ctx context.Context, do func(*sql.Tx) error) error
	// Store is Change for what touches neither subscribers nor deliveries, which may not
	// hold all that was recorded.
	Store(ctx context.Context, do func(*sql.Tx) error) error
	// Settle brings all that was recorded into the tables.
	Settle(ctx context.Context) error

	// Record commits a result and an intent as Ledger.Record says, of which Step decides.
	Record(ctx context.Context, done *Result, next *Intent) (begun bool, err error)
	// Recipients returns what read returns, recipients of an edition, and has it see all
	// that was recorded. The engine may remember them until their intents come.
	Recipients(ctx context.Context, edition int64, read func() ([]Recipient, error)) ([]Recipient, error)
	// Stage runs fill, and then merge in a transaction like one of Change, in a session of
	// its own. The session has the empty temporary tables import_row, import_line and
	// import_before, the only ones that fill may write to.
	Stage(ctx context.Context, fill func(*sql.Conn) error, merge func(*sql.Tx) error) error

	// CheckCloneMark and AdvanceCloneMark do what Ledger's methods say.
	CheckCloneMark(ctx context.Context) error
	AdvanceCloneMark(ctx context.Context) error
	// Adopt does what Ledger.Adopt says; spooled are results that are not recorded.
	Adopt(ctx context.Context, spooled []Result) error

	// CheckIntegrity does what Ledger.CheckIntegrity says.
	CheckIntegrity(ctx context.Context) error
	// LimitLockWait does what Ledger.LimitLockWait says.
	LimitLockWait(within time.Duration)
	// Unavailable reports whether err means that the database took nothing of a call of
	// Record, or may not have, through no fault of the call.
	Unavailable(err error) bool
	// Advise returns err with what to do about it, where it is the database's own.
	Advise(err error) error
	// Close waits for the calls of Record under way, then closes the database.
	Close() error
}
