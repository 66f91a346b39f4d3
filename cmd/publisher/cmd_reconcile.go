package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func newReconcileCommand(a *app) *cobra.Command {
	var file string
	var complete bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "reconcile --maillog FILE",
		Short: "Settle uncertain deliveries from the mail server's log",
		Long: `After a crash it is unknown whether the mail server accepted a few of the deliveries.
Its log knows: this command reads that of Postfix, Exim, or any other server that logs
the Message-ID of accepted mail, and records as sent what it finds there. --complete
states that the log covers the whole time of the crash: what is not in it is sent again.`,
		Example: "  publisher reconcile --maillog /var/log/mail.log\n  journalctl -u postfix | publisher reconcile --maillog - --complete",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if file == "" {
				return fmt.Errorf("%w: --maillog FILE is required", errUsage)
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
			a.print("%d were sent, %d will be sent again, %d are still uncertain", counts.Sent, counts.Again, counts.Left)
			if counts.Left > 0 {
				a.note("if the log covers the time when they were sent, --complete sends them again")
			}
			return nil
		},
	})
	c.Flags().StringVar(&file, "maillog", "", "the log file, or - for stdin")
	c.Flags().BoolVar(&complete, "complete", false, "send again what is not in the log")
	return c
}
