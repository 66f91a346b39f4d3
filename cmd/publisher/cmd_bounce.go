package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"publisher/internal/publish"
	"publisher/mailer/bounce"
)

func (a *app) bounceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "bounce",
		Short: "Take one bounce, complaint or unsubscribe mail on stdin",
		Long: `Reads one mail that came back, as a mail server's alias pipes it: a report of a
failed delivery, a complaint, or a request to be unsubscribed. An address that does
not exist any more is marked bounced at once, one whose mail came back for other
reasons after five editions in a row. Only the return path of a mail proves that; what
only a Message-ID or a link proves unsubscribes, which the reader can take back. What is
not a mail is ignored, as are auto-replies and what bears no valid token: a forged report
changes nothing.

It fails only where trying again helps, e.g. because another program has locked the
ledger or the disk is full. With "|| exit 75" behind it the mail server then keeps the
mail and tries again. The user whom the alias's
command runs as (in Postfix the owner of the alias file, nobody for root's) must be
able to write the ledger; where that cannot be, let each run read a Maildir instead
(mail.bounces).`,
		Example: "  bounces: \"|publisher bounce --config /srv/blog/config.yaml || exit 75\"      (in /etc/aliases)",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			// Before the config and the ledger: trying again would not make a mail of it.
			returned, err := bounce.Read(a.stdin)
			if _, nonsense := errors.AsType[*bounce.NotMailError](err); nonsense {
				a.say("%s, ignored", err)
				return nil
			}
			if err != nil {
				return err
			}
			if returned.Kind == bounce.Ignored {
				if _, err := a.load(); err != nil {
					return err
				}
				a.say("ignored: neither a bounce nor a complaint")
				return nil
			}
			return a.withLedger(c.Context(), func(s session) error {
				b, err := s.publisher.TakeReturned(c.Context(), s.ledger, returned)
				if err == nil {
					a.sayBounced(b)
				}
				return err
			})
		},
	}
}

func (a *app) sayBounced(b *publish.Bounced) {
	switch {
	case b.Email == "":
		a.say("ignored: a %s without a valid token", b.Kind)
	case b.Stale:
		a.say("ignored: a %s of %s, for a mail that went out more than 30 days ago or that the ledger does not know", b.Kind, b.Email)
	case b.Ended != "":
		a.say("%s: %s, so the subscription ended as %s%s", b.Email, b.Kind, b.Ended, because(b.Reason))
	default:
		a.say("%s: %s noted%s", b.Email, b.Kind, because(b.Reason))
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason)
}
