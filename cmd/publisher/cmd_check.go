package main

import (
	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	var online bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "check",
		Short: "Look for faults in config, content, templates and ledger",
		Long: `Reads everything that a run reads and reports what is wrong, changing nothing.
Exit code 1 means that something would keep feeds or mail from leaving; posts that
are left out are warnings, shown by kind, or each with --verbose. --online also logs in
to the SMTP server.`,
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
			if len(report.Faults) > 0 {
				a.exit = exitFailed
			}
			a.warn(report.Warnings)
			if a.json {
				return a.printJSON(report)
			}
			for _, fault := range report.Faults {
				a.say("fault: %s", fault)
			}
			if len(report.Faults) == 0 {
				a.say("%s is fine: %s, %s", cfg.File, count(report.Posts.Total, "post"), count(len(report.Warnings), "warning"))
			}
			return nil
		},
	})
	c.Flags().BoolVar(&online, "online", false, "also log in to the SMTP server")
	return c
}
