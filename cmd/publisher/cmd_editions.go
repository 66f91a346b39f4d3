package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish"
	"publisher/internal/publish/catalog"
)

func newEditionsCommand(a *app) *cobra.Command {
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
	}), newEditionsShowCommand(a), newEditionsRetryCommand(a), newEditionsCancelCommand(a))
	return c
}

func (a *app) listEditions(c *cobra.Command) error {
	return a.withCopy(c.Context(), func(w workspace) error {
		editions, err := w.ledger.Editions(c.Context())
		if err != nil {
			return err
		}
		summaries := make([]publish.EditionSummary, len(editions))
		for i, e := range editions {
			summaries[i] = w.publisher.Summary(e)
		}
		if a.json {
			return a.printJSON(summaries)
		}
		out := a.table()
		for _, e := range summaries {
			out.row("%d\t%s\t%s\t%d of %d sent\t%s", e.Number, e.Closed, inLanguage(e.Cadence, e.Language), e.Sent, e.Recipients, e.Subject)
		}
		if len(summaries) == 0 {
			a.note("no editions yet; `publisher plan` shows what is due")
		}
		return out.out.Flush()
	})
}

func newEditionsShowCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show NUMBER",
		Short:   "One edition, with every delivery that has trouble or was sent again",
		Example: "  publisher editions show 12",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			number, err := editionNumber(args[0])
			if err != nil {
				return err
			}
			return a.withCopy(c.Context(), func(w workspace) error { return a.showEdition(c.Context(), w, number) })
		},
	})
}

// editionDetails is the JSON document of `editions show`.
type editionDetails struct {
	publish.EditionSummary
	StoppedOn  []string                  `json:"stopped_on,omitempty"` // days
	Deliveries []publish.DeliverySummary `json:"deliveries"`
	// Counted are deliveries that are not listed any more, by what became of them (ledger_keep).
	Counted []countedDeliveries `json:"counted,omitempty"`
}

type countedDeliveries struct {
	Status   string `json:"status"`
	Code     int    `json:"code,omitempty"`
	Provider string `json:"provider,omitempty"` // the domain of the addresses; "" for those that few have
	Count    int    `json:"count"`
}

func (a *app) showEdition(ctx context.Context, w workspace, number int64) error {
	e, err := w.ledger.Edition(ctx, number)
	if err != nil {
		return err
	}
	if e == nil {
		return noEdition(number)
	}
	d := editionDetails{EditionSummary: w.publisher.Summary(*e)}
	if d.Deliveries, err = w.troubled(ctx, number); err != nil {
		return err
	}
	if d.StoppedOn, err = w.ledger.StoppedDays(ctx, number); err != nil {
		return err
	}
	counts, err := w.ledger.DeliveryCounts(ctx, number)
	if err != nil {
		return err
	}
	for _, c := range counts {
		d.Counted = append(d.Counted, countedDeliveries{string(c.Status), c.Code, c.Provider, c.Count})
	}
	if a.json {
		return a.printJSON(d)
	}
	limit, err := passstate.LoadConnectionLimit(ctx, w.ledger)
	if err != nil {
		return err
	}
	a.print("edition %d (%s) of %s, %s: %s", d.Number, inLanguage(d.Cadence, d.Language), d.Closed, d.Status, d.Subject)
	a.print("%d recipients: %d sent, %d deferred, %d failed, %d uncertain", d.Recipients, d.Sent, d.Deferred, d.Failed, d.Uncertain)
	if n := d.Recipients - d.Sent - d.Deferred - d.Failed - d.Uncertain; n > 0 && d.Status == "open" {
		a.print("%d not yet tried; the next `publisher run` continues", n)
	}
	if len(d.StoppedOn) > 0 && !e.Accepted {
		a.print("stopped on %s, before anyone was marked: the server refused too many recipients", strings.Join(d.StoppedOn, ", "))
	}
	if (d.Status == "open" || d.Deferred > 0) && limit.Connections > 0 {
		a.print("%s last accepted %s at once", limit.Server, count(limit.Connections, "connection"))
	}
	for _, t := range d.Deliveries {
		a.print("%s %s (attempt %d, %s)%s", t.Status, t.Email, t.Attempts, t.Last, resentText(t)+replyText(t.Reply))
	}
	return nil
}

func editionNumber(arg string) (int64, error) {
	number, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || number < 1 {
		return 0, hint.With(fmt.Errorf("%w: invalid edition number %q", errUsage, arg), hintEditions)
	}
	return number, nil
}

const hintEditions = "`publisher editions` lists them"

func noEdition(number int64) error {
	return hint.With(fmt.Errorf("%w: there is no edition %d", catalog.ErrNotFound, number), hintEditions)
}

// onEdition returns the RunE of a command that changes the edition whose number is its argument.
func (a *app) onEdition(change func(ctx context.Context, w workspace, number int64) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		number, err := editionNumber(args[0])
		if err != nil {
			return err
		}
		return a.withLedger(c.Context(), func(w workspace) error { return change(c.Context(), w, number) })
	}
}

func newEditionsRetryCommand(a *app) *cobra.Command {
	var accept bool
	c := &cobra.Command{
		Use:   "retry NUMBER",
		Short: "Retry an edition's failed and held deliveries",
		Long: `Makes the next pass retry the edition's failed deliveries, and those that are uncertain
and held. These keep their Message-ID, so most mail programs show one copy. Subscribers
who unsubscribed, bounced, or got the posts in a later edition are left out.

If the server refuses too many recipients, an edition is stopped before any of them is
marked. With --accept-refusals it continues, and addresses whose mailbox no longer exists
are marked as bounced. ` + "`publisher subscribers restore --edition NUMBER`" + ` undoes that.`,
		Example: "  publisher editions retry 12\n  publisher editions retry 12 --accept-refusals",
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = a.onEdition(func(ctx context.Context, w workspace, number int64) error {
		retry := w.publisher.RetryEdition
		if accept {
			retry = w.publisher.AcceptRefusals
		}
		n, err := retry(ctx, w.ledger, number)
		switch {
		case err != nil:
			return err
		case n > 0:
			a.print("the next `publisher run` will retry %s", count(n, "delivery"))
		case !accept:
			a.print("edition %d has nothing to retry", number)
		}
		if accept {
			a.print("edition %d continues whatever is refused", number)
		}
		return nil
	})
	c.Flags().BoolVar(&accept, "accept-refusals", false, "continue even if the server refuses most recipients, e.g. because the list is old")
	return c
}

func newEditionsCancelCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel NUMBER",
		Short: "Stop sending an edition",
		Long: `Ends an edition that is not done: remaining subscribers will not receive it, nor its
posts in a later edition. What was sent stays sent.`,
		Example: "  publisher editions cancel 12",
		Args:    cobra.ExactArgs(1),
		RunE: a.onEdition(func(ctx context.Context, w workspace, number int64) error {
			canceled, err := w.publisher.CancelEdition(ctx, w.ledger, number)
			switch {
			case err != nil:
				return err
			case canceled:
				a.print("edition %d is canceled", number)
			default:
				a.print("edition %d had already ended", number)
			}
			return nil
		}),
	}
}

// troubled returns an edition's deliveries that are deferred, failed or uncertain, or that
// may have arrived twice.
func (w workspace) troubled(ctx context.Context, number int64) ([]publish.DeliverySummary, error) {
	troubled := []publish.DeliverySummary{}
	for d, err := range w.ledger.Deliveries(ctx, number, "") {
		if err != nil {
			return nil, err
		}
		if d.Status == ledger.Sent && d.Resent == 0 {
			continue
		}
		summary := w.publisher.DeliverySummary(d)
		sub, err := w.ledger.SubscriberByID(ctx, d.Subscriber)
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
