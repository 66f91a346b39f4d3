package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/stats"
)

func newStatsCommand(a *app) *cobra.Command {
	by, last := string(stats.Week), 12
	c := a.jsonFlag(&cobra.Command{
		Use:   "stats",
		Short: "Feed readers and mail subscribers over time",
		Long: `Shows for each week (or day, or month) how many read the feeds, how many subscribe by
mail, who joined and who left; which feeds are read by which services; and which pages
brought subscribers. serve counts feed readers: feed readers on the web say for how many
they fetch, others are counted once a day. No mail is tracked. Changes nothing.`,
		Example: "  publisher stats\n  publisher stats --by month --last 24 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch stats.By(by) {
			case stats.Day, stats.Week, stats.Month:
			default:
				return hint.With(fmt.Errorf("%w: invalid --by %q", errUsage, by), "use day, week or month")
			}
			if last < 1 || last > stats.MaxPeriods {
				return hint.With(fmt.Errorf("%w: invalid --last %d", errUsage, last), "use a number from 1 to %d", stats.MaxPeriods)
			}
			return a.withCopy(c.Context(), func(w workspace) error {
				r, err := stats.Make(c.Context(), w.ledger, stats.Options{By: stats.By(by), Last: last, Zone: w.cfg.Site.Timezone, Now: a.now()})
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(r)
				}
				return a.printStats(r)
			})
		},
	})
	c.Flags().StringVar(&by, "by", by, "length of a period: day, week or month")
	c.Flags().IntVar(&last, "last", last, "how many periods, the present one included")
	return c
}

func (u *ui) printStats(r *stats.Report) error {
	out := u.table()
	out.row("%s\tfeed readers\tsubscribers\tjoined\tleft\tgrowth\tcomplaints\terased", r.By)
	for _, p := range r.Periods {
		readers := "-"
		if p.FeedReaders != nil {
			readers = strconv.FormatInt(*p.FeedReaders, 10)
		}
		out.row("%s\t%s\t%d\t%d\t%d\t%+d\t%d\t%d", p.Start, readers, p.Subscribers, p.Joined, p.Left, p.Growth, p.LeftBy[string(ledger.Complained)], p.Erased)
	}
	if err := out.out.Flush(); err != nil {
		return err
	}
	if len(r.Feeds) == 0 {
		u.note("no feed readers were counted yet; `publisher serve` counts them if readers fetch the feeds from it")
	}
	out = u.table()
	for i, f := range r.Feeds {
		if i == 0 {
			out.row("\nfeed\treaders\ton\tthrough")
		}
		var through []string
		for _, s := range f.Services {
			through = append(through, fmt.Sprintf("%s %d", s.Name, s.Readers))
		}
		if f.Others > 0 {
			through = append(through, fmt.Sprintf("others %d", f.Others))
		}
		out.row("%s\t%d\t%s\t%s", f.Feed, f.Readers, f.Day, strings.Join(through, ", "))
	}
	for i, p := range r.Pages {
		if i == 0 {
			out.row("\npage\tsubscribed\tstill do")
		}
		page := p.Page
		if page == "" {
			page = "(unknown)"
		}
		out.row("%s\t%d\t%d", page, p.Joined, p.Active)
	}
	return out.out.Flush()
}
