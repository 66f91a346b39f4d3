package main

import "github.com/spf13/cobra"

func (a *app) adoptCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "adopt",
		Short: "Send from this ledger although it is a copy or was restored",
		Long: `A counter beside the ledger must agree with the one in it. Where it does not, an
older copy was restored or a copy runs elsewhere, and mail could go out twice: nothing
is sent. When you know that this ledger is the one to go on with, this says so.`,
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
