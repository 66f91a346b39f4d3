package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
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

// exitStatus is an error that only sets the exit code: what it is about has been printed.
type exitStatus int

func (s exitStatus) Error() string { return "" }

// errUsage marks a command line that asks for something impossible.
var errUsage = errors.New("wrong usage")

// system is what the process was started with.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookup         func(string) (string, bool)
	now            func() time.Time
	hangups        <-chan os.Signal // SIGHUP; nil for none
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, sys system) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ui, flush := newUI(sys.stdout, sys.stderr)
	defer flush()
	a := &app{ui: ui, stdin: sys.stdin, lookup: sys.lookup, now: sys.now}
	parsed := false // whether the command line was understood
	root := newRootCommand(a)
	root.PersistentPreRun = func(c *cobra.Command, _ []string) {
		parsed = true
		if c.Name() != serveName { // which reloads
			go func() {
				<-sys.hangups
				stop()
			}()
		}
	}
	root.SetArgs(args)
	root.SetIn(sys.stdin)
	root.SetOut(terminal.NewDocumentWriter(sys.stdout)) // shell completion has tabs
	root.SetErr(ui.stderr)
	err := root.ExecuteContext(ctx)
	var status exitStatus
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return int(status)
	case stopped(ctx, err):
		ui.note("publisher: interrupted; messages in flight were completed and recorded, and the next `publisher run` will continue")
		return exitFailed
	case !parsed:
		ui.printError(err)
		ui.note("hint: `publisher help` lists the commands, `publisher COMMAND --help` explains one")
		return exitUsage
	}
	ui.printError(err)
	return exitCode(err)
}

// stopped reports whether err means only that ctx has ended.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)))
}

func exitCode(err error) int {
	var invalid *config.Error
	var template *templates.Error
	var address *ledger.AddressError
	var locked *ledger.LockedError
	var clone *ledger.CloneError
	var damaged *ledger.DamagedError
	var lack *catalog.LackError
	switch {
	case errors.As(err, &invalid), errors.As(err, &template), errors.As(err, &address), errors.Is(err, errUsage):
		return exitUsage
	case errors.As(err, &locked):
		return exitLocked
	case errors.As(err, &clone), errors.As(err, &damaged), errors.As(err, &lack):
		return exitHeld
	}
	return exitFailed
}

func newRootCommand(a *app) *cobra.Command {
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
	}
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "config file (default ./config.yaml, or what PUBLISHER_CONFIG names)")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log each step to stderr, and show each warning")
	root.AddCommand(
		newRunCommand(a), newPlanCommand(a), newServeCommand(a), newFeedsCommand(a), newPostsCommand(a), newPreviewCommand(a),
		newSubscribersCommand(a), newEditionsCommand(a), newExplainCommand(a), newReleaseCommand(a),
		newStatsCommand(a), newStatusCommand(a), newCheckCommand(a), newTemplatesCommand(a), newInitCommand(a), newVersionCommand(a), newDKIMCommand(a),
		newBounceCommand(a), newReconcileCommand(a), newAdoptCommand(a), newBackupCommand(a), newRestoreCommand(a),
		newFormCommand(a), newManCommand(a), newLedgerCommand(a), newWorkCommand(a),
	)
	explainArgs(root)
	return root
}

// explainArgs has each command say how it is called if it gets too few arguments, or too many.
func explainArgs(c *cobra.Command) {
	for _, sub := range c.Commands() {
		explainArgs(sub)
	}
	if check := c.Args; check != nil && !c.HasSubCommands() {
		c.Args = func(c *cobra.Command, args []string) error {
			if check(c, args) == nil {
				return nil
			}
			got := "no argument was given"
			if len(args) > 0 {
				got = fmt.Sprintf("%q was given", strings.Join(args, " "))
			}
			return fmt.Errorf("%w: write `%s`; %s", errUsage, c.UseLine(), got)
		}
	}
}
