// Package work delivers the batches that the leader of several processes hands out: each process
// works some, whoever dies is replaced by the others, and what a dead one was sending is settled as
// mail.uncertain says. It needs neither a content tree nor templates.
package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/metrics"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/notices"
)

// Options are what a process that works provides.
type Options struct {
	Config   *config.Config
	DSN      string
	StateDir string // absolute
	Command  string // that this process runs
	Version  string // of the program
	Log      *slog.Logger
	Now      func() time.Time
	Progress func(delivery.Progress)
	Working  func() // called each time that a life has begun; nil for none
	// Note is told how each delivery went: nil, or mostly that the mail server cannot be used. They are
	// tried again. nil logs that.
	Note func(error)
	// Notices are what this process sends besides batches; nil without templates.
	Notices *Notices
	Metrics *metrics.Metrics
	// Troubles returns what else is wrong in this process; nil for nothing.
	Troubles func() []fleet.Trouble
}

// Notices are the mails to one person that are not digests. They go out before the batches, over the same
// connections.
type Notices struct {
	Open  func(context.Context, *ledger.Ledger) (*notices.Queue, error) // with the ledger of a life
	Woken <-chan struct{}                                               // has the ledger asked for them at once
	Poll  time.Duration                                                 // how often it is asked otherwise; 0 for the usual time
	Note  func(error)                                                   // told how each look went
}

const (
	// nextLife is how long a process waits before it tries again to reach the ledger.
	nextLife = 2 * time.Second
	// stopTime is how long batches may take to be given back at a stop: the replies to what is in
	// flight are awaited for eight seconds.
	stopTime = 8500 * time.Millisecond
	// cancelTime is how long jobs may take to end that are canceled.
	cancelTime = 300 * time.Millisecond
)

// Run works batches until ctx ends, and gives back those that it holds then. It returns an error if it
// cannot even begin.
func Run(ctx context.Context, o Options) error {
	signer, err := delivery.LoadSigner(o.Config, o.Log)
	if err != nil {
		return err
	}
	sender, err := delivery.NewSender(o.Config, signer)
	if err != nil {
		return err
	}
	defer sender.Close()
	if o.Metrics != nil {
		sender.Observe(o.Metrics)
	}
	common := newSharing(o.Config, sender)
	if o.Progress == nil {
		o.Progress = func(delivery.Progress) {}
	}
	if o.Note == nil {
		o.Note = func(err error) {
			if err != nil {
				o.Log.Error("delivering", "error", err)
			}
		}
	}
	o.rememberServer()
	var earlier postgres.Life
	log := onChange(o.Log)
	for {
		lived, err := live(ctx, o, sender, common, earlier)
		if lived.Any() {
			earlier = lived
		}
		if ctx.Err() != nil {
			if errors.Is(err, context.Canceled) || isDead(err) {
				return nil
			}
			return err
		}
		if !earlier.Any() || isFinal(err) {
			return err
		}
		if isDead(err) {
			o.Log.Warn("this process begins anew", "reason", err)
			continue
		}
		log(slog.LevelError, "working", err)
		if pause(ctx, nextLife); ctx.Err() != nil {
			return nil
		}
	}
}

// rememberServer adds to the troubles what Note was told of last.
func (o *Options) rememberServer() {
	var last atomic.Pointer[fleet.Trouble]
	note, others := o.Note, o.Troubles
	o.Note = func(err error) {
		var t *fleet.Trouble
		if err != nil {
			t = &fleet.Trouble{Message: hint.Text(err), Hint: "mail goes on by itself once that is over"}
		}
		last.Store(t)
		note(err)
	}
	o.Troubles = func() (all []fleet.Trouble) {
		if others != nil {
			all = others()
		}
		if t := last.Load(); t != nil {
			all = append(all, *t)
		}
		return all
	}
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// onChange returns a function that logs an error unless it was the last one that it logged.
func onChange(log *slog.Logger) func(slog.Level, string, error) {
	last := ""
	return func(level slog.Level, message string, err error) {
		if text := err.Error(); text != last {
			last = text
			log.Log(context.Background(), level, message, "error", err)
		}
	}
}

// isFinal reports whether a life that ended so must not be followed by another one before a person has
// done something. A server that has become a standby is none of these reasons: its address may soon be
// that of another server.
func isFinal(err error) bool {
	var clone *ledger.CloneError
	var damaged *ledger.DamagedError
	return errors.As(err, &clone) || errors.As(err, &damaged)
}

// live is one life, after an earlier one if there was any. It returns what is known of it; the zero value
// if it did not begin.
func live(ctx context.Context, o Options, sender *delivery.Sender, common *sharing, earlier postgres.Life) (lived postgres.Life, err error) {
	w, err := postgres.BeginWork(ctx, o.DSN, postgres.Options{StateDir: o.StateDir}, o.Command, o.Version, earlier)
	if err != nil {
		return lived, err
	}
	defer func() {
		if closed := w.Close(); err == nil && closed != nil && !isDead(closed) {
			err = closed
		}
	}()
	if earlier.Any() {
		if err := w.Resume(ctx, earlier, o.Config.Mail.HoldsUncertain(), o.Now()); err != nil {
			return lived, err
		}
	}
	if _, err := w.RecordLate(ctx); err != nil {
		return lived, err
	}
	o.Note(nil)
	defer common.serve(w)()
	l, err := newLife(ctx, o, w, sender)
	if err != nil {
		return lived, err
	}
	if o.Working != nil {
		o.Working()
	}
	err = l.agree(ctx, l.run)
	return w.Life(), err
}

func isDead(err error) bool {
	var dead *ledger.DeadError
	return errors.As(err, &dead)
}

// note logs what this process takes over.
func note(log *slog.Logger) func(postgres.TakenOver, error) {
	failed := onChange(log)
	return func(took postgres.TakenOver, err error) {
		if err != nil {
			failed(slog.LevelError, "looking at the other processes", err)
			return
		}
		log.Warn("took over the work of a process that is dead", "worker", took.Worker, "batches", took.Batches, "uncertain", took.Interrupted+took.Notices)
	}
}

// clientID names a worker in River's tables.
func clientID(id int64) string { return fmt.Sprintf("publisher-worker-%d", id) }
