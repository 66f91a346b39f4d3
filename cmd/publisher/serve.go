package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"publisher/internal/service"
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
			d := service.New(log, service.Options{ConfigPath: a.configPath, Load: a.load, Lookup: a.lookup, Now: a.now, BuildID: buildID})
			return d.Run(c.Context())
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
