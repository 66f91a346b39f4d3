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
		Short: "Take one bounce, complaint, or mail to (un)subscribe on stdin",
		Long: `Reads one message that a mail server's alias pipes to it: a report of a failed
delivery, a complaint, a request to subscribe or to unsubscribe, or the answer to a
confirmation. An address that no longer exists is
marked as bounced at once, one whose mail is returned for other reasons after five
editions in a row. Only a token in a return path is proof enough to mark an address; one
in a Message-ID or a link only unsubscribes, which the subscriber can undo. Input that is
not a mail is ignored, and so are auto-replies and messages without a valid token: a
forged report changes nothing. A mail to bounces+subscribe@… (mail.bounce_to with
+subscribe) asks to subscribe its author, to whom the next run sends a confirmation;
an answer to that, from whoever can read it, confirms. Auto-replies, lists and our own
mails do neither.

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
			returned.Enveloped(a.envelope())
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if !delivery.NewBounces(cfg, nil, nil, nil).Concerns(returned) {
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

// envelope returns what mail servers say of a mail in the environment of the command: Postfix
// in ORIGINAL_RECIPIENT, RECIPIENT and SENDER, Exim in RECIPIENT and SENDER.
func (a *app) envelope() (e bounce.Envelope) {
	for _, name := range []string{"ORIGINAL_RECIPIENT", "RECIPIENT"} {
		if to, ok := a.lookup(name); ok && to != "" {
			e.Recipients = append(e.Recipients, to)
		}
	}
	if len(e.Recipients) > 0 { // SENDER alone may be anything
		e.Sender, e.SenderKnown = a.lookup("SENDER")
	}
	return e
}

func (u *ui) printBounced(b *delivery.Bounced) {
	switch {
	case b.Kind == bounce.Written:
		u.printAnswer(b)
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

func (u *ui) printAnswer(b *delivery.Bounced) {
	switch b.Answer {
	case delivery.AskedToJoin:
		u.print("%s asks to subscribe; the next run asks for a confirmation", b.Email)
	case delivery.WaitsToJoin:
		u.print("%s asks to subscribe, and waits for the confirmation, since many ask: see signup.mails_per_hour", b.Email)
	case delivery.Confirmed:
		u.print("%s: confirmed", b.Email)
	case delivery.BadReply:
		u.print("ignored: the answer to a confirmation that is unknown or too old")
	case delivery.RefusedJoin:
		u.print("ignored: a request to subscribe an address that may not")
	case delivery.TooManyJoins:
		u.print("ignored: more requests to subscribe wait than signup.mails_per_hour allows in a day")
	}
}

// because returns a reason to append to a line, if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason)
}
