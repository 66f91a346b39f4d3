package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"publisher/internal/ledger"
	"publisher/internal/publish"
)

// restoring is whom to make active again.
type restoring struct {
	edition       int64
	since, status string
	asked         bool
}

func (a *app) subscribersRestore() *cobra.Command {
	var r restoring
	c := a.jsonFlag(&cobra.Command{
		Use:   "restore ADDRESS… | --edition NUMBER | --since TIME",
		Short: "Make subscribers active again who were marked by mistake",
		Long: `Makes subscribers active again: those named, or all whom refusals or bounces of an
edition marked, or all marked since a time. They get what was due when they were marked,
if that is no more than seven days ago; ` + "`publisher editions retry NUMBER`" + ` also sends them
what was refused. Who unsubscribed or complained is left alone without --yes-they-asked.
TIME is a time (2026-06-01T12:00:00Z), a day (2026-06-01) or how long ago (48h).`,
		Example: "  publisher subscribers restore ada@example.com\n  publisher subscribers restore --edition 12\n  publisher subscribers restore --since 48h",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(s session) error {
				emails, err := r.whom(c.Context(), s, args)
				if err != nil {
					return err
				}
				got, err := s.publisher.Restore(c.Context(), s.ledger, emails, r.asked)
				if err != nil {
					return err
				}
				return a.sayRestored(got)
			})
		},
	})
	c.Flags().Int64Var(&r.edition, "edition", 0, "whom refusals or bounces of this edition marked")
	c.Flags().StringVar(&r.since, "since", "", "who was marked since then: a time, a day, or a duration like 48h")
	c.Flags().StringVar(&r.status, "status", string(ledger.Bounced), "with --edition or --since: only those with this status")
	c.Flags().BoolVar(&r.asked, "yes-they-asked", false, "also those who unsubscribed, complained or never confirmed: they asked for it")
	return c
}

// whom finds the addresses.
func (r *restoring) whom(ctx context.Context, s session, args []string) ([]string, error) {
	several := r.edition != 0 || r.since != ""
	switch statuses := []ledger.Status{ledger.Bounced, ledger.Removed, ledger.Unsubscribed, ledger.Complained, ledger.Pending}; {
	case several == (len(args) > 0):
		return nil, fmt.Errorf("%w: name addresses, or say --edition NUMBER or --since TIME", errUsage)
	case r.edition < 0:
		return nil, fmt.Errorf("%w: %d is not the number of an edition; `publisher editions` lists them", errUsage, r.edition)
	case !slices.Contains(statuses, ledger.Status(r.status)):
		return nil, fmt.Errorf("%w: --status %q is not possible; want bounced, removed, unsubscribed, complained or pending", errUsage, r.status)
	case !several:
		return args, nil
	}
	since := time.UnixMicro(0)
	if r.since != "" {
		var err error
		if since, err = sinceTime(r.since, s.publisher.Now(), s.cfg.Site.Timezone); err != nil {
			return nil, err
		}
	}
	if r.edition > 0 {
		e, err := s.ledger.Edition(ctx, r.edition)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return nil, fmt.Errorf("%w: there is no edition %d; `publisher editions` lists them", publish.ErrNotFound, r.edition)
		}
	}
	return s.ledger.Marked(ctx, ledger.Status(r.status), r.edition, since)
}

// sinceTime reads a time, a day of the zone, or how long ago.
func sinceTime(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: --since %q is not a time; want one like 2026-06-01T12:00:00Z, a day like 2026-06-01, or a duration like 48h", errUsage, text)
}

func (a *app) sayRestored(got publish.Restored) error {
	if a.json {
		if err := a.printJSON(got); err != nil {
			return err
		}
	} else {
		for _, email := range got.Restored {
			a.say("restored %s", email)
		}
		for _, email := range got.Active {
			a.say("%s is active", email)
		}
		if len(got.Restored)+len(got.Active)+len(got.Refused)+len(got.Unknown) == 0 {
			a.say("nobody was marked so")
		}
	}
	for _, edition := range got.Editions {
		a.hint("`publisher editions retry %d` also sends what was refused", edition)
	}
	var faults []string
	if len(got.Refused) > 0 {
		faults = append(faults, fmt.Sprintf("not restored, since they unsubscribed, complained or never confirmed: %s; where they asked for it, add --yes-they-asked", strings.Join(got.Refused, ", ")))
	}
	if len(got.Unknown) > 0 {
		faults = append(faults, fmt.Sprintf("not on the list: %s; `publisher subscribers list` shows it", strings.Join(got.Unknown, ", ")))
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s", strings.Join(faults, "; "))
	}
	return nil
}

// markLine says in explain what a subscription ended by, and when it was restored.
func markLine(m publish.MarkSummary) string {
	line := fmt.Sprintf("marked %s on %s", m.Status, m.At)
	if m.Edition > 0 {
		line += fmt.Sprintf(" by edition %d", m.Edition)
	}
	line += reply(m.Words)
	if m.Restored != "" {
		line += "; restored on " + m.Restored
	}
	return line
}
