package main

import (
	"errors"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/publish"
)

func newWorkCommand(a *app) *cobra.Command {
	var format, level string
	c := &cobra.Command{
		Use:   "work",
		Short: "Deliver mail that a publisher on another machine hands out",
		Long: `Delivers mail that a publisher serve or run with the same ledger hands out, and nothing else.
It needs the config file and a ledger in PostgreSQL; no content, no templates, no web
server. There may be any number of them. When one dies, the others take over what it was
sending within seconds. One whose config would make other mail than the leader's delivers
nothing, and says which settings differ.

SIGTERM or Ctrl-C stops it within ten seconds: it gives back what it has not sent.`,
		Example: "  publisher work\n  publisher work --log-format json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if !publish.Place(cfg).OnPostgreSQL() {
				return &ledger.AddressError{Err: hint.With(errors.New("the ledger is in SQLite, which one process sends from"),
					"`publisher serve` or `publisher run` sends the mail; a ledger in PostgreSQL lets several machines do it")}
			}
			log, err := newLogger(a.stderr, format, level)
			if err != nil {
				return err
			}
			return publish.New(cfg, publish.Options{Now: a.now, Log: log, Build: buildID()}).Work(c.Context())
		},
	}
	c.Flags().StringVar(&format, "log-format", "text", "text or json")
	c.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	return c
}
