package main

import "github.com/spf13/cobra"

func newRunCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "run",
		Short: "One pass: scan, write feeds, mail the digests that are due",
		Long: `One pass, for cron or by hand: finds what is new in the content tree, writes the
feeds that changed, and mails each subscriber the posts that are due. Safe to
repeat: what was done is recorded, and an interrupted pass is continued.`,
		Example: "  publisher run\n  */15 * * * *  cd /srv/blog && publisher run      (in a crontab)",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			show, done := a.progressLine()
			p, cfg, err := a.publisher(show)
			if err != nil {
				return err
			}
			report, err := p.Run(c.Context(), "publisher run")
			done()
			return a.printReport(cfg, report, err, performed)
		},
	})
}

func newPlanCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "plan",
		Short:   "What run would do now, changing nothing",
		Example: "  publisher plan\n  publisher plan --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			report, err := p.Plan(c.Context())
			return a.printReport(cfg, report, err, planned)
		},
	})
}

func newFeedsCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "feeds",
		Short: "Write the feeds only",
		Long: `Scans the content tree and writes the feeds that changed. Sends no mail
and leaves it to the first run to decide which posts are new.`,
		Example: "  publisher feeds",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			report, err := p.Feeds(c.Context(), "publisher feeds")
			return a.printReport(cfg, report, err, feedsOnly)
		},
	})
}
