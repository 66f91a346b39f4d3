package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish"
	"publisher/internal/terminal"
	"publisher/templates"
)

// Exit codes. Programs rely on them.
const (
	exitDone   = 0
	exitFailed = 1 // something failed, nothing is lost: run again
	exitUsage  = 2 // wrong usage or config
	exitLocked = 3 // another run holds the lock
	exitHeld   = 4 // a person has to decide
)

// system is what the world gives the program.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookup         func(string) (string, bool)
	now            func() time.Time
	hangups        <-chan os.Signal // SIGHUP; nil for none
}

// app is one run of the program. Its stdout and stderr escape what strangers wrote.
type app struct {
	system
	raw        system // what the program was given: only document and progressLine write there
	configFile string
	json       bool
	verbose    bool
	started    bool   // the command line was understood
	exit       int    // the exit code where no error decides
	stop       func() // ends the command orderly, as SIGTERM does
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, sys system) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a := &app{system: sys, raw: sys, stop: stop}
	stdout, stderr := terminal.NewWriter(sys.stdout), terminal.NewWriter(sys.stderr)
	defer stdout.Flush()
	defer stderr.Flush()
	a.stdout, a.stderr = stdout, stderr
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(sys.stdin)
	root.SetOut(terminal.NewDocumentWriter(sys.stdout)) // shell completion has tabs
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil && stopped(ctx, err) {
		a.hint("publisher: stopped; what was in flight is finished and remembered, the next `publisher run` carries on")
		return exitFailed
	} else if err != nil {
		a.fail(err)
		return a.exitCode(err)
	}
	return a.exit
}

// stopped reports whether an error says no more than that ctx has ended.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)))
}

func (a *app) exitCode(err error) int {
	var faulty *config.Error
	var held *ledger.LockedError
	var template *templates.Error
	var clone *ledger.CloneError
	var damaged *ledger.DamagedError
	switch {
	case !a.started, errors.As(err, &faulty), errors.As(err, &template), errors.Is(err, errUsage):
		return exitUsage
	case errors.As(err, &held):
		return exitLocked
	case errors.As(err, &clone), errors.As(err, &damaged):
		return exitHeld
	}
	return exitFailed
}

// errUsage marks a command line that asks for something impossible.
var errUsage = errors.New("wrong usage")

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "publisher",
		Short: "Feeds and mailed digests for a blog of Markdown files",
		Long: `publisher finds the new posts of a blog's content tree, writes RSS, Atom and
JSON feeds, and mails subscribers a digest of excerpts with "Read more".`,
		Example: `  publisher run                      one pass: scan, feeds, digests that are due
  publisher plan                     what that would do, changing nothing
  publisher preview --out mail.html  the next digest`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(c *cobra.Command, _ []string) {
			a.started = true
			if c.Name() != serveName {
				go a.stopAtHangup()
			}
		},
	}
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "config file (default ./config.yaml, or what PUBLISHER_CONFIG names)")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log each step to stderr, and show each warning")
	root.AddCommand(
		a.runCommand(), a.planCommand(), a.serveCommand(), a.feedsCommand(), a.postsCommand(), a.previewCommand(),
		a.subscribersCommand(), a.editionsCommand(), a.explainCommand(), a.releaseCommand(),
		a.checkCommand(), a.templatesCommand(), a.initCommand(), a.versionCommand(), a.dkimCommand(), a.bounceCommand(), a.reconcileCommand(), a.adoptCommand(), a.backupCommand(), a.restoreCommand(), a.manCommand(),
	)
	return root
}

// stopAtHangup ends a command whose terminal is gone as SIGTERM does. serve reloads.
func (a *app) stopAtHangup() {
	<-a.hangups
	a.stop()
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
func (a *app) publisher(progress func(publish.Progress)) (*publish.Publisher, *config.Config, error) {
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

// session is a command's hold of the program: config, Publisher and ledger.
type session struct {
	cfg       *config.Config
	publisher *publish.Publisher
	ledger    *ledger.Ledger
}

// withLedger opens the ledger for a command that works beside a pass.
func (a *app) withLedger(ctx context.Context, do func(session) error) error {
	return a.withSession(ctx, ledger.Open, do)
}

// withCopy opens a copy of the ledger for a command that only looks.
func (a *app) withCopy(ctx context.Context, do func(session) error) error {
	return a.withSession(ctx, ledger.OpenCopy, do)
}

func (a *app) withSession(ctx context.Context, open func(context.Context, string) (*ledger.Ledger, error), do func(session) error) (err error) {
	p, cfg, err := a.publisher(nil)
	if err != nil {
		return err
	}
	l, err := open(ctx, publish.DSN(cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(session{cfg, p, l})
}
