// Package service is the daemon around the passes: it runs them beside the web server under
// one lock, takes a new config while it runs, and reports its state to systemd.
package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/metrics"
	"publisher/internal/publish"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/subscribers"
	"publisher/internal/signup"
	"publisher/internal/web"
	"publisher/mailer/events"
	"publisher/mailer/smtp"
	"publisher/templates"
)

// Service runs one config at a time: its passes and its web server.
type Service struct {
	// File is the config file, and Load reads it.
	File string
	Load func() (*config.Config, error)
	// Lookup reads the environment.
	Lookup func(string) (string, bool)
	Now    func() time.Time
	Log    *slog.Logger
	Build  string // identifies this build of the program
	// Metrics count what happens, and are answered at /metrics; nil for none.
	Metrics *metrics.Metrics
	// Passes say how time passes for them, without a Lease; the zero value for by the clock.
	Passes publish.DaemonOptions

	lock  engines.Lock
	place engines.Place // of the ledger that lock is on

	// Either asks for the config to be read again.
	hangups <-chan os.Signal
	edited  <-chan struct{}
	seen    []byte // the config file as it was last read
}

// Run serves until ctx ends. A new config replaces the running one only if it is valid and
// starts.
func (s *Service) Run(ctx context.Context) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	file, err := filepath.Abs(s.File)
	if err != nil {
		return err
	}
	watching, end := context.WithCancel(ctx)
	defer end()
	// Before the file is read, so that no change goes unnoticed.
	s.hangups, s.edited = hangups, publish.Watch(watching, s.Log, nil, []string{file})
	s.seen, _ = os.ReadFile(file)
	cfg, err := s.Load()
	if err != nil {
		return err
	}
	defer func() {
		if s.lock != nil {
			s.lock.Release()
		}
	}()
	var last *config.Config // what ran before cfg
	for {
		next, err := s.serve(ctx, cfg)
		switch {
		case err != nil && last != nil:
			s.Log.Error("the new config does not start; continuing with the previous one", "error", err)
			cfg, last = last, nil
		case err != nil || next == nil:
			return err
		default:
			s.Log.Info("config reloaded", "file", next.File)
			cfg, last = next, cfg
		}
	}
}

// serve runs one config until ctx ends or another valid one arrives, which it returns.
func (s *Service) serve(ctx context.Context, cfg *config.Config) (next *config.Config, err error) {
	p := publish.New(cfg, publish.Options{Now: s.Now, Log: s.Log, Build: s.Build, Metrics: s.Metrics})
	l, lease, err := s.open(ctx, cfg, p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	defer context.AfterFunc(ctx, func() { l.LimitLockWait(publish.HurryWithin) })()
	defer s.Metrics.Watch(l, p.Now, func(ctx context.Context) (*fleet.Fleet, error) { return engines.Fleet(ctx, publish.Place(cfg), l) })()
	passes := s.Passes
	passes.Lease = lease
	worker := p.Daemon(l, passes)
	serveWeb, err := s.webServer(cfg, l, worker)
	if err != nil {
		return nil, err
	}
	return s.runParts(ctx, cfg, worker, serveWeb)
}

// runParts runs the passes and the web server, and ends both when one fails, ctx ends, or a
// new config arrives. In the last case the passes end first: no message in flight is cut
// off, and its links work until the end.
func (s *Service) runParts(ctx context.Context, cfg *config.Config, worker *publish.Daemon, serveWeb func(context.Context) error) (*config.Config, error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	passes, drain := context.WithCancelCause(running)
	defer drain(nil)
	draining, drained := context.WithCancel(running) // until the passes have ended
	content := []string{cfg.Path(cfg.Content.Dir)}
	var lists []string
	if cfg.Subscribers.File != "" {
		lists = []string{cfg.Path(cfg.Subscribers.File)}
	}
	changed := publish.Watch(passes, s.Log, content, lists)
	var parts sync.WaitGroup
	parts.Go(func() {
		defer drained()
		if err := worker.Run(passes, changed); err != nil {
			stop(err)
		}
	})
	parts.Go(func() {
		if err := serveWeb(running); err != nil {
			stop(err)
		}
	})
	s.notify(ready)
	next := s.awaitConfig(running)
	if next != nil {
		drain(&smtp.Drain{Stop: running})
		s.Log.Info("reloading", "finishing", "messages in flight")
		for newer := s.awaitConfig(draining); newer != nil; newer = s.awaitConfig(draining) {
			s.Log.Info("reloading again", "finishing", "messages in flight")
			next = newer
		}
	}
	if next == nil || ctx.Err() != nil {
		s.notify(stopping)
		s.Log.Info("stopping", "finishing", "messages in flight")
	}
	stop(nil)
	parts.Wait()
	if cause := context.Cause(running); cause != nil && !errors.Is(cause, context.Canceled) {
		return nil, cause
	}
	if ctx.Err() != nil {
		s.Log.Info("stopped")
		return nil, nil
	}
	return next, nil
}

func (s *Service) notify(state string) {
	if err := notify(s.Lookup, state); err != nil {
		s.Log.Warn("cannot notify the service manager", "error", err)
	}
}

// open opens the ledger of a config. In SQLite only one process may serve, and has the lock all the time; in
// PostgreSQL the passes take it, and this process has the ledger open without it.
func (s *Service) open(ctx context.Context, cfg *config.Config, p *publish.Publisher) (*ledger.Ledger, publish.Lease, error) {
	place := publish.Place(cfg)
	if place.OnPostgreSQL() {
		if err := p.Ready(); err != nil {
			return nil, nil, err
		}
		l, err := engines.Open(ctx, place)
		return l, func(ctx context.Context, w postgres.Waiting) (engines.Lock, error) { return s.lead(ctx, place, w) }, err
	}
	if s.lock == nil || s.place != place {
		lock, err := engines.TakeLock(ctx, place, serve, s.Now())
		if err != nil {
			return nil, nil, err
		}
		s.keep(lock, place)
	}
	if err := p.Ready(); err != nil {
		return nil, nil, err
	}
	l, err := s.lock.Open(ctx)
	return l, nil, err
}

// serve is this program to others.
const serve = "publisher serve"

// lead returns the lock of a ledger in PostgreSQL once this process has it. Of one config to the next, it
// stays.
func (s *Service) lead(ctx context.Context, place engines.Place, w postgres.Waiting) (engines.Lock, error) {
	if s.lock != nil && s.place == place {
		held, end := s.lock.Held(context.Background())
		defer end()
		if held.Err() == nil {
			return s.lock, nil
		}
	}
	s.keep(nil, place)
	lock, err := engines.AwaitLock(ctx, place, serve, s.Now, w)
	if err == nil {
		s.keep(lock, place)
	}
	return lock, err
}

// keep releases the lock that this process had, and keeps another one.
func (s *Service) keep(lock engines.Lock, place engines.Place) {
	if s.lock != nil {
		if err := s.lock.Release(); err != nil {
			s.Log.Debug("releasing the lock", "error", err) // it expires
		}
	}
	s.lock, s.place = lock, place
}

// webServer listens, and returns the function that serves until its context ends. Without
// server.url that function only waits.
func (s *Service) webServer(cfg *config.Config, l *ledger.Ledger, worker *publish.Daemon) (func(context.Context) error, error) {
	if cfg.Server.URL == nil {
		s.Log.Info("no web server: server.url is empty")
		return func(ctx context.Context) error { <-ctx.Done(); return nil }, nil
	}
	set, err := templates.Load(cfg.Path(cfg.Templates), cfg.Dir, cfg.Private())
	if err != nil {
		return nil, err
	}
	hooks, err := events.New(cfg.Mail.Events, nil)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Server.Listen)
	if err != nil {
		return nil, cfg.Fault("server.listen", fmt.Sprintf("cannot listen on this address (%v); choose another one, or stop the program that uses it", err))
	}
	handler := web.New(web.Options{Config: cfg, Ledger: l, Templates: set, Archive: editions.Archive{Ledger: l},
		Tags: worker.Tags, Healthy: worker.Healthy, SignedUp: worker.Wake, CountSignup: s.Metrics.SignedUp, Hooks: hooks, Returned: worker.TakeEvent,
		Resolver: resolver(cfg), Now: s.Now, Log: s.Log,
		Erase: func(ctx context.Context, email string) error {
			_, err := subscribers.Erase(ctx, cfg, l, []string{email}, s.Now)
			return err
		}})
	worker.WhenFeedsChange(handler.LookAgain)
	if s.Metrics != nil {
		handler.Handler = s.Metrics.Around(handler.Handler)
	}
	server := &web.Server{Handler: handler, Proxies: cfg.Server.Proxies, Log: s.Log}
	s.Log.Info("serving", "address", "http://"+listener.Addr().String(), "content", cfg.Content.Dir)
	return func(ctx context.Context) error { return server.Serve(ctx, listener) }, nil
}

// resolver looks up the domains of addresses that sign up. What the built-in catcher takes goes
// nowhere, so that their domains need not exist.
func resolver(cfg *config.Config) signup.Resolver {
	if cfg.Catches() {
		return nil
	}
	return net.DefaultResolver
}

// awaitConfig returns the next valid config, or nil when ctx ends. An invalid one is
// logged, and the running one stays.
func (s *Service) awaitConfig(ctx context.Context) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.hangups:
		case <-s.edited:
			if now, err := os.ReadFile(s.File); err == nil && bytes.Equal(s.seen, now) {
				continue
			}
		}
		s.seen, _ = os.ReadFile(s.File)
		next, err := s.Load()
		if err == nil {
			err = publish.New(next, publish.Options{}).Ready()
		}
		if err == nil {
			return next
		}
		s.Log.Error("the new config is invalid; keeping the running one", "error", err)
	}
}
