package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"publisher/internal/ledger"
	"publisher/internal/publish"
)

func (a *app) editionsCommand() *cobra.Command {
	c := a.jsonFlag(&cobra.Command{
		Use:     "editions",
		Short:   "What was sent, to how many, what failed and why",
		Example: "  publisher editions\n  publisher editions show 12",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.listEditions(c) },
	})
	c.AddCommand(a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "All editions, newest first",
		Example: "  publisher editions list --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.listEditions(c) },
	}), a.editionsShow(), a.editionsRetry(), a.editionsCancel())
	return c
}

func (a *app) listEditions(c *cobra.Command) error {
	return a.withCopy(c.Context(), func(s session) error {
		editions, err := s.ledger.Editions(c.Context())
		if err != nil {
			return err
		}
		summaries := make([]publish.EditionSummary, len(editions))
		for i, e := range editions {
			summaries[i] = s.publisher.Summary(e)
		}
		if a.json {
			return a.printJSON(summaries)
		}
		out := a.table()
		for _, e := range summaries {
			out.row("%d\t%s\t%s\t%d of %d sent\t%s", e.Number, e.Closed, inLanguage(e.Cadence, e.Language), e.Sent, e.Recipients, e.Subject)
		}
		if len(summaries) == 0 {
			a.hint("no edition yet; `publisher plan` says what is due")
		}
		return out.out.Flush()
	})
}

func (a *app) editionsShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show NUMBER",
		Short:   "One edition, with every delivery that is not simply sent",
		Example: "  publisher editions show 12",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			number, err := editionNumber(args[0])
			if err != nil {
				return err
			}
			return a.withCopy(c.Context(), func(s session) error {
				e, err := s.ledger.Edition(c.Context(), number)
				if err != nil {
					return err
				}
				if e == nil {
					return fmt.Errorf("%w: there is no edition %d; `publisher editions` lists them", publish.ErrNotFound, number)
				}
				troubled, err := a.troubled(c, s, number)
				if err != nil {
					return err
				}
				summary := s.publisher.Summary(*e)
				if a.json {
					return a.printJSON(struct {
						publish.EditionSummary
						Deliveries []publish.DeliverySummary `json:"deliveries"`
					}{summary, troubled})
				}
				a.say("edition %d (%s) of %s, %s: %s", summary.Number, inLanguage(summary.Cadence, summary.Language), summary.Closed, summary.Status, summary.Subject)
				a.say("%d recipients: %d sent, %d deferred, %d failed, %d uncertain", summary.Recipients, summary.Sent, summary.Deferred, summary.Failed, summary.Uncertain)
				if n := summary.Recipients - summary.Sent - summary.Deferred - summary.Failed - summary.Uncertain; n > 0 && summary.Status == "open" {
					a.say("%d were not tried yet; the next `publisher run` carries on", n)
				}
				for _, d := range troubled {
					a.say("%s %s (attempt %d, %s)%s", d.Status, d.Email, d.Attempts, d.Last, twice(d)+reply(d.Reply))
				}
				return nil
			})
		},
	})
}

func editionNumber(arg string) (int64, error) {
	number, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || number < 1 {
		return 0, fmt.Errorf("%w: %q is not the number of an edition; `publisher editions` lists them", errUsage, arg)
	}
	return number, nil
}

// onEdition makes a command that changes the edition whose number it is given.
func (a *app) onEdition(change func(ctx context.Context, s session, number int64) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		number, err := editionNumber(args[0])
		if err != nil {
			return err
		}
		return a.withLedger(c.Context(), func(s session) error { return change(c.Context(), s, number) })
	}
}

func (a *app) editionsRetry() *cobra.Command {
	var accept bool
	c := &cobra.Command{
		Use:   "retry NUMBER",
		Short: "Try an edition's failed and held deliveries again",
		Long: `Has the next pass try the edition's failed deliveries again, and those that are
uncertain and held; these bear the same Message-ID, so that most mail programs show
one copy. Who unsubscribed, bounced, or got the posts with a later edition is left out.

An edition of which the server refuses too many recipients is stopped before anybody
is marked. With --accept-refusals it goes on, and whoever is refused for a mailbox that
is gone is marked as bounced. ` + "`publisher subscribers restore --edition NUMBER`" + ` takes that back.`,
		Example: "  publisher editions retry 12\n  publisher editions retry 12 --accept-refusals",
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = a.onEdition(func(ctx context.Context, s session, number int64) error {
		retry := s.publisher.RetryEdition
		if accept {
			retry = s.publisher.AcceptRefusals
		}
		n, err := retry(ctx, s.ledger, number)
		switch {
		case err != nil:
			return err
		case n > 0:
			a.say("%s will be tried again by the next `publisher run`", count(n, "delivery"))
		case !accept:
			a.say("edition %d has nothing to try again", number)
		}
		if accept {
			a.say("edition %d goes on whoever is refused", number)
		}
		return nil
	})
	c.Flags().BoolVar(&accept, "accept-refusals", false, "go on although the server refuses nearly everybody: the list is that old")
	return c
}

func (a *app) editionsCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel NUMBER",
		Short: "Send an edition to nobody else",
		Long: `Ends an edition that is not done: who has not got it will not, and its posts come
with no later one either. What was sent stays sent.`,
		Example: "  publisher editions cancel 12",
		Args:    cobra.ExactArgs(1),
		RunE: a.onEdition(func(ctx context.Context, s session, number int64) error {
			canceled, err := s.publisher.CancelEdition(ctx, s.ledger, number)
			switch {
			case err != nil:
				return err
			case canceled:
				a.say("edition %d is canceled", number)
			default:
				a.say("edition %d was over already", number)
			}
			return nil
		}),
	}
}

// troubled are an edition's deliveries that are deferred, failed or uncertain, or that
// may have come twice.
func (a *app) troubled(c *cobra.Command, s session, number int64) ([]publish.DeliverySummary, error) {
	troubled := []publish.DeliverySummary{}
	for d, err := range s.ledger.Deliveries(c.Context(), number, "") {
		if err != nil {
			return nil, err
		}
		if d.Status == ledger.Sent && d.Resent == 0 {
			continue
		}
		summary := s.publisher.DeliverySummary(d)
		sub, err := s.ledger.SubscriberByID(c.Context(), d.Subscriber)
		if err != nil {
			return nil, err
		}
		if sub != nil {
			summary.Email = sub.Email
		}
		troubled = append(troubled, summary)
	}
	return troubled, nil
}

// twice says that a delivery may have come twice.
func twice(d publish.DeliverySummary) string {
	if d.Resent == 0 {
		return ""
	}
	return ", sent again without knowing whether it had been taken, and may have come twice"
}

// reply is the server's words behind a line, where there are any.
func reply(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}
