package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger/erasure"
	"publisher/internal/publish/subscribers"
	"publisher/mailer/address"
)

func newSubscribersEraseCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "erase ADDRESS…",
		Short: "Remove everything about addresses, for good",
		Long: `Removes everything that the ledger, the files beside it and the outbox have about the
addresses: the subscription, what servers said, sign-ups, consents and events. Only a hash
stays, so that no import and no row of subscribers.file brings an address back; a sign-up
that its reader confirms does. Lists of your own, backups and the mail server's logs are
yours to clean. To end a subscription and remember that it ended, use subscribers remove.`,
		Example: "  publisher subscribers erase ada@example.com",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			for _, email := range args {
				if _, err := address.Normalize(email); err != nil {
					return fmt.Errorf("%w: %w", errUsage, err)
				}
			}
			return a.withLedger(c.Context(), func(w workspace) error {
				got, err := subscribers.Erase(c.Context(), w.cfg, w.ledger, args, w.publisher.Now)
				if err != nil {
					return err
				}
				if a.json {
					if err := a.printJSON(got); err != nil {
						return err
					}
				} else {
					for _, email := range got.Erased {
						a.print("erased %s", email)
					}
					for _, email := range got.Before {
						a.print("%s had been erased before", email)
					}
				}
				if len(got.Unknown) > 0 {
					return notOnList(got.Unknown)
				}
				return nil
			})
		},
	})
}

// checkErased returns an error if an address was erased: only its reader may bring it back.
func (w workspace) checkErased(ctx context.Context, emails []string) error {
	var erased []string
	for _, email := range emails {
		was, err := erasure.Erased(ctx, w.ledger, email)
		if err != nil {
			return err
		}
		if was {
			erased = append(erased, email)
		}
	}
	if erased == nil {
		return nil
	}
	return hint.With(fmt.Errorf("erased at their readers' request, and not added: %s", strings.Join(erased, ", ")),
		"ask them to sign up themselves; their confirmation ends the erasure")
}
