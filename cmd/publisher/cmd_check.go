package main

import "github.com/spf13/cobra"

func newCheckCommand(a *app) *cobra.Command {
	var online bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "check",
		Short: "Check config, content, templates and ledger for faults",
		Long: `Reads everything that a run reads and reports what is wrong, changing nothing.
Exit code 1 means that something would keep feeds from being written or mail from
being sent. Posts that are left out are warnings, grouped by kind, or one by one with
--verbose. --online also logs in to the SMTP server, and to the mailbox of mail.bounces.`,
		Example: "  publisher check\n  publisher check --verbose\n  publisher check --online",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			report, err := p.Check(c.Context(), online)
			if err != nil {
				return err
			}
			a.printWarnings(report.Warnings)
			if a.json {
				if err := a.printJSON(report); err != nil {
					return err
				}
			} else {
				for _, fault := range report.Faults {
					a.print("fault: %s", fault)
				}
			}
			if len(report.Faults) > 0 {
				return exitStatus(exitFailed)
			}
			if !a.json {
				a.print("%s is fine: %s, %s", cfg.File, count(report.Posts.Total, "post"), count(len(report.Warnings), "warning"))
			}
			return nil
		},
	})
	c.Flags().BoolVar(&online, "online", false, "also log in to the SMTP server and the mailbox")
	return c
}
