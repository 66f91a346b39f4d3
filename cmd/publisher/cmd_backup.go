package main

import (
	"github.com/spf13/cobra"

	"publisher/internal/ledger/engines"
	"publisher/internal/publish"
)

func newBackupCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the ledger, even while a pass or the daemon runs",
		Long: `Writes the ledger in its current state to FILE, also while a pass or the daemon runs.
FILE is replaced if it is an earlier backup of the same ledger, and never otherwise.
The copy contains addresses and the key of the links in mail, so only its owner can
read it.

Mail sent afterwards is not recorded in it. So nothing is sent from a backup, wherever
you put it, until ` + "`publisher adopt`" + ` confirms that it is the ledger to use.`,
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
			if err := engines.Backup(c.Context(), publish.Place(cfg), args[0], a.now()); err != nil {
				return err
			}
			a.print("wrote %s", args[0])
			return nil
		},
	}
}
