package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"publisher/internal/publish"
)

func newExplainCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "explain POST|ADDRESS",
		Short: "Why a post was, or was not, mailed; what a subscriber got, or will get, and why",
		Long: `Tells the story of one post, given by id, path or address, or of one subscriber,
given by mail address. Changes nothing.`,
		Example: "  publisher explain content/posts/hello.md\n  publisher explain ada@example.com",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			p, _, err := a.publisher(nil)
			if err != nil {
				return err
			}
			x, err := p.Explain(c.Context(), args[0])
			switch {
			case err != nil:
				return err
			case a.json:
				return a.printJSON(x)
			case x.Post != nil:
				a.explainPost(x.Post)
			default:
				a.explainSubscriber(x.Subscriber)
			}
			return nil
		},
	})
}

func (u *ui) explainPost(p *publish.PostExplanation) {
	u.print("%s\n  %s\n  %s\n  id %s\n  %s: %s", p.Title, p.Path, p.URL, p.ID, p.State, p.Reason)
	if p.Language != "" {
		u.print("  language: in the feeds and digests in %s", p.Language)
	}
	for _, e := range p.Editions {
		u.print("  edition %d (%s) of %s: %d of %d sent", e.Number, inLanguage(e.Cadence, e.Language), e.Closed, e.Sent, e.Recipients)
	}
}

func (u *ui) explainSubscriber(s *publish.SubscriberExplanation) {
	u.print("%s: %s, %s\n  %s", s.Email, s.Status, inLanguage(s.Cadence, s.Language), s.Reason)
	for _, title := range s.Due {
		u.print("  due: %s", title)
	}
	for _, m := range s.Marks {
		u.print("  %s", markText(m))
	}
	for _, d := range s.Deliveries {
		u.print("  edition %d %s %s: %s%s", d.Edition, d.Status, d.Last, d.Subject, resentText(d)+replyText(d.Reply))
	}
	if s.CountedThrough != "" {
		u.print("  of editions until %s, most deliveries are only counted (ledger_keep)", s.CountedThrough)
	}
}

// markText says what ended a subscription, and when it was restored.
func markText(m publish.MarkSummary) string {
	text := fmt.Sprintf("marked %s on %s", m.Status, m.At)
	if m.Edition > 0 {
		text += fmt.Sprintf(" by edition %d", m.Edition)
	}
	text += replyText(m.Words)
	if m.Restored != "" {
		text += "; restored on " + m.Restored
	}
	return text
}

// resentText says that a subscriber may have received a delivery twice.
func resentText(d publish.DeliverySummary) string {
	if d.Resent == 0 {
		return ""
	}
	return ", sent again because it was not known whether the server had accepted it; may have arrived twice"
}

// replyText returns the server's reply to append to a line, if there is one.
func replyText(reply string) string {
	if reply == "" {
		return ""
	}
	return ": " + reply
}
