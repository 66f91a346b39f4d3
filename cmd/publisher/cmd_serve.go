package main

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

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish"
	"publisher/internal/web"
	"publisher/mailer/smtp"
	"publisher/templates"
)

const serveName = "serve"

func (a *app) serveCommand() *cobra.Command {
	var format, level string
	c := &cobra.Command{
		Use:   serveName,
		Short: "The daemon: passes on schedule, retries, and the web server",
		Long: `Does by itself what cron does with run: notices new and changed posts within
seconds, keeps the feeds fresh, sends digests on time, and tries again what was
deferred. Serves the feeds, and the pages that mails link to, on server.listen.

SIGTERM or Ctrl-C ends it within ten seconds: no further message is begun, and the
server's replies to those under way are recorded. SIGHUP, or a change of the config
file, takes the new config if it is valid, once those replies have come.`,
		Example: "  publisher serve\n  publisher serve --log-format json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := newLogger(a.stderr, format, level)
			if err != nil {
				return err
			}
			d := &daemon{app: a, log: log}
			return d.run(c.Context())
		},
	}
	c.Flags().StringVar(&format, "log-format", "text", "text or json")
	c.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	return c
}

func newLogger(w interface{ Write([]byte) (int, error) }, format, level string) (*slog.Logger, error) {
	var o slog.HandlerOptions
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("%w: --log-level %q is not possible; want debug, info, warn or error", errUsage, level)
	}
	o.Level = l
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, &o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &o)), nil
	}
	return nil, fmt.Errorf("%w: --log-format %q is not possible; want text or json", errUsage, format)
}

// daemon runs one config after the other, under one lock.
type daemon struct {
	*app
	log  *slog.Logger
	lock *ledger.Lock
	dsn  string // what lock is on

	// What asks for another config.
	hup    <-chan os.Signal
	edited <-chan struct{}
	seen   []byte // the config file as it was last read
}

// run serves until ctx ends. A new config replaces the one that runs only if it
// is valid and starts.
func (d *daemon) run(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	file, err := filepath.Abs(d.configPath())
	if err != nil {
		return err
	}
	watching, end := context.WithCancel(ctx)
	defer end()
	// From before the file is read: no change goes unnoticed.
	d.hup, d.edited = hup, publish.Watch(watching, d.log, nil, []string{file})
	d.seen, _ = os.ReadFile(file)
	cfg, err := d.load()
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
func (d *daemon) serve(ctx context.Context, cfg *config.Config) (next *config.Config, err error) {
	if err := d.holdLock(ctx, cfg); err != nil {
		return nil, err
	}
	p := publish.New(cfg, publish.Options{Now: d.now, Log: d.log, Build: buildID()})
	if err := p.Ready(); err != nil {
		return nil, err
	}
	l, err := d.lock.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	defer context.AfterFunc(ctx, func() { l.LimitLockWait(publish.HurryWithin) })()
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
func (d *daemon) runParts(ctx context.Context, cfg *config.Config, worker *publish.Daemon, serveWeb func(context.Context) error) (*config.Config, error) {
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

func (d *daemon) tellService(state string) {
	if err := notifyService(d.lookup, state); err != nil {
		d.log.Warn("the service manager was not told", "error", err)
	}
}

// holdLock takes the lock of the config's ledger, and lets go of another's.
func (d *daemon) holdLock(ctx context.Context, cfg *config.Config) error {
	dsn := publish.DSN(cfg)
	if d.lock != nil && d.dsn == dsn {
		return nil
	}
	lock, err := ledger.TakeLock(ctx, dsn, "publisher serve", d.now())
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
func (d *daemon) webServer(cfg *config.Config, l *ledger.Ledger, worker *publish.Daemon) (func(context.Context) error, error) {
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
		Tags: worker.Tags, Healthy: worker.Healthy, Now: d.now, Log: d.log})
	server := &web.Server{Handler: handler, Proxies: cfg.Server.Proxies, Log: d.log}
	d.log.Info("serving", "address", "http://"+listener.Addr().String(), "content", cfg.Content.Dir)
	return func(ctx context.Context) error { return server.Serve(ctx, listener) }, nil
}

// awaitConfig returns the next valid config, or nil when ctx ends. A config that
// is not valid is logged, and the one that runs stays.
func (d *daemon) awaitConfig(ctx context.Context) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.hup:
		case <-d.edited:
			if now, err := os.ReadFile(d.configPath()); err == nil && bytes.Equal(d.seen, now) {
				continue
			}
		}
		d.seen, _ = os.ReadFile(d.configPath())
		next, err := d.load()
		if err == nil {
			err = publish.New(next, publish.Options{}).Ready()
		}
		if err == nil {
			return next
		}
		d.log.Error("the new config is not taken; the old one stays", "error", err)
	}
}
