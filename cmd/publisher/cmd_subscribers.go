package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/signups"
	"publisher/internal/publish/subscribers"
	"publisher/internal/terminal"
	"publisher/mailer/address"
)

func newSubscribersCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "subscribers",
		Short:   "Add, remove, restore, erase, list, import and export subscribers",
		Example: "  publisher subscribers add ada@example.com --cadence weekly --tags mail\n  publisher subscribers list",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSubscribersAddCommand(a), newSubscribersRemoveCommand(a), newSubscribersRestoreCommand(a), newSubscribersEraseCommand(a), newSubscribersListCommand(a), newSubscribersImportCommand(a), newSubscribersImportsCommand(a), newSubscribersUndoCommand(a), newSubscribersExportCommand(a))
	return c
}

func newSubscribersAddCommand(a *app) *cobra.Command {
	var name, cadence, tags, language string
	c := a.jsonFlag(&cobra.Command{
		Use:   "add ADDRESS…",
		Short: "Add subscribers, active at once",
		Long: `Adds subscribers, or changes existing ones. They are active at once: you vouch for
them. Addresses that unsubscribed, bounced or complained are not re-added.`,
		Example: "  publisher subscribers add ada@example.com\n  publisher subscribers add ada@example.com --name Ada --cadence weekly --tags 'mail;feeds'\n  publisher subscribers add berta@example.com --language de",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(w workspace) error {
				if cadence != "" {
					if err := checkCadence(w.cfg, cadence); err != nil {
						return err
					}
				}
				language, err := languageFlag(w.cfg, language)
				if err != nil {
					return err
				}
				if subscribers.HasControls(name, tags) {
					return fmt.Errorf("%w: --name or --tags contains control characters", errUsage)
				}
				for _, email := range args {
					if _, err := address.Normalize(email); err != nil {
						return fmt.Errorf("%w: %w", errUsage, err)
					}
				}
				if err := w.checkErased(c.Context(), args); err != nil {
					return err
				}
				got, err := imports.Run(c.Context(), w.ledger, addRows(args, imports.Row{Name: terminal.Strip(name), Cadence: cadence, Tags: subscribers.SplitTags(tags), Language: language}), imports.Options{DefaultCadence: w.cfg.Digest.Default, Now: w.publisher.Now()})
				if err != nil {
					return err
				}
				if c.Flags().Changed("tags") && tags == "" {
					if err := w.clearTags(c.Context(), args); err != nil {
						return err
					}
				}
				return a.printImported(subscribers.ImportReport{Counts: got}, false)
			})
		},
	})
	c.Flags().StringVar(&name, "name", "", "name")
	c.Flags().StringVar(&cadence, "cadence", "", "how often (default digest.default)")
	c.Flags().StringVar(&tags, "tags", "", "only posts with one of these tags, separated by ; (\"\": every post)")
	c.Flags().StringVar(&language, "language", "", "in which language: site.language, or one of languages")
	return c
}

// clearTags makes subscribers get every post again. A row cannot: an empty value in it
// changes nothing.
func (w workspace) clearTags(ctx context.Context, emails []string) error {
	for _, email := range emails {
		if _, err := w.ledger.SetPreferences(ctx, email, ledger.Choice{Tags: &[]string{}}, w.cfg.Digest.Default, w.publisher.Now()); err != nil {
			return err
		}
	}
	return nil
}

// addRows yields the row once for each address.
func addRows(emails []string, row imports.Row) iter.Seq2[imports.Row, error] {
	return func(yield func(imports.Row, error) bool) {
		for _, email := range emails {
			row.Email = email
			if !yield(row, nil) {
				return
			}
		}
	}
}

func newSubscribersRemoveCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "remove ADDRESS…",
		Short:   "Unsubscribe addresses, for good",
		Example: "  publisher subscribers remove ada@example.com",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(w workspace) error {
				removed, missing := []string{}, []string{}
				for _, email := range args {
					ok, err := w.ledger.SetStatus(c.Context(), email, ledger.Unsubscribed, w.cfg.Digest.Default, w.publisher.Now())
					switch {
					case err != nil:
						return err
					case ok:
						removed = append(removed, email)
					default:
						missing = append(missing, email)
					}
				}
				if a.json {
					if err := a.printJSON(map[string][]string{"unsubscribed": removed, "unknown": missing}); err != nil {
						return err
					}
				} else {
					for _, email := range removed {
						a.print("unsubscribed %s", email)
					}
				}
				if len(missing) > 0 {
					return notOnList(missing)
				}
				return nil
			})
		},
	})
}

func notOnList(emails []string) error {
	return hint.With(fmt.Errorf("not on the list: %s", strings.Join(emails, ", ")), "`publisher subscribers list` shows the list")
}

func newSubscribersListCommand(a *app) *cobra.Command {
	var status string
	c := a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List all subscribers, by address",
		Example: "  publisher subscribers list\n  publisher subscribers list --status active --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withCopy(c.Context(), func(w workspace) error {
				shown, err := w.shown(c.Context(), status, true)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(shown)
				}
				out := a.table()
				for _, sub := range shown {
					status := sub.Status
					if sub.PausedUntil != "" {
						status += ", paused until " + sub.PausedUntil
					}
					out.row("%s\t%s\t%s\t%s\t%s", sub.Email, status, inLanguage(sub.Cadence, sub.Language), strings.Join(sub.Tags, ";"), sub.Name)
				}
				if len(shown) == 0 {
					a.note("no subscribers; `publisher subscribers add ADDRESS` adds one")
				}
				return out.out.Flush()
			})
		},
	})
	c.Flags().StringVar(&status, "status", "", "only those with this status")
	return c
}

// shown returns the subscribers with that status, or all if it is "", and those who asked to
// subscribe and have not confirmed yet if pending says so.
func (w workspace) shown(ctx context.Context, status string, pending bool) ([]subscribers.JSON, error) {
	shown := []subscribers.JSON{}
	add := func(sub ledger.Subscriber) {
		if status == "" || string(sub.Status) == status {
			shown = append(shown, w.publisher.Shown(sub))
		}
	}
	for sub, err := range w.ledger.Subscribers(ctx) {
		if err != nil {
			return nil, err
		}
		add(sub)
	}
	if !pending {
		return shown, nil
	}
	for p, err := range signups.AllPending(ctx, w.ledger, w.publisher.Now()) {
		if err != nil {
			return nil, err
		}
		add(p.Subscriber())
	}
	return shown, nil
}

func newSubscribersExportCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "export [FILE]",
		Short:   "Write all subscribers as CSV that import can read; - is stdout",
		Example: "  publisher subscribers export backup.csv\n  publisher subscribers export - | wc -l",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withCopy(c.Context(), func(w workspace) error {
				if a.json {
					shown, err := w.shown(c.Context(), "", false)
					if err != nil {
						return err
					}
					return a.printJSON(shown)
				}
				if len(args) == 0 || args[0] == "-" {
					return w.publisher.Export(c.Context(), w.ledger, a.document())
				}
				if err := outsideFeeds(w.cfg, args[0]); err != nil {
					return err
				}
				f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
				if err != nil {
					return fmt.Errorf("writing the list: %w", err)
				}
				if err := errors.Join(w.publisher.Export(c.Context(), w.ledger, f), f.Close()); err != nil {
					return fmt.Errorf("writing %s: %w", args[0], err)
				}
				a.note("wrote %s", args[0])
				return nil
			})
		},
	})
}
