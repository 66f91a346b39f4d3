// Package service is the daemon: passes and the web server, one config after the other.
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
	"publisher/internal/publish"
	"publisher/internal/web"
	"publisher/mailer/smtp"
	"publisher/templates"
)

// Options is what a Daemon needs.
type Options struct {
	ConfigPath func() string
	Load       func() (*config.Config, error)
	Lookup     func(string) (string, bool)
	Now        func() time.Time
	BuildID    func() string
}

// New returns a daemon that logs to log.
func New(log *slog.Logger, o Options) *Daemon { return &Daemon{Options: o, log: log} }

// Daemon runs one config after the other, under one lock.
type Daemon struct {
	Options
	log  *slog.Logger
	lock *ledger.Lock
	dsn  string // what lock is on

	// What asks for another config.
	hup    <-chan os.Signal
	edited <-chan struct{}
	seen   []byte // the config file as it was last read
}

// Run serves until ctx ends. A new config replaces the one that runs only if it
// is valid and starts.
func (d *Daemon) Run(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	file, err := filepath.Abs(d.ConfigPath())
	if err != nil {
		return err
	}
	watching, end := context.WithCancel(ctx)
	defer end()
	// From before the file is read: no change goes unnoticed.
	d.hup, d.edited = hup, publish.Watch(watching, d.log, nil, []string{file})
	d.seen, _ = os.ReadFile(file)
	cfg, err := d.Load()
	if err != nil {
		return err
	}
	defer func() {
		if d.lock != nil {
			d.lock.Release()
		}
	}()
	var last *config.Config // what ran before cfg
	for {
		next, err := d.serve(ctx, cfg)
		switch {
		case err != nil && last != nil:
			d.log.Error("the new config does not start; going on with the old one", "error", err)
			cfg, last = last, nil
		case err != nil || next == nil:
			return err
		default:
			d.log.Info("new config taken", "file", next.File)
			cfg, last = next, cfg
		}
	}
}

// serve runs one config until ctx ends or another valid one comes, which it returns.
func (d *Daemon) serve(ctx context.Context, cfg *config.Config) (next *config.Config, err error) {
	if err := d.holdLock(ctx, cfg); err != nil {
		return nil, err
	}
	p := publish.New(cfg, publish.Options{Now: d.Now, Log: d.log, Build: d.BuildID()})
	if err := p.Ready(); err != nil {
		return nil, err
	}
	l, err := d.lock.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	defer context.AfterFunc(ctx, func() { l.Hurry(publish.HurryWithin) })()
	worker := p.Daemon(l, publish.DaemonOptions{})
	serveWeb, err := d.webServer(cfg, l, worker)
	if err != nil {
		return nil, err
	}
	return d.runParts(ctx, cfg, worker, serveWeb)
}

// runParts runs the passes and the web server, and ends both when one fails, ctx
// does, or a new config comes. In the last case the passes come first: nothing of the
// mail that is under way is cut off, and its links work until the end.
func (d *Daemon) runParts(ctx context.Context, cfg *config.Config, worker *publish.Daemon, serveWeb func(context.Context) error) (*config.Config, error) {
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
	changed := publish.Watch(passes, d.log, content, lists)
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
	d.tellService(serviceReady)
	next := d.awaitConfig(running)
	if next != nil {
		drain(&smtp.Drain{Stop: running})
		d.log.Info("reloading", "finishing", "what is in flight")
		for newer := d.awaitConfig(draining); newer != nil; newer = d.awaitConfig(draining) {
			d.log.Info("reloading again", "finishing", "what is in flight")
			next = newer
		}
	}
	if next == nil || ctx.Err() != nil {
		d.tellService(serviceStopping)
		d.log.Info("stopping", "finishing", "what is in flight")
	}
	stop(nil)
	parts.Wait()
	if cause := context.Cause(running); cause != nil && !errors.Is(cause, context.Canceled) {
		return nil, cause
	}
	if ctx.Err() != nil {
		d.log.Info("stopped")
		return nil, nil
	}
	return next, nil
}

func (d *Daemon) tellService(state string) {
	if err := notifyService(d.Lookup, state); err != nil {
		d.log.Warn("the service manager was not told", "error", err)
	}
}

// holdLock takes the lock of the config's ledger, and lets go of another's.
func (d *Daemon) holdLock(ctx context.Context, cfg *config.Config) error {
	dsn := publish.DSN(cfg)
	if d.lock != nil && d.dsn == dsn {
		return nil
	}
	lock, err := ledger.TakeLock(ctx, dsn, "publisher serve", d.Now())
	if err != nil {
		return err
	}
	if d.lock != nil {
		d.lock.Release()
	}
	d.lock, d.dsn = lock, dsn
	return nil
}

// webServer listens and returns what serves; without server.url, what waits.
func (d *Daemon) webServer(cfg *config.Config, l *ledger.Ledger, worker *publish.Daemon) (func(context.Context) error, error) {
	if cfg.Server.URL == nil {
		d.log.Info("no web server: server.url is empty")
		return func(ctx context.Context) error { <-ctx.Done(); return nil }, nil
	}
	set, err := templates.LoadOwned(cfg.Path(cfg.Templates), cfg.Dir, cfg.Private())
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Server.Listen)
	if err != nil {
		return nil, cfg.Fault("server.listen", fmt.Sprintf("cannot listen there (%v); choose another address or stop what holds it", err))
	}
	handler := web.New(web.Options{Config: cfg, Ledger: l, Templates: set, Archive: publish.Archive{Ledger: l},
		Tags: worker.Tags, Healthy: worker.Healthy, Now: d.Now, Log: d.log})
	server := &web.Server{Handler: handler, Proxies: cfg.Server.Proxies, Log: d.log}
	d.log.Info("serving", "address", "http://"+listener.Addr().String(), "content", cfg.Content.Dir)
	return func(ctx context.Context) error { return server.Serve(ctx, listener) }, nil
}

// awaitConfig returns the next valid config, or nil when ctx ends. A config that
// is not valid is logged, and the one that runs stays.
func (d *Daemon) awaitConfig(ctx context.Context) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.hup:
		case <-d.edited:
			if now, err := os.ReadFile(d.ConfigPath()); err == nil && bytes.Equal(d.seen, now) {
				continue
			}
		}
		d.seen, _ = os.ReadFile(d.ConfigPath())
		next, err := d.Load()
		if err == nil {
			err = publish.New(next, publish.Options{}).Ready()
		}
		if err == nil {
			return next
		}
		d.log.Error("the new config is not taken; the old one stays", "error", err)
	}
}
