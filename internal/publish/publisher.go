// Package publish is where the parts meet: one pass scans the content tree,
// remembers what is new, writes the feeds, closes the editions that are due and
// delivers them. Everything a pass decides is in the ledger before it is acted
// on, so that a pass which dies is carried on by the next.
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
	"publisher/internal/publish/report"
)

// Publisher does passes for one config. It holds nothing between them that it could
// not read again: its memory is the ledger.
type Publisher struct {
	cfg      *config.Config
	now      func() time.Time
	log      *slog.Logger
	build    string
	progress func(Progress)
	every    time.Duration
	parsed   templateCache
}

// Options are what the program around a Publisher provides.
type Options struct {
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log takes what happens underway; nil discards it.
	Log *slog.Logger
	// Build is the program's version: another one reads every file again.
	Build string
	// Every is how often a pass whose mail takes long looks at the tree again; 0: a minute.
	Every time.Duration
	// Progress is told of each delivery's end; nil for none.
	Progress func(Progress)
}

// Progress is how far the deliveries of an edition have come.
type Progress struct {
	Edition, Recipients, Sent, Deferred, Failed, Uncertain int
	Before                                                 int // how many of them earlier passes sent, failed or held
}

// New makes a Publisher.
func New(cfg *config.Config, o Options) *Publisher {
	p := &Publisher{cfg: cfg, now: o.Now, log: o.Log, build: o.Build, progress: o.Progress, every: o.Every}
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
		p.progress = func(Progress) {}
	}
	return p
}

// Now is the Publisher's clock.
func (p *Publisher) Now() time.Time { return p.now() }

// Run does one pass. What went wrong without stopping it is in the report;
// another pass's lock is a *ledger.LockedError.
func (p *Publisher) Run(ctx context.Context, command string) (*report.Pass, error) {
	if _, err := p.signer(); err != nil {
		return nil, err
	}
	return p.locked(ctx, command, func(s *pass) error { return s.run(ctx) })
}

// Feeds scans and writes the feeds only. It remembers ids and hashes, but
// leaves the first pass to decide which posts are new.
func (p *Publisher) Feeds(ctx context.Context, command string) (*report.Pass, error) {
	return p.locked(ctx, command, func(s *pass) error {
		s.feedsOnly = true
		if err := s.survey(ctx); err != nil {
			return err
		}
		return s.feeds(ctx)
	})
}

// Plan does what Run would on a copy of the ledger, touching nothing.
func (p *Publisher) Plan(ctx context.Context) (*report.Pass, error) {
	var report *report.Pass
	err := p.onCopy(ctx, func(s *pass) error {
		report = s.report
		return s.run(ctx)
	})
	return report, err
}

// HurryWithin is how long a program that is told to end waits on for a ledger that
// another one has locked.
const HurryWithin = 3 * time.Second

func (p *Publisher) locked(ctx context.Context, command string, do func(*pass) error) (*report.Pass, error) {
	// The tree and the templates come first: a run that cannot start leaves no ledger behind.
	s, err := p.newPass()
	if err != nil {
		return nil, err
	}
	lock, err := ledger.TakeLock(ctx, p.dsn(), command, p.now())
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if s.ledger, err = lock.Open(ctx); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { s.ledger.LimitLockWait(HurryWithin) })()
	s.live = true
	err = do(s)
	if closeErr := s.ledger.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("closing the ledger: %w", closeErr)
	}
	return s.report, err
}

func (p *Publisher) onCopy(ctx context.Context, do func(*pass) error) error {
	s, err := p.newPass()
	if err != nil {
		return err
	}
	if s.ledger, err = ledger.OpenCopy(ctx, p.dsn()); err != nil {
		return err
	}
	defer s.ledger.Close()
	return do(s)
}

// Ready reports what would keep every pass from starting: a content folder,
// templates or keys that cannot be read.
func (p *Publisher) Ready() error {
	if _, err := p.newPass(); err != nil {
		return err
	}
	_, err := p.signer()
	return err
}

// newPass opens all that a pass reads, save the ledger.
func (p *Publisher) newPass() (*pass, error) {
	tree, err := content.Open(p.cfg)
	if err != nil {
		return nil, p.placed(err)
	}
	s := &pass{Publisher: p, tree: tree, start: p.now().Truncate(time.Microsecond), report: report.New(), rendered: map[string]*content.Rendering{}, renderWarned: map[string]bool{}, follows: map[string]ledger.Dependencies{},
		unrenderable: map[string]*content.RenderError{}, leftOut: map[string]content.Problem{}}
	// The built-in ones can wait until there is mail.
	if p.cfg.Digest.Subject != "" || listing(p.cfg.Path(p.cfg.Templates)) != "" {
		if err := s.loadTemplates(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// loadTemplates does so once in a pass.
func (s *pass) loadTemplates() (err error) {
	if s.templates == nil {
		s.templates, err = s.parsed.get(s.cfg.Path(s.cfg.Templates), s.Publisher.templates)
	}
	return err
}

// placed gives a fault of a setting its place in config.yaml.
func (p *Publisher) placed(err error) error {
	var setting *content.SettingError
	if errors.As(err, &setting) && setting.Key != "" {
		return p.cfg.Fault(setting.Key, setting.Err.Error())
	}
	return err
}

// dsn is the ledger's address with its path made absolute.
func (p *Publisher) dsn() string { return DSN(p.cfg) }
