package ledger

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"publisher/internal/hint"
)

// ErrClosed is returned by Record after Close.
var ErrClosed = errors.New("the ledger is closed")

// ErrBusy is wrapped by errors that occur because another program has locked the ledger.
var ErrBusy = errors.New("another program has locked it")

// AwayError means that the database cannot be reached, or does not serve anybody now. It may soon.
type AwayError struct{ Err error }

func (e *AwayError) Error() string { return e.Err.Error() }

// Unwrap returns the database's error.
func (e *AwayError) Unwrap() error { return e.Err }

// IsAway reports whether an error is, or wraps, an *AwayError.
func IsAway(err error) bool {
	var away *AwayError
	return errors.As(err, &away)
}

// errNotOpen is the error for a result of a delivery that is not open.
var errNotOpen = errors.New("not open")

// LockedError means that another process holds the lock.
type LockedError struct{ Holder string } // e.g. "publisher run (process 4711 on host, since 2026-11-22 08:00 UTC)"

// Holder describes this process as the holder of a lock.
func Holder(command string, now time.Time) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	return fmt.Sprintf("%s (process %d on %s, since %s)", command, os.Getpid(), host, now.UTC().Format("2006-01-02 15:04 MST"))
}

func (e *LockedError) Error() string { return "another pass is running: " + e.Holder }

// DeadError means that other processes have declared this one dead, because it was cut off from the
// ledger, and have taken its work over.
type DeadError struct {
	Err error
	// LostCommits is set if the ledger lacks something that this process has committed, which is the
	// reason instead.
	LostCommits bool
}

func (e *DeadError) Error() string {
	if e.LostCommits {
		return "the ledger lacks what this process has committed"
	}
	return "other processes took over this one's work, because it was cut off from the ledger"
}

// Unwrap returns the database's error; it may be nil.
func (e *DeadError) Unwrap() error { return e.Err }

// AddressError means that the database that the config names cannot hold a ledger, whenever it
// is tried: the address, the database's settings or the user's rights have to be changed.
type AddressError struct{ Err error }

func (e *AddressError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *AddressError) Unwrap() error { return e.Err }

// CloneError means that the ledger is not the one that mail was last sent from.
type CloneError struct {
	Path string // the file beside the ledger
	What string
}

func (e *CloneError) Error() string { return e.hinted().Error() }

// Lines returns what is wrong and what to do about it.
func (e *CloneError) Lines() []string { return hint.Lines(e.hinted()) }

func (e *CloneError) hinted() error {
	return hint.With(fmt.Errorf("nothing is sent: %s (%s)", e.What, e.Path),
		"if an older copy was restored or a copy runs elsewhere, mail could go out twice; if this is the right ledger, run `publisher adopt`")
}

// DamagedError means that the database is corrupt. Nothing was sent; a person has to
// decide what to replace it with.
type DamagedError struct {
	What string
	Hint []string // what to do, line by line
	Err  error    // the database's own; may be nil
}

func (e *DamagedError) Unwrap() error { return e.Err }

func (e *DamagedError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns what is wrong and what to do about it, line by line.
func (e *DamagedError) Lines() []string {
	lines := append([]string{e.What + ". Nothing was read or sent."}, e.Hint...)
	if len(e.Hint) > 0 {
		lines[1] = "hint: " + lines[1]
	}
	return lines
}
