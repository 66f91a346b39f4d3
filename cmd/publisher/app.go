package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/publish"
	"publisher/internal/publish/delivery"
)

// app is what every command gets: the streams, the environment, and the config that they
// name.
type app struct {
	*ui
	stdin      io.Reader
	lookup     func(string) (string, bool)
	now        func() time.Time
	configFile string
}

// jsonFlag gives a command its --json.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print one JSON document")
	return c
}

// load reads the config that the command line or the environment names.
func (a *app) load() (*config.Config, error) {
	return config.Load(a.configPath(), a.lookup)
}

func (a *app) configPath() string {
	file := a.configFile
	if file == "" {
		file, _ = a.lookup("PUBLISHER_CONFIG")
	}
	if file == "" {
		file = "config.yaml"
	}
	return file
}

// publisher loads the config and makes a Publisher of it.
func (a *app) publisher(progress func(delivery.Progress)) (*publish.Publisher, *config.Config, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	level := slog.LevelError
	if a.verbose {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
	return publish.New(cfg, publish.Options{Now: a.now, Log: log, Build: buildID(), Progress: progress}), cfg, nil
}

// workspace is what a command works with that opens the ledger.
type workspace struct {
	cfg       *config.Config
	publisher *publish.Publisher
	ledger    *ledger.Ledger
}

// withLedger opens the ledger for a command that works beside a pass.
func (a *app) withLedger(ctx context.Context, do func(workspace) error) error {
	return a.withSession(ctx, engines.Open, do)
}

// withCopy opens a copy of the ledger for a command that only looks.
func (a *app) withCopy(ctx context.Context, do func(workspace) error) error {
	return a.withSession(ctx, engines.OpenCopy, do)
}

func (a *app) withSession(ctx context.Context, open func(context.Context, engines.Place) (*ledger.Ledger, error), do func(workspace) error) (err error) {
	p, cfg, err := a.publisher(nil)
	if err != nil {
		return err
	}
	l, err := open(ctx, publish.Place(cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(workspace{cfg, p, l})
}
