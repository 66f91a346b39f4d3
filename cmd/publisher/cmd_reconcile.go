package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) reconcileCommand() *cobra.Command {
	var file string
	var complete bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "reconcile --maillog FILE",
		Short: "Settle uncertain deliveries from the mail server's log",
		Long: `After a crash nobody knows of a few deliveries whether the mail server took them.
Its log does: this reads one of Postfix, Exim, or any that names the Message-ID of
what was accepted, and notes as sent what it finds there. With --complete the log
covers the whole time of the crash, and what it does not name is sent again.`,
		Example: "  publisher reconcile --maillog /var/log/mail.log\n  journalctl -u postfix | publisher reconcile --maillog - --complete",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if file == "" {
				return fmt.Errorf("%w: --maillog FILE is missing", errUsage)
			}
			var log io.Reader = a.stdin
			if file != "-" {
				f, err := os.Open(file)
				if err != nil {
					return fmt.Errorf("%w: --maillog: %w", errUsage, err)
				}
				defer f.Close()
				log = f
			}
			p, _, err := a.publisher(nil)
			if err != nil {
				return err
			}
			counts, err := p.ReconcileMailLog(c.Context(), log, complete, "publisher reconcile")
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(counts)
			}
			a.say("%d were sent, %d will be sent again, %d are uncertain still", counts.Sent, counts.Again, counts.Left)
			if counts.Left > 0 {
				a.hint("if the log covers the time when these were sent, --complete has them sent again")
			}
			return nil
		},
	})
	c.Flags().StringVar(&file, "maillog", "", "the log, - for stdin")
	c.Flags().BoolVar(&complete, "complete", false, "what the log does not name was not taken")
	return c
}
