package main

import (
	"github.com/spf13/cobra"

	"publisher/internal/ledger/sqlite"
	"publisher/internal/publish"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the ledger, while anything runs",
		Long: `Writes the ledger as it is at this moment to FILE. A daemon or a run may be at work.
An earlier backup of the same ledger under that name is replaced, any other file is not.
The copy holds addresses and the key of the links in mail: only its owner can read it.

Mail that goes out afterwards is not in it. So nothing is sent from it, wherever it is
put, until ` + "`publisher adopt`" + ` says that it is the ledger to go on with.`,
		Example: "  publisher backup /var/backups/publisher.db\n  30 3 * * *  cd /srv/blog && publisher backup /var/backups/publisher.db      (in a crontab)",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if err := outsideFeeds(cfg, args[0]); err != nil {
				return err
			}
			if err := sqlite.Backup(c.Context(), publish.DSN(cfg), args[0], a.now()); err != nil {
				return err
			}
			a.say("wrote %s", args[0])
			return nil
		},
	}
}
