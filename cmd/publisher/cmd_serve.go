package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/metrics"
	"publisher/internal/service"
)

const serveName = "serve"

func newServeCommand(a *app) *cobra.Command {
	var format, level string
	c := &cobra.Command{
		Use:   serveName,
		Short: "The daemon: passes on schedule, retries, and the web server",
		Long: `Runs passes by itself: notices new and changed posts within seconds, keeps the feeds
up to date, sends digests on time, and retries deferred deliveries. Serves the feeds, and
the pages that mails link to, on server.listen.

With a ledger in PostgreSQL, any number of them share the work: one leads, and the others
serve their own feeds and pages, deliver, and take the lead when it is gone.

SIGTERM or Ctrl-C stops it within ten seconds: no new message is started, and the
server's replies to those in flight are recorded. SIGHUP, or a change to the config
file, loads the new config if it is valid, once those replies have arrived.`,
		Example: "  publisher serve\n  publisher serve --log-format json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := newLogger(a.stderr, format, level)
			if err != nil {
				return err
			}
			s := service.Service{File: a.configPath(), Load: a.load, Lookup: a.lookup, Now: a.now, Log: log, Build: buildID(), Metrics: metrics.New()}
			return s.Run(c.Context())
		},
	}
	c.Flags().StringVar(&format, "log-format", "text", "text or json")
	c.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	return c
}

func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, hint.With(fmt.Errorf("%w: invalid --log-level %q", errUsage, level), "use debug, info, warn or error")
	}
	o := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, hint.With(fmt.Errorf("%w: invalid --log-format %q", errUsage, format), "use text or json")
}
