package postgres

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"publisher/internal/hint"
	"publisher/internal/ledger"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of errors: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	readOnlyTransaction  = "25006"
	idleInTransaction    = "25P03"
	diskFull             = "53100"
	outOfMemory          = "53200"
	tooManyConnections   = "53300"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	dataCorrupted        = "XX001"
	indexCorrupted       = "XX002"
)

// code returns the code of an error of the server; "" if err is none.
func code(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// isConflict reports whether nothing was done because another transaction was in the way.
func isConflict(err error) bool {
	return slices.Contains([]string{serializationFailure, deadlockDetected, lockNotAvailable}, code(err))
}

// isLost reports whether the connection was lost, or could not be made. What was sent last may
// have been done all the same.
func isLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed")
}

// isEnding reports whether the server ends, is starting, or has ended the connection.
func isEnding(err error) bool {
	c := code(err)
	return strings.HasPrefix(c, "08") || slices.Contains([]string{adminShutdown, crashShutdown, cannotConnectNow, idleInTransaction}, c)
}

// Unavailable implements [ledger.Engine]. Errors about the values of a call are not among these:
// they would come again.
func (e *engine) Unavailable(err error) bool {
	if err == nil {
		return false
	}
	if class := code(err); class != "" {
		return isConflict(err) || isEnding(err) || class == readOnlyTransaction ||
			slices.Contains([]string{"53", "54", "57", "58", "XX"}, class[:2])
	}
	return isLost(err)
}

// Advise implements [ledger.Engine].
func (e *engine) Advise(err error) error { return advise(err) }

func advise(err error) error {
	if err == nil {
		return nil
	}
	switch c := code(err); c {
	case lockNotAvailable, deadlockDetected, serializationFailure:
		return hint.With(fmt.Errorf("%w (%w)", ledger.ErrBusy, err), "wait until that program is done, and run again")
	case readOnlyTransaction:
		return hint.With(fmt.Errorf("it cannot be written (%w)", err), "name the primary server in ledger, not a standby, and a role that may write")
	case diskFull:
		return hint.With(fmt.Errorf("the server's disk is full (%w)", err), "free some space on the machine of the server and run again")
	case outOfMemory:
		return hint.With(fmt.Errorf("the server has no memory left (%w)", err), "run again when it has, or lower its max_connections")
	case tooManyConnections:
		return hint.With(fmt.Errorf("the server has no connection left (%w)", err), "raise the server's max_connections, or end programs that use it")
	case dataCorrupted, indexCorrupted:
		return &ledger.DamagedError{What: fmt.Sprintf("it is damaged (%v)", err), Hint: []string{"restore the database from your latest backup, then run `publisher adopt`"}, Err: err}
	case "42501": // insufficient_privilege
		return hint.With(fmt.Errorf("the role may not do that (%w)", err), "let the role own the ledger's tables, and create in its schema")
	case "42P01", "42703": // undefined_table, undefined_column
		return hint.With(fmt.Errorf("the tables are not a ledger's (%w)", err), "name a database of the ledger's own, or restore its backup")
	}
	switch {
	case isEnding(err), isLost(err):
		return hint.With(fmt.Errorf("the connection to the server was lost (%w)", err), "see whether PostgreSQL runs and can be reached, and run again")
	}
	return err
}
