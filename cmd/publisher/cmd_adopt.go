package main

import "github.com/spf13/cobra"

func newAdoptCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "adopt",
		Short: "Send from this ledger although it was copied or restored",
		Long: `A mark beside the ledger must match the one in it. Where it does not, an older copy was
restored, a copy runs elsewhere, or mail was sent from another ledger here. As mail could
go out twice, nothing is sent until you confirm with this command that this is the right
ledger. Edition numbers and subscriber ids that may have been used in the meantime are
skipped, so that links in mail already sent never change their meaning.

With a ledger in PostgreSQL it also says that the content of this machine is the right one,
although it lacks posts that another machine had.`,
		Example: "  publisher adopt",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLedger(c.Context(), func(w workspace) error {
				if err := w.ledger.Adopt(c.Context()); err != nil {
					return err
				}
				a.print("adopted: mail is sent from this ledger; posts that it does not know were mailed may be mailed again")
				return nil
			})
		},
	}
}
