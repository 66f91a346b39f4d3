package publish

import (
	"context"
	"errors"
	"strings"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/metrics"
	"publisher/internal/publish/report"
)

// The parts of the program that can fail each on its own, as logs, /healthz and
// `publisher status` call them.
const (
	partContent = "content and feeds"
	partMail    = "mail"
	partMailbox = "the mailbox"
	partSignUps = "sign-ups"
	partPruning = "pruning the ledger"

	// Those of a process that shares the ledger with others.
	partWork   = "delivering"
	partServer = "the mail server"
	partLease  = "leading"
)

// remember stores for `publisher status` what a pass found, and which of its parts failed.
func (s *pass) remember(ctx context.Context, err error) error {
	err = unlessStopped(ctx, err)
	ctx, end := lastActs(ctx)
	defer end()
	if err := s.saveLastPass(ctx, "run"); err != nil {
		return err
	}
	errs := s.report().Errors
	faults := map[string]string{partContent: "", partMail: "", partMailbox: "", partSignUps: "", partPruning: ""}
	faults[partContent] = strings.Join(errs[:min(s.prepared, len(errs))], "\n")
	faults[partMail] = strings.Join(errs[min(s.prepared, len(errs)):], "\n")
	if err = unlessCloned(err); err != nil {
		part := partContent
		if s.isPrepared {
			part = partMail
		}
		faults[part] = strings.TrimPrefix(faults[part]+"\n"+hint.Text(err), "\n")
	}
	return passstate.SaveFaults(ctx, s.ledger, s.now(), faults)
}

// unlessCloned returns err, or nil if it says that the ledger is a copy: whoever asks for the
// state of the program finds that out anew.
func unlessCloned(err error) error {
	var clone *ledger.CloneError
	if errors.As(err, &clone) {
		return nil
	}
	return err
}

func (s *pass) saveLastPass(ctx context.Context, command string) error {
	return passstate.SaveLastPass(ctx, s.ledger, passstate.LastPass{Began: s.start, Ended: s.now(), Command: command, Found: findings(s.report())})
}

func findings(r *report.Pass) passstate.PassFindings {
	return passstate.PassFindings{Posts: r.Posts.Total, New: r.Posts.New, Changed: r.Posts.Changed, Gone: r.Posts.Gone, Invalid: r.Posts.Invalid,
		Written: len(r.Feeds.Written), Unchanged: r.Feeds.Unchanged, Warnings: len(r.Warnings)}
}

// count counts a pass that has looked at everything. One that did not get that far is a fault.
func (d *term) count(s *pass, r *report.Pass) {
	p := metrics.Pass{Result: metrics.PassDone, Ended: d.now(), Posts: r.Posts.Total, New: r.Posts.New, FeedFiles: len(r.Feeds.Written)}
	p.Took = p.Ended.Sub(s.start)
	switch {
	case len(r.Errors) > 0:
		p.Result = metrics.PassFailed
	case r.NeedsPerson():
		p.Result = metrics.PassHeld
	}
	d.metrics.Passed(p)
}

// keepFault stores for `publisher status` how a part went. That it cannot be stored is logged
// only: the part itself is not to blame.
func (d *term) keepFault(part string, err error) {
	message := ""
	if err = unlessCloned(err); err != nil {
		message = hint.Text(err)
	}
	d.storing.Lock()
	defer d.storing.Unlock()
	if kept, known := d.kept[part]; known && kept == message {
		return
	}
	if err := passstate.SaveFaults(context.Background(), d.ledger, d.now(), map[string]string{part: message}); err != nil {
		d.log.Debug("what fails could not be stored", "error", err)
		return
	}
	d.kept[part] = message
}
