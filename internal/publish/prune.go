package publish

import (
	"context"
	"errors"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/pruning"
	"publisher/internal/panics"
)

const (
	// pruneEvery is how often a daemon looks for deliveries that are older than ledger_keep.
	pruneEvery = time.Hour
	// pruneRest is how long a single pass goes on with them once its mail is done.
	pruneRest = 10 * time.Second
)

// prune replaces deliveries that are older than ledger_keep by counts, until none is left or ctx
// ends. After each piece it rests for as long as the piece took, so that mail has the ledger.
func (p *Publisher) prune(ctx context.Context, l *ledger.Ledger) error {
	if p.cfg.LedgerKeep == 0 {
		return nil
	}
	pruner := pruning.New(l, p.now().Add(-p.cfg.LedgerKeep))
	rows := 0
	defer func() {
		if rows > 0 {
			p.log.Info("deliveries are only counted now (ledger_keep)", "deliveries", rows)
		}
	}()
	for ctx.Err() == nil {
		began := time.Now()
		n, more, err := pruner.Next(ctx, p.now())
		rows += n
		if err != nil || !more {
			return err
		}
		rest := time.NewTimer(time.Since(began))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
		}
	}
	return nil
}

// pruneMeanwhile prunes beside the mail of a pass. end returns once nothing is left, or soon.
func (s *pass) pruneMeanwhile(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- panics.Catch(func() error { return s.prune(ctx, s.ledger) }) }()
	return func() {
		defer cancel()
		late := time.AfterFunc(pruneRest, cancel)
		defer late.Stop()
		err := <-ended
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil // the next pass goes on
		}
		if err != nil {
			s.own.Fail(err)
		}
	}
}

// pruneOften prunes every so often until ctx ends, beside the passes.
func (d *term) pruneOften(ctx context.Context) {
	for d.cfg.LedgerKeep != 0 && ctx.Err() == nil {
		err := panics.Catch(func() error { return d.prune(ctx, d.ledger) })
		d.note(partPruning, unlessStopped(ctx, err))
		if err := d.wait(ctx, d.now().Add(pruneEvery), nil); err != nil {
			return
		}
	}
}
