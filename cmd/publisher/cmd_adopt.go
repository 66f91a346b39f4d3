package main

import "github.com/spf13/cobra"

func (a *app) adoptCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "adopt",
		Short: "Send from this ledger although it is a copy or was restored",
		Long: `A mark beside the ledger must agree with the one in it. Where it does not, an older
copy was restored, a copy runs elsewhere, or another ledger was sent from here before, and
mail could go out twice: nothing is sent. If you know that this ledger is the one to go on
with, this says so. Edition numbers and subscriber ids that may have been given meanwhile
are left out, so that links in mail that is out there never come to mean something else.`,
		Example: "  publisher adopt",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLedger(c.Context(), func(s session) error {
				if err := s.ledger.Adopt(c.Context()); err != nil {
					return err
				}
				a.say("this ledger is the one to send from; what it does not know of may be sent a second time")
				return nil
			})
		},
	}
}
