package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/publish"
	"publisher/internal/status"
)

func newStatusCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "status",
		Short: "What is under way, what waits, what is wrong",
		Long: `Shows the editions under way and how fast they go out, what waits and why, the last pass
and what it left undone, and for everything that is wrong what to do about it. Works beside
"serve" and "run", takes little time and changes nothing.

Exit code 0: all is well. 1: something fails, or a delivery waits to be tried again.
4: a person has to decide.`,
		Example: "  publisher status\n  publisher status --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			var r *status.Report
			running, err := engines.Holder(c.Context(), publish.Place(cfg))
			if err != nil {
				return err
			}
			start := p.Ready()
			if publish.Place(cfg).OnPostgreSQL() && running != "" {
				start = nil // another machine makes the passes, and this one may be there to deliver only
			}
			err = engines.View(c.Context(), publish.Place(cfg), func(l *ledger.Ledger) error {
				fleet, err := engines.Fleet(c.Context(), publish.Place(cfg), l)
				if err != nil {
					return err
				}
				r, err = status.Make(c.Context(), status.Options{Config: cfg, Ledger: l, Now: a.now(), Running: running, Start: start, Fleet: fleet})
				return err
			})
			if err != nil {
				return err
			}
			if a.json {
				err = a.printJSON(r)
			} else {
				err = a.printStatus(r, a.now())
			}
			if err != nil {
				return err
			}
			switch r.State {
			case status.Failing:
				return exitStatus(exitFailed)
			case status.Held:
				return exitStatus(exitHeld)
			}
			return nil
		},
	})
}

func (u *ui) printStatus(r *status.Report, now time.Time) error {
	if r.State == status.Well {
		u.print("all is well")
	}
	for _, f := range r.Findings {
		kind := "fails"
		if f.Decide {
			kind = "decide"
		}
		u.print("%-7s %s%s", kind, f.Message, sinceText(f.Since))
		u.print("        → %s", f.Hint)
	}
	if len(r.Findings) > 0 {
		u.print("")
	}
	out := u.table()
	for _, e := range r.Editions {
		out.row("edition %d\t%s: %d of %d sent, %d left%s", e.Number, inLanguage(e.Cadence, e.Language), e.Sent, e.Recipients, e.Left, speedText(r, e))
	}
	if n := r.Notices; n.Waiting+n.Deferred > 0 {
		out.row("notices\t%d waiting, %d to be tried again, the oldest of %s", n.Waiting, n.Deferred, n.Oldest)
	}
	for _, c := range r.Cadences {
		if c.Due != "" {
			out.row("due\t%s, since %s: %s", c.Name, c.Due, c.Why)
		}
	}
	if r.Running != "" {
		out.row("running\t%s", r.Running)
	}
	printFleet(out, r)
	if r.Pass == nil {
		out.row("last pass\tnone yet; `publisher run` does the first")
	} else {
		out.row("last pass\t%s, by %s: %s", r.Pass.Ended+agoText(r.Pass.Ended, now), r.Pass.Command, foundText(r.Pass))
	}
	var next []string
	for _, c := range r.Cadences {
		if c.Next != "" {
			next = append(next, c.Name+" "+c.Next)
		}
	}
	if len(next) > 0 {
		out.row("next\t%s", strings.Join(next, ", "))
	}
	return out.out.Flush()
}

func speedText(r *status.Report, e status.Edition) string {
	switch {
	case e.End != "":
		return fmt.Sprintf(", %s a second, done at about %s", rateText(r.Rate), e.End)
	case e.Left > 0 && r.Running == "":
		return ", nothing runs"
	}
	return ""
}

// rateText returns a speed with as many digits as say something.
func rateText(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

func sinceText(since string) string {
	if since == "" {
		return ""
	}
	return " (since " + since + ")"
}

// agoText says how long ago a time in RFC 3339 was.
func agoText(at string, now time.Time) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil || now.Sub(t) < time.Minute {
		return ""
	}
	switch ago := now.Sub(t); {
	case ago < 2*time.Hour:
		return fmt.Sprintf(" (%s ago)", count(int(ago.Minutes()), "minute"))
	case ago < 48*time.Hour:
		return fmt.Sprintf(" (%s ago)", count(int(ago.Hours()), "hour"))
	default:
		return fmt.Sprintf(" (%s ago)", count(int(ago.Hours()/24), "day"))
	}
}

func foundText(p *status.Pass) string {
	f := p.Found
	parts := []string{count(f.Posts, "post")}
	for _, n := range []struct {
		n    int
		word string
	}{{f.New, "new"}, {f.Changed, "changed"}, {f.Gone, "gone"}, {f.Invalid, "invalid"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	if f.Written > 0 {
		parts = append(parts, count(f.Written, "feed file")+" written")
	}
	if f.Warnings > 0 {
		parts = append(parts, count(f.Warnings, "warning"))
	}
	return strings.Join(parts, ", ")
}
