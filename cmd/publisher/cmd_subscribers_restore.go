package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/subscription"
	"publisher/internal/publish/subscribers"
)

// restoreFlags is whom to make active again.
type restoreFlags struct {
	edition       int64
	since, status string
	asked         bool
}

func newSubscribersRestoreCommand(a *app) *cobra.Command {
	var r restoreFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "restore ADDRESS… | --edition NUMBER | --since TIME",
		Short: "Reactivate subscribers that were marked by mistake",
		Long: `Makes subscribers active again: those given, all that were marked by refusals or bounces
of an edition, or all marked since a time. They get what was due when they were marked,
unless that is more than seven days ago; ` + "`publisher editions retry NUMBER`" + ` also sends
what was refused. Those who unsubscribed or complained are skipped without
--yes-they-asked. TIME is a time (2026-06-01T12:00:00Z), a day (2026-06-01) or how long
ago (48h).`,
		Example: "  publisher subscribers restore ada@example.com\n  publisher subscribers restore --edition 12\n  publisher subscribers restore --since 48h",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(w workspace) error {
				emails, err := r.whom(c.Context(), w, args)
				if err != nil {
					return err
				}
				got, err := w.publisher.Restore(c.Context(), w.ledger, emails, r.asked)
				if err != nil {
					return err
				}
				return a.printRestored(got)
			})
		},
	})
	c.Flags().Int64Var(&r.edition, "edition", 0, "those marked by refusals or bounces of this edition")
	c.Flags().StringVar(&r.since, "since", "", "those marked since then: a time, a day, or a duration like 48h")
	c.Flags().StringVar(&r.status, "status", string(ledger.Bounced), "with --edition or --since: only those with this status")
	c.Flags().BoolVar(&r.asked, "yes-they-asked", false, "also those who unsubscribed, complained or never confirmed, because they asked for it")
	return c
}

// whom returns the addresses to restore.
func (r *restoreFlags) whom(ctx context.Context, w workspace, args []string) ([]string, error) {
	several := r.edition != 0 || r.since != ""
	switch statuses := []ledger.Status{ledger.Bounced, ledger.Removed, ledger.Unsubscribed, ledger.Complained, ledger.Pending}; {
	case several == (len(args) > 0):
		return nil, fmt.Errorf("%w: give either addresses, or --edition NUMBER or --since TIME", errUsage)
	case r.edition < 0:
		return nil, hint.With(fmt.Errorf("%w: invalid edition number %d", errUsage, r.edition), hintEditions)
	case !slices.Contains(statuses, ledger.Status(r.status)):
		return nil, hint.With(fmt.Errorf("%w: invalid --status %q", errUsage, r.status), "use bounced, removed, unsubscribed, complained or pending")
	case !several:
		return args, nil
	}
	since := time.UnixMicro(0)
	if r.since != "" {
		var err error
		if since, err = sinceTime(r.since, w.publisher.Now(), w.cfg.Site.Timezone); err != nil {
			return nil, err
		}
	}
	if r.edition > 0 {
		e, err := w.ledger.Edition(ctx, r.edition)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return nil, noEdition(r.edition)
		}
	}
	return subscription.Marked(ctx, w.ledger, ledger.Status(r.status), r.edition, since)
}

// sinceTime parses a time, a day in the zone, or a duration before now.
func sinceTime(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, hint.With(fmt.Errorf("%w: invalid --since %q", errUsage, text), "use a time like 2026-06-01T12:00:00Z, a day like 2026-06-01, or a duration like 48h")
}

func (u *ui) printRestored(got subscribers.Restored) error {
	if u.json {
		if err := u.printJSON(got); err != nil {
			return err
		}
	} else {
		for _, email := range got.Restored {
			u.print("restored %s", email)
		}
		for _, email := range got.Active {
			u.print("%s is active", email)
		}
		if len(got.Restored)+len(got.Active)+len(got.Refused)+len(got.Unknown) == 0 {
			u.print("no subscriber matches")
		}
	}
	for _, edition := range got.Editions {
		u.note("`publisher editions retry %d` also sends what was refused", edition)
	}
	var faults []error
	if len(got.Refused) > 0 {
		faults = append(faults, hint.With(fmt.Errorf("not restored, because they unsubscribed, complained or never confirmed: %s", strings.Join(got.Refused, ", ")),
			"if they asked for it, add --yes-they-asked"))
	}
	if len(got.Unknown) > 0 {
		faults = append(faults, notOnList(got.Unknown))
	}
	return errors.Join(faults...)
}
