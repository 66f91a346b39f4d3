package main

import (
	"github.com/spf13/cobra"

	"publisher/internal/ledger/sqlite"
	"publisher/internal/publish"
)

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the ledger's place",
		Long: `Checks FILE, which ` + "`publisher backup`" + ` or any other means of copying a ledger made, and
puts a copy of it where the config says that the ledger is. A ledger that is there is never
overwritten: move it away first. What it left beside it (-wal, -shm, .late) is taken away.

The backup does not know of mail that went out after it was made. Nothing is sent until
` + "`publisher adopt`" + `; subscribers can be looked at and changed before.`,
		Example: "  publisher restore /var/backups/publisher.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			aside, err := sqlite.Restore(c.Context(), publish.DSN(cfg), args[0], a.now())
			for _, file := range aside {
				a.hint("what an earlier ledger left is now %s", file)
			}
			if err != nil {
				return err
			}
			a.say("restored %s", args[0])
			a.say("nothing is sent from it until `publisher adopt`: posts that were mailed after the backup was made are mailed once more then")
			return nil
		},
	}
}
