package engines

import (
	"context"
	"errors"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/ledger/transfer"
)

// Copied is what Copy has copied.
type Copied struct {
	From   string           `json:"from"`
	To     string           `json:"to"`
	Rows   int64            `json:"rows"`
	Tables []transfer.Count `json:"tables"`
}

// source is a ledger to copy from.
type source interface {
	Name() string
	// Move runs copy, and then marks the ledger as moved.
	Move(ctx context.Context, to string, copy func(transfer.Database) error) error
	Close() error
}

// target is a ledger to copy to.
type target interface {
	Name() string
	// Fill runs copy. Nothing is sent from the ledger before Finish.
	Fill(ctx context.Context, copy func(transfer.Database) error) error
	Finish(ctx context.Context) error
	Close() error
}

// Copy copies a ledger to another database, in which there is none, under the locks of both. Then
// nothing is sent from the first one any more. What is interrupted can be begun anew: at no time
// mail could be sent from both.
func Copy(ctx context.Context, from, to Place, command string, now time.Time) (copied Copied, err error) {
	return copyLedger(ctx, from, to, command, now, func(string) error { return nil })
}

// copyLedger calls reached once "filled", and once "moved". An error of it ends the copy, as a crash would.
func copyLedger(ctx context.Context, from, to Place, command string, now time.Time, reached func(string) error) (copied Copied, err error) {
	if from.DSN == to.DSN {
		return copied, &ledger.AddressError{Err: hint.With(errors.New("both addresses are the same"), "write where the ledger is, and then where it is to be")}
	}
	src, err := openSource(ctx, from, command, now)
	if err != nil {
		return copied, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := openTarget(ctx, to, command, now)
	if err != nil {
		return copied, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	copied.From, copied.To = src.Name(), dst.Name()
	err = src.Move(ctx, dst.Name(), func(rows transfer.Database) error {
		err := dst.Fill(ctx, func(into transfer.Database) (err error) {
			copied.Tables, err = transfer.Copy(ctx, rows, into)
			return err
		})
		if err != nil {
			return err
		}
		return reached("filled")
	})
	if err == nil {
		err = reached("moved")
	}
	if err == nil {
		err = dst.Finish(ctx)
	}
	for _, t := range copied.Tables {
		copied.Rows += t.Rows
	}
	return copied, err
}

func openSource(ctx context.Context, at Place, command string, now time.Time) (source, error) {
	if at.OnPostgreSQL() {
		m, err := postgres.Moving(ctx, at.DSN, at.options(), command, now)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	s, err := sqlite.Moving(ctx, at.DSN, command, now)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func openTarget(ctx context.Context, at Place, command string, now time.Time) (target, error) {
	if at.OnPostgreSQL() {
		m, err := postgres.Receiving(ctx, at.DSN, at.options(), command, now)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	t, err := sqlite.Receiving(ctx, at.DSN, command, now)
	if err != nil {
		return nil, err
	}
	return t, nil
}
