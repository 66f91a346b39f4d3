package main

import (
	"github.com/spf13/cobra"

	"publisher/internal/ledger/engines"
	"publisher/internal/publish"
)

func newRestoreCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the ledger's place",
		Long: `Checks FILE, a copy of a ledger made by ` + "`publisher backup`" + ` or otherwise, and puts a copy of
it where the config says the ledger is. An existing ledger is never overwritten: move it
away first. Files that it left behind (-wal, -shm, .late) are moved aside.

The backup does not know of mail sent after it was made. Nothing is sent until
` + "`publisher adopt`" + `; subscribers can be listed and changed before.`,
		Example: "  publisher restore /var/backups/publisher.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			aside, err := engines.Restore(c.Context(), publish.Place(cfg), args[0], a.now())
			for _, file := range aside {
				a.note("moved a file of the earlier ledger to %s", file)
			}
			if err != nil {
				return err
			}
			a.print("restored %s", args[0])
			a.print("nothing is sent until `publisher adopt`; posts mailed after the backup was made will then be mailed again")
			return nil
		},
	}
}
