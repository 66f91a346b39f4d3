package publish

import (
	"context"
	"errors"
	"sync"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/panics"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/work"
)

// Of the daemons that share a ledger, whoever has its lock leads: it makes the passes. The others stand by:
// they keep their own feeds up to date by what the ledger has of the posts, and wait for the lock. All of
// them deliver.

// Lease waits until nobody else has the lock of the ledger, and takes it.
type Lease func(context.Context, postgres.Waiting) (engines.Lock, error)

const (
	// standbyLook is how often a daemon that stands by looks at its content and at the posts in the
	// ledger, in which others record what has changed.
	standbyLook = 10 * time.Second
	// rolePause is how long a daemon waits until it tries again what failed.
	rolePause = 2 * time.Second
)

// runShared works until ctx ends, as one of several daemons.
func (d *Daemon) runShared(ctx context.Context, changed <-chan struct{}) error {
	var working sync.WaitGroup
	defer working.Wait()
	// Whoever leads says first what mail is made of: a config that was reloaded differs from that before.
	d.begin = sync.OnceFunc(func() { working.Go(func() { d.keepWorking(ctx) }) })
	for ctx.Err() == nil {
		lock, err := d.standBy(ctx, changed)
		if err != nil {
			return unlessStopped(ctx, err)
		}
		d.lead(ctx, lock, changed)
	}
	return nil
}

// keepWorking delivers until ctx ends.
func (d *Daemon) keepWorking(ctx context.Context) {
	for ctx.Err() == nil {
		o := d.workOptions("publisher serve")
		o.Troubles = d.troubles
		o.Note = func(err error) { d.note(partServer, err) }
		o.Working = func() { d.note(partWork, nil) }
		o.Notices.Note, o.Notices.Poll = func(err error) { d.note(partSignUps, err) }, d.poll
		d.note(partWork, unlessStopped(ctx, panics.Catch(func() error { return work.Run(ctx, o) })))
		d.pause(ctx)
	}
}

// troubles returns what is wrong in this process and not in the ledger as what is wrong with the passes.
func (d *Daemon) troubles() (all []fleet.Trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var lack *catalog.LackError
	if err := d.faults[partContent]; err != nil && (!d.leads || errors.As(err, &lack)) {
		message, what := hint.Split(hint.Text(err))
		all = append(all, fleet.Trouble{Message: message, Hint: what, Decide: lack != nil})
	}
	if err := d.faults[partSignUps]; err != nil {
		all = append(all, fleet.Trouble{Message: partSignUps + ": " + hint.Lines(err)[0]})
	}
	return all
}

// standBy keeps the feeds up to date until it has taken the lock.
func (d *Daemon) standBy(ctx context.Context, changed <-chan struct{}) (engines.Lock, error) {
	standing, end := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer end()
	begin := sync.OnceFunc(func() {
		following.Go(func() { d.follow(standing, changed) })
	})
	defer d.note(partLease, nil)
	return d.lease(ctx, postgres.Waiting{
		For: func(holder string) {
			d.log.Info("standing by", "leader", holder)
			begin()
			d.begin()
		},
		Failed: func(err error) {
			d.note(partLease, unlessStopped(ctx, err))
			if err != nil {
				d.begin()
			}
		},
		Yield: d.lacks,
	})
}

// lacks reports whether the content here lacks too many posts to make the passes.
func (d *Daemon) lacks() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	var lack *catalog.LackError
	return errors.As(d.faults[partContent], &lack)
}

// follow keeps the feeds up to date until ctx ends.
func (d *Daemon) follow(ctx context.Context, changed <-chan struct{}) {
	defer d.forget(partContent)
	memory := new(passstate.Own)
	for {
		err := panics.Catch(func() error { return d.updateFollowing(ctx, memory) })
		d.note(partContent, unlessStopped(ctx, err))
		if err := d.wait(ctx, d.now().Add(min(d.every, standbyLook)), changed); err != nil {
			return
		}
	}
}

// updateFollowing brings the feeds up to date with the content here and the posts in the ledger.
func (d *Daemon) updateFollowing(ctx context.Context, memory *passstate.Own) error {
	if first, err := passstate.FirstPass(ctx, d.ledger); err != nil || first.IsZero() {
		return err
	}
	s, err := d.newPass()
	if err != nil {
		return err
	}
	s.ledger, s.live, s.daemon, s.feedsOnly, s.memory = d.ledger, true, true, true, memory
	if err := s.survey(ctx); err != nil {
		return err
	}
	if err := s.updateFeeds(ctx); err != nil {
		return err
	}
	if err := d.learnTags(ctx, s); err != nil {
		return err
	}
	r := s.report()
	d.logPass(r)
	return errors.Join(asErrors(r.Errors)...)
}

// lead makes the passes until ctx ends, or another process has the lock.
func (d *Daemon) lead(ctx context.Context, lock engines.Lock, changed <-chan struct{}) {
	held, end := lock.Held(ctx)
	defer end()
	err := panics.Catch(func() error { return d.leadWith(held, lock, changed) })
	d.begin()
	if err = unlessStopped(held, err); err != nil && !isLocked(err) {
		d.note(partLease, err)
	}
	switch {
	case ctx.Err() != nil:
	case err == nil || isLocked(err):
		if cause := context.Cause(held); cause != nil {
			err = cause
		}
		d.log.Warn("no longer leading", "reason", err)
		d.pause(ctx) // it takes as long at most until the lock is known to be lost
	default:
		d.pause(ctx)
	}
}

func (d *Daemon) leadWith(held context.Context, lock engines.Lock, changed <-chan struct{}) (err error) {
	ctx, lose := context.WithCancel(held)
	defer lose()
	l, batches, err := engines.OpenShared(ctx, lock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	defer context.AfterFunc(ctx, func() { l.LimitLockWait(HurryWithin) })()
	d.setLeads(true)
	defer d.setLeads(false)
	d.log.Info("leading: this process makes the passes")
	if err := d.shareSettings(ctx, batches); err != nil {
		return err
	}
	d.begin()
	t := d.newTerm(l, batches)
	t.lose = lose
	defer d.forget(partContent, partMail, partMailbox, partPruning)
	return t.run(ctx, changed)
}

func (d *Daemon) setLeads(leads bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leads = leads
}

// forget drops what is known of parts that another role of this process has.
func (d *Daemon) forget(parts ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, part := range parts {
		delete(d.faults, part)
	}
}

// pause waits a moment, or until ctx ends.
func (d *Daemon) pause(ctx context.Context) {
	select {
	case <-time.After(rolePause):
	case <-ctx.Done():
	}
}

func isLocked(err error) bool {
	var locked *ledger.LockedError
	return errors.As(err, &locked)
}

// note is Daemon's, and stores in the ledger what fails.
func (t *term) note(part string, err error) {
	if isLocked(err) { // nothing that this process does counts any more
		t.lose()
		return
	}
	t.Daemon.note(part, err)
	if t.batches != nil && ledger.IsAway(err) {
		t.tryAgain()
	}
	var lack *catalog.LackError
	if errors.As(err, &lack) { // only on this machine
		err = nil
	}
	t.keepFault(part, err)
}
