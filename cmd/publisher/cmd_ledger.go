package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/ledger/engines"
	"publisher/internal/publish"
)

func newLedgerCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "ledger", Short: "Move the ledger to another database"}
	c.AddCommand(newLedgerCopyCommand(a))
	return c
}

func newLedgerCopyCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy the ledger from SQLite to PostgreSQL, or back",
		Long: `Copies everything in the ledger FROM to TO, in which there must not be one yet, and compares
what arrived. Both are written as ledger is in config.yaml: sqlite:FILE or postgres://…, and
may contain ${NAME} for values of the environment.

No pass may be running, and nobody else can change FROM meanwhile. Afterwards FROM sends
nothing any more (exit code 4): write TO into config.yaml. Ids and keys stay, so that
links in mail that was sent are valid. What was interrupted can be called again.`,
		Example: `  publisher ledger copy sqlite:publisher.db 'postgres://publisher:${LEDGER_PASSWORD}@db.example.com/blog'
  publisher ledger copy 'postgres:///blog?host=/run/postgresql' sqlite:publisher.db`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			from, err := a.place(cfg, args[0])
			if err != nil {
				return err
			}
			to, err := a.place(cfg, args[1])
			if err != nil {
				return err
			}
			if file, ok := strings.CutPrefix(to.DSN, "sqlite:"); ok {
				if err := outsideFeeds(cfg, file); err != nil {
					return err
				}
			}
			copied, err := engines.Copy(c.Context(), from, to, "publisher ledger copy", a.now())
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(copied)
			}
			for _, t := range copied.Tables {
				if t.Rows > 0 {
					a.print("%s: %s", t.Table, count(int(t.Rows), "row"))
				}
			}
			a.print("copied %s from %s to %s; all of them are the same", count(int(copied.Rows), "row"), copied.From, copied.To)
			a.note("%s sends nothing any more: write the new address into %s", copied.From, cfg.File)
			return nil
		},
	})
}

// place returns where a ledger is that an argument names.
func (a *app) place(cfg *config.Config, address string) (engines.Place, error) {
	dsn, err := config.LedgerAddress(address, a.lookup)
	if err != nil {
		return engines.Place{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	if file, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		abs, err := filepath.Abs(file)
		if err != nil {
			return engines.Place{}, err
		}
		dsn = "sqlite:" + abs
	}
	return engines.Place{DSN: dsn, StateDir: publish.Place(cfg).StateDir}, nil
}
