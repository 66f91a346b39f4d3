package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"publisher/internal/ledger"

	"github.com/jackc/pgx/v5/pgconn"
)

// Further codes of PostgreSQL: see advise.go.
const (
	idleInTransaction = "25P03"
	dataCorrupted     = "XX001"
	indexCorrupted    = "XX002"
)

// Code returns the code of an error of the server; "" if err is none.
func Code(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// IsConflict reports whether nothing was done because another transaction was in the way.
func IsConflict(err error) bool {
	return slices.Contains([]string{serializationFailure, deadlock, lockNotAvailable}, Code(err))
}

// isLost reports whether the connection was lost or given up, or could not be made. What was sent last may
// have been done all the same.
func isLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "conn closed")
}

// isEnding reports whether the server ends, is starting, or has ended the connection.
func isEnding(err error) bool {
	c := Code(err)
	return strings.HasPrefix(c, "08") || slices.Contains([]string{adminShutdown, crashShutdown, cannotConnectNow, idleInTransaction}, c)
}

// IsUnavailable reports whether the ledger cannot be used now, or not by this process. Errors about the
// values of a call are not among these: they would come again.
func IsUnavailable(err error) bool {
	if err == nil {
		return false
	}
	if ledger.IsAway(err) {
		return true
	}
	if class := Code(err); class != "" {
		return IsConflict(err) || isEnding(err) || class == readOnlyTransaction || class == fenced || class == declaredDead || class == lostCommits ||
			slices.Contains([]string{"53", "54", "57", "58", "XX"}, class[:2])
	}
	return isLost(err)
}

// AdviseOnLedger is advise, which also knows a damaged ledger.
func AdviseOnLedger(err error) error {
	if c := Code(err); c == dataCorrupted || c == indexCorrupted {
		return &ledger.DamagedError{What: fmt.Sprintf("it is damaged (%v)", err),
			Hint: []string{"restore the database from your latest backup, then run `publisher adopt`"}, Err: err}
	}
	return Advise(err)
}
