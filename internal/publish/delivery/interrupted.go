package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
)

// Interrupted settles deliveries whose process died between the message's body and the
// server's reply.
type Interrupted struct {
	cfg    *config.Config
	ledger *ledger.Ledger
	log    *slog.Logger
	start  time.Time     // of the pass
	found  map[int64]int // by edition: deliveries of which it is not known whether the server accepted them
}

// NewInterrupted returns what settles interrupted deliveries at the start of a pass.
func NewInterrupted(cfg *config.Config, l *ledger.Ledger, log *slog.Logger, start time.Time) *Interrupted {
	return &Interrupted{cfg: cfg, ledger: l, log: log, start: start, found: map[int64]int{}}
}

// Settle records results that an earlier run could not, and decides what becomes of the
// deliveries that were interrupted: mail.uncertain says whether they are sent again or held.
func (i *Interrupted) Settle(ctx context.Context) ([]report.Warning, error) {
	warnings, err := RecordSpooled(ctx, i.ledger, i.log)
	if err != nil {
		return nil, err
	}
	left, err := i.ledger.Interrupted(ctx)
	if err != nil {
		return nil, err
	}
	canceled := map[int64]bool{}
	for _, d := range left {
		if _, known := canceled[d.Edition]; !known {
			e, err := i.ledger.Edition(ctx, d.Edition)
			if err != nil {
				return nil, err
			}
			canceled[d.Edition] = e != nil && e.Canceled
		}
		if !canceled[d.Edition] {
			i.found[d.Edition]++
		}
		r := ledger.InterruptedResult(d.Edition, d.Subscriber, canceled[d.Edition], i.cfg.Mail.HoldsUncertain(), i.start)
		if _, err := i.ledger.Record(ctx, r, nil); err != nil {
			return nil, err
		}
	}
	if len(left) > 0 {
		i.log.Warn("deliveries were interrupted", "count", len(left), "uncertain", i.cfg.Mail.Uncertain)
	}
	return warnings, nil
}

// Report adds the interrupted deliveries that Settle found to what a pass reports of
// editions.
func (i *Interrupted) Report(ctx context.Context, all []report.Edition) ([]report.Edition, []report.Warning, error) {
	var warnings []report.Warning
	for _, number := range slices.Sorted(maps.Keys(i.found)) {
		n := i.found[number]
		at := slices.IndexFunc(all, func(r report.Edition) bool { return r.Number == number })
		if at < 0 {
			e, err := i.ledger.Edition(ctx, number)
			if err != nil {
				return all, warnings, err
			}
			at = len(all)
			all = append(all, editions.Report(i.cfg, e))
		}
		all[at].Uncertain += n
		what := "mail.uncertain holds them: `publisher editions retry %d` sends them again"
		if !i.cfg.Mail.HoldsUncertain() {
			all[at].Resent += n
			what = "they are sent again with the same Message-ID, and may arrive twice: `publisher editions show %d` lists them"
		}
		warnings = append(warnings, report.Warning{Path: i.cfg.LedgerName(), Message: fmt.Sprintf(
			"edition %d: it is not known whether the server accepted %d deliveries that were in flight when the program was stopped; "+what, number, n, number)})
	}
	return all, warnings, nil
}

// RecordSpooled records results that an earlier run could not record. It warns of those that
// this ledger does not know.
func RecordSpooled(ctx context.Context, l *ledger.Ledger, log *slog.Logger) ([]report.Warning, error) {
	recorded, aside, err := l.RecordSpooled(ctx)
	if err != nil {
		return nil, err
	}
	if recorded > 0 {
		log.Info("recorded results that an earlier run could not", "deliveries", recorded)
	}
	if aside == "" {
		return nil, nil
	}
	log.Warn(setAside, "file", aside)
	return []report.Warning{{Path: filepath.Base(aside), Message: setAside}}, nil
}

const setAside = "set aside: mail servers' answers to mails that this ledger does not know (an older ledger was restored); compare it with the server's log, then delete the file"

// SetAside warns of results that earlier passes set aside.
func SetAside(l *ledger.Ledger) []report.Warning {
	var warnings []report.Warning
	for _, file := range l.SetAsideFiles() {
		warnings = append(warnings, report.Warning{Path: filepath.Base(file), Message: setAside})
	}
	return warnings
}
