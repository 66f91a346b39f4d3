// Package publish is where the parts meet: a pass scans the content tree, records what is new,
// updates the feeds, closes the editions that are due and delivers them; a daemon does so
// whenever something is due. Everything that a pass decides is in the ledger before it acts on
// it, so that the next pass continues what one that died has begun.
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/metrics"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
)

// Publisher does passes for one config. It keeps nothing between them that it could not read
// again: its memory is the ledger.
type Publisher struct {
	cfg      *config.Config
	now      func() time.Time
	log      *slog.Logger
	build    string
	progress func(delivery.Progress)
	every    time.Duration
	metrics  *metrics.Metrics
	parsed   templateCache
	// feedsChanged is called after feeds were written, before anybody is told of them.
	feedsChanged func()
	woken        chan struct{} // receives when notices are to be looked for at once
}

// Options are what the program around a Publisher provides.
type Options struct {
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log receives what happens meanwhile; nil discards it.
	Log *slog.Logger
	// Build is the program's version: another one reads every file again.
	Build string
	// Every is how often a pass whose mail takes long surveys the tree again; 0 for a minute.
	Every time.Duration
	// Progress is called at the end of each delivery; nil for none.
	Progress func(delivery.Progress)
	// Metrics count what happens; nil for none.
	Metrics *metrics.Metrics
}

// New returns a Publisher.
func New(cfg *config.Config, o Options) *Publisher {
	p := &Publisher{cfg: cfg, now: o.Now, log: o.Log, build: o.Build, progress: o.Progress, every: o.Every, metrics: o.Metrics, feedsChanged: func() {}, woken: make(chan struct{}, 1)}
	if p.now == nil {
		p.now = time.Now
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.every == 0 {
		p.every = time.Minute
	}
	if p.progress == nil {
		p.progress = func(delivery.Progress) {}
	}
	return p
}

// Now returns the time by the Publisher's clock.
func (p *Publisher) Now() time.Time { return p.now() }

// Run does one pass. What failed without stopping it is in the report. The error is a
// *ledger.LockedError while another pass is running.
func (p *Publisher) Run(ctx context.Context, command string) (*report.Pass, error) {
	if _, err := delivery.LoadSigner(p.cfg, p.log); err != nil {
		return nil, err
	}
	return p.locked(ctx, command, func(s *pass) error {
		err := s.run(ctx)
		if kept := s.remember(ctx, err); err == nil {
			return kept
		}
		return err // whose cause also keeps it from being stored, if that failed
	})
}

// Feeds scans the tree and updates the feeds only. It records ids and hashes, but leaves it to
// the first pass to decide which posts are new.
func (p *Publisher) Feeds(ctx context.Context, command string) (*report.Pass, error) {
	return p.locked(ctx, command, func(s *pass) error {
		s.feedsOnly = true
		return s.prepare(ctx)
	})
}

// Plan does what Run would do, on a copy of the ledger, and changes nothing.
func (p *Publisher) Plan(ctx context.Context) (*report.Pass, error) {
	var planned *report.Pass
	err := p.onCopy(ctx, func(s *pass) error {
		s.plans = true
		err := s.run(ctx)
		planned = s.report()
		return err
	})
	return planned, err
}

// HurryWithin is how long a program that was told to stop waits for a ledger that another one
// has locked.
const HurryWithin = 3 * time.Second

func (p *Publisher) locked(ctx context.Context, command string, do func(*pass) error) (*report.Pass, error) {
	// The tree and the templates come first: a run that cannot start leaves no ledger behind.
	s, err := p.newPass()
	if err != nil {
		return nil, err
	}
	lock, err := engines.TakeLock(ctx, Place(p.cfg), command, p.now())
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	ctx, end := lock.Held(ctx)
	defer end()
	if s.ledger, s.batches, err = engines.OpenShared(ctx, lock); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { s.ledger.LimitLockWait(HurryWithin) })()
	s.live = true
	err = heldUntil(ctx, do(s))
	if closeErr := s.ledger.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("closing the ledger: %w", closeErr)
	}
	return s.report(), err
}

// heldUntil returns why the lock was lost where a pass ended because of that, and else err.
func heldUntil(ctx context.Context, err error) error {
	var locked *ledger.LockedError
	if errors.As(context.Cause(ctx), &locked) {
		return locked
	}
	return err
}

func (p *Publisher) onCopy(ctx context.Context, do func(*pass) error) error {
	s, err := p.newPass()
	if err != nil {
		return err
	}
	if s.ledger, err = engines.OpenCopy(ctx, Place(p.cfg)); err != nil {
		return err
	}
	defer s.ledger.Close()
	return do(s)
}

// Ready returns what would keep every pass from starting: a content folder, templates or
// keys that cannot be read.
func (p *Publisher) Ready() error {
	if _, err := p.newPass(); err != nil {
		return err
	}
	_, err := delivery.LoadSigner(p.cfg, p.log)
	return err
}

// newPass opens all that a pass reads, except the ledger.
func (p *Publisher) newPass() (*pass, error) {
	tree, err := content.Open(p.cfg)
	if err != nil {
		return nil, p.placed(err)
	}
	s := &pass{Publisher: p, tree: tree, start: p.now().Truncate(time.Microsecond), own: report.New()}
	s.newest = s.start
	// The built-in templates can wait until there is mail.
	if p.cfg.Digest.Subject != "" || listing(p.cfg.Path(p.cfg.Templates)) != "" {
		if err := s.loadTemplates(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// loadTemplates loads them, once in a pass.
func (s *pass) loadTemplates() (err error) {
	if s.templates == nil {
		s.templates, err = s.currentTemplates()
	}
	return err
}

// loadComposer makes the composer, once in a pass.
func (s *pass) loadComposer() error {
	if err := s.loadTemplates(); err != nil {
		return err
	}
	if s.composer == nil {
		s.composer = editions.NewComposer(s.catalog, s.templates)
	}
	return nil
}

// placed gives an error in a setting its place in config.yaml.
func (p *Publisher) placed(err error) error {
	var setting *content.SettingError
	if errors.As(err, &setting) && setting.Key != "" {
		return p.cfg.Fault(setting.Key, setting.Err.Error())
	}
	return err
}
