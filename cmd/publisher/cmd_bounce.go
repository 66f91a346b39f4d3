package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"publisher/mailer/bounce"
)

func (a *app) bounceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "bounce",
		Short: "Take one bounce, complaint or unsubscribe mail on stdin",
		Long: `Reads one mail that came back, as a mail server's alias pipes it: a report of a
failed delivery, a complaint, or a request to be unsubscribed. An address that does
not exist any more is marked bounced at once, one whose mail came back for other
reasons after five editions in a row. Auto-replies are ignored, and so is what bears
no valid token: a forged report changes nothing.

With "|| exit 75" behind it the mail server keeps the mail and tries again where this
fails, e.g. because another program has locked the ledger. The user whom the alias's
command runs as (in Postfix the owner of the alias file, nobody for root's) must be
able to write the ledger; where that cannot be, let each run read a Maildir instead
(mail.bounces).`,
		Example: "  bounces: \"|publisher bounce --config /srv/blog/config.yaml || exit 75\"      (in /etc/aliases)",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLedger(c.Context(), func(s session) error {
				b, err := s.publisher.Bounce(c.Context(), s.ledger, a.stdin)
				if err != nil {
					return err
				}
				switch {
				case b.Kind == bounce.Ignored:
					a.say("ignored: neither a bounce nor a complaint")
				case b.Email == "":
					a.say("ignored: a %s without a valid token", b.Kind)
				case b.Marked:
					a.say("%s: %s gets no more mail%s", b.Email, b.Kind, because(b.Reason))
				default:
					a.say("%s: %s noted%s", b.Email, b.Kind, because(b.Reason))
				}
				return nil
			})
		},
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason)
}
