package postgres

import (
	"context"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Life is what a process knows of a worker that it was. The zero value stands for none.
type Life struct {
	worker int64
	beats  int64     // the highest count that is known to be committed
	heard  time.Time // when the worker was last heard of
	mark   int64     // of the clone guard at the beginning
}

// Life returns what is known of the worker.
func (w *Worker) Life() Life {
	return Life{worker: w.ID, beats: w.beats.Load(), heard: w.began.Add(time.Duration(w.heard.Load())), mark: w.mark}
}

// Any reports whether there was a worker.
func (l Life) Any() bool { return l.worker != 0 }

// isLost reports whether the ledger lacks what a worker has committed: a standby took over that had not
// received it, or a dump was restored. The marks of the clone guard are a second apart; within one, only
// whoever lived through it knows.
func (l Life) isLost(ctx context.Context, q sqlutil.RowQuerier, g guard) (bool, error) {
	if !l.Any() || g.adopted > l.mark || time.Since(l.heard) > deadAfter { // its row may have been removed
		return false, nil
	}
	var beats int64
	_, err := sqlutil.Row(ctx, q, "SELECT beats FROM worker WHERE id = $1", []any{l.worker}, &beats)
	return err == nil && beats < l.beats, err
}
