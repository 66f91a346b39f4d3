package work

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
)

const (
	// batchSize is how many recipients, or retries, are handed out at a time.
	batchSize = 500
	// mostAhead is how many batches wait at most for somebody to work them.
	mostAhead = 200
	// mostRounds is how often an edition is gone through for those who had changed since they were read.
	mostRounds = 4
	// renewEvery is how often lost jobs are looked for.
	renewEvery = 5 * time.Second
)

// Leader hands editions out to those who work. There is one at a time, which holds the lease of the
// passes.
type Leader struct {
	Config  *config.Config
	Ledger  *ledger.Ledger
	Batches *postgres.Batches
	Log     *slog.Logger
	Now     func() time.Time
	Size    int // of a batch; 0 for the usual one

	renewedAt time.Time
	prepared  map[int64]int         // how often the retries of each edition were prepared
	hidden    []postgres.HiddenPost // as they were stored; nil if they were not
}

func (l *Leader) size() int { return cmp.Or(l.Size, batchSize) }

// HandOut hands out what is due and not handed out yet, of these editions and of the deliveries
// that are due again, and ends the editions whose every recipient was tried. It reports whether
// anything is handed out that has not come back.
func (l *Leader) HandOut(ctx context.Context, c *editions.Composer, open []ledger.Edition) (busy bool, err error) {
	if err := l.storeHidden(ctx, c.Catalog()); err != nil {
		return false, err
	}
	ahead, err := l.Batches.Ahead(ctx)
	if err != nil {
		return false, err
	}
	stopped, err := l.stopped(ctx)
	if err != nil {
		return false, err
	}
	if busy, err = l.decideStopped(ctx, stopped); err != nil {
		return false, err
	}
	retries, err := l.handOutRetries(ctx, c, mostAhead-ahead, stopped)
	if err != nil {
		return false, err
	}
	busy = busy || retries.batches+len(retries.under) > 0
	room := mostAhead - ahead - retries.batches
	for i := range open {
		e := &open[i]
		if !e.Done.IsZero() || e.Canceled || stopped[e.Number] {
			continue
		}
		n, done, err := l.handOutEdition(ctx, c, e, room)
		if err != nil {
			return busy, fmt.Errorf("handing out edition %d: %w", e.Number, err)
		}
		room -= n
		if !done {
			busy = true
			continue
		}
		if retries.under[e.Number] {
			continue // more answers are to come
		}
		ended, err := l.endEdition(ctx, e)
		if err != nil {
			return busy, err
		}
		busy = busy || !ended
	}
	if busy {
		return true, l.renewLost(ctx)
	}
	// Nobody works: what is under way all the same is of somebody who could not say how it ended.
	n, err := l.Batches.SettleOrphans(ctx, l.Config.Mail.HoldsUncertain(), l.Now())
	return n > 0, err
}

// renewLost has batches worked whose jobs were lost.
func (l *Leader) renewLost(ctx context.Context) error {
	if time.Since(l.renewedAt) < renewEvery {
		return nil
	}
	l.renewedAt = time.Now()
	n, err := l.Batches.RenewLost(ctx)
	if n > 0 {
		l.Log.Warn("batches are handed out again whose jobs were lost", "count", n)
	}
	return err
}

// stopped returns the editions that are not handed out before the next pass.
func (l *Leader) stopped(ctx context.Context) (map[int64]bool, error) {
	problems, err := l.Batches.Problems(ctx)
	all := map[int64]bool{}
	for _, p := range problems {
		all[p.Edition] = all[p.Edition] || p.Stops
	}
	return all, err
}

func (l *Leader) storeHidden(ctx context.Context, c *catalog.Catalog) error {
	var all []postgres.HiddenPost
	for seq, p := range delivery.HiddenPosts(c) {
		all = append(all, postgres.HiddenPost{Seq: seq, Name: p.Name, Reason: p.Reason, Expired: p.Expired})
	}
	slices.SortFunc(all, func(a, b postgres.HiddenPost) int { return cmp.Compare(a.Seq, b.Seq) })
	if l.hidden != nil && slices.Equal(all, l.hidden) {
		return nil
	}
	if err := l.Batches.SetHiddenPosts(ctx, all); err != nil {
		return err
	}
	l.hidden = append([]postgres.HiddenPost{}, all...)
	return nil
}

// ranges returns the highest ids of up to limit ranges of an edition's recipients behind after.
func (l *Leader) ranges(ctx context.Context, e *ledger.Edition, after int64, limit int) ([]int64, error) {
	return l.Ledger.Ranges(ctx, e.Number, catalog.Audience(l.Config, e.Cadence, e.Language), after, l.size(), limit, l.Now())
}

// handOutEdition hands out up to room more batches of an edition. It reports whether every recipient was
// tried.
func (l *Leader) handOutEdition(ctx context.Context, c *editions.Composer, e *ledger.Edition, room int) (batches int, done bool, err error) {
	h, err := l.Batches.Handed(ctx, e.Number)
	if err != nil {
		return 0, false, err
	}
	if h.Round == 0 { // nobody gets a link to a web version that is not there
		if err := delivery.Prepare(ctx, c, e); err != nil {
			return 0, false, err
		}
		h.Round = 1
	}
	if room <= 0 {
		return 0, false, nil
	}
	last, err := l.ranges(ctx, e, h.Upto, room)
	if err != nil {
		return 0, false, err
	}
	if len(last) > 0 {
		var all []postgres.Batch
		for _, upto := range last {
			all = append(all, postgres.Batch{Edition: e.Number, Kind: postgres.BatchRange, After: h.Upto, Upto: upto, Round: h.Round})
			h.Upto = upto
		}
		return len(all), false, l.Batches.Add(ctx, all)
	}
	if h.Unfinished > 0 {
		return 0, false, nil
	}
	if h.Missed > 0 && h.Round < mostRounds {
		return l.nextRound(ctx, c, e, h.Round+1)
	}
	return 0, true, nil
}

// nextRound goes through an edition once more, for those who had changed since they were read.
func (l *Leader) nextRound(ctx context.Context, c *editions.Composer, e *ledger.Edition, round int) (batches int, done bool, err error) {
	if err := delivery.Prepare(ctx, c, e); err != nil {
		return 0, false, err
	}
	if err := l.Batches.Forget(ctx, e.Number); err != nil {
		return 0, false, err
	}
	last, err := l.ranges(ctx, e, 0, 1)
	if err != nil || len(last) == 0 {
		return 0, false, err // the next look ends it
	}
	b := []postgres.Batch{{Edition: e.Number, Kind: postgres.BatchRange, Upto: last[0], Round: round}}
	return 1, false, l.Batches.Add(ctx, b)
}
