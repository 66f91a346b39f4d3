package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"publisher/internal/publish/delivery"
	"publisher/mailer/bounce"
)

func newBounceCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "bounce",
		Short: "Take one bounce, complaint or unsubscribe mail on stdin",
		Long: `Reads one message that a mail server's alias pipes to it: a report of a failed
delivery, a complaint, or a request to unsubscribe. An address that no longer exists is
marked as bounced at once, one whose mail is returned for other reasons after five
editions in a row. Only a token in a return path is proof enough to mark an address; one
in a Message-ID or a link only unsubscribes, which the subscriber can undo. Input that is
not a mail is ignored, and so are auto-replies and messages without a valid token: a
forged report changes nothing.

It fails only where a retry helps, e.g. because another program has locked the ledger or
the disk is full. With "|| exit 75" after it, the mail server then keeps the message and
retries. The user that runs the alias's command (in Postfix the owner of the alias file,
or nobody for root's) must be able to write the ledger. Where that is not possible, let
each run read a Maildir instead (mail.bounces).`,
		Example: "  bounces: \"|publisher bounce --config /srv/blog/config.yaml || exit 75\"      (in /etc/aliases)",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			// Before the config and the ledger, since a retry would not turn it into a mail.
			returned, err := bounce.Read(a.stdin)
			if _, nonsense := errors.AsType[*bounce.NotMailError](err); nonsense {
				a.print("%s, ignored", err)
				return nil
			}
			if err != nil {
				return err
			}
			if returned.Kind == bounce.Ignored {
				if _, err := a.load(); err != nil {
					return err
				}
				a.print("ignored: neither a bounce nor a complaint")
				return nil
			}
			return a.withLedger(c.Context(), func(w workspace) error {
				b, err := w.publisher.TakeReturned(c.Context(), w.ledger, returned)
				if err == nil {
					a.printBounced(b)
				}
				return err
			})
		},
	}
}

func (u *ui) printBounced(b *delivery.Bounced) {
	switch {
	case b.Email == "":
		u.print("ignored: a %s without a valid token", b.Kind)
	case b.Stale:
		u.print("ignored: a %s for %s, about a mail that was sent more than 30 days ago or that is not in the ledger", b.Kind, b.Email)
	case b.Ended != "":
		u.print("%s: %s, so the subscription ended as %s%s", b.Email, b.Kind, b.Ended, because(b.Reason))
	default:
		u.print("%s: %s noted%s", b.Email, b.Kind, because(b.Reason))
	}
}

// because returns a reason to append to a line, if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason)
}
