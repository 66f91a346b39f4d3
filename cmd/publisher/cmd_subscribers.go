package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/ledger"
	"publisher/internal/publish"
	"publisher/internal/terminal"
	"publisher/mailer/address"
)

func (a *app) subscribersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "subscribers",
		Short:   "The list of subscribers: add, remove, restore, list, import, export",
		Example: "  publisher subscribers add ada@example.com --cadence weekly --tags mail\n  publisher subscribers list",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.subscribersAdd(), a.subscribersRemove(), a.subscribersRestore(), a.subscribersList(), a.subscribersImport(), a.subscribersExport())
	return c
}

func (a *app) subscribersAdd() *cobra.Command {
	var name, cadence, tags, language string
	c := a.jsonFlag(&cobra.Command{
		Use:   "add ADDRESS…",
		Short: "Add subscribers, active at once: you vouch for them",
		Long: `Adds subscribers, or changes those that are there. They are active at once: the
owner vouches for them. Who unsubscribed, bounced or complained is not brought back.`,
		Example: "  publisher subscribers add ada@example.com\n  publisher subscribers add ada@example.com --name Ada --cadence weekly --tags 'mail;feeds'\n  publisher subscribers add berta@example.com --language de",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(s session) error {
				if _, ok := s.cfg.Cadence(cadence); cadence != "" && !ok {
					return fmt.Errorf("%w: there is no cadence %q; digest.cadences in %s names them", errUsage, cadence, s.cfg.File)
				}
				language, err := languageFlag(s.cfg, language)
				if err != nil {
					return err
				}
				if publish.HasControls(name, tags) {
					return fmt.Errorf("%w: --name or --tags has control characters", errUsage)
				}
				for _, email := range args {
					if _, err := address.Normalize(email); err != nil {
						return fmt.Errorf("%w: %w", errUsage, err)
					}
				}
				got, err := s.ledger.Import(c.Context(), addRows(args, ledger.Row{Name: terminal.Strip(name), Cadence: cadence, Tags: publish.SplitTags(tags), Language: language}), ledger.ImportOptions{DefaultCadence: s.cfg.Digest.Default, Now: s.publisher.Now()})
				if err != nil {
					return err
				}
				if c.Flags().Changed("tags") && tags == "" {
					if err := a.clearTags(c, s, args); err != nil {
						return err
					}
				}
				return a.sayImported(publish.ImportReport{ImportCounts: got}, did)
			})
		},
	})
	c.Flags().StringVar(&name, "name", "", "name")
	c.Flags().StringVar(&cadence, "cadence", "", "how often (default digest.default)")
	c.Flags().StringVar(&tags, "tags", "", "only posts with one of these tags, separated by ; (\"\": every post)")
	c.Flags().StringVar(&language, "language", "", "in which language: site.language, or one of languages")
	return c
}

// clearTags lets subscribers get every post again: an empty value in a row says nothing.
func (a *app) clearTags(c *cobra.Command, s session, emails []string) error {
	for _, email := range emails {
		if _, err := s.ledger.SetPreferences(c.Context(), email, ledger.Choice{Tags: &[]string{}}, s.cfg.Digest.Default, s.publisher.Now()); err != nil {
			return err
		}
	}
	return nil
}

// addRows gives each address what a row says of them all.
func addRows(emails []string, row ledger.Row) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		for _, email := range emails {
			row.Email = email
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (a *app) subscribersRemove() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "remove ADDRESS…",
		Short:   "Unsubscribe addresses, and remember it",
		Example: "  publisher subscribers remove ada@example.com",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(s session) error {
				removed, missing := []string{}, []string{}
				for _, email := range args {
					ok, err := s.ledger.SetStatus(c.Context(), email, ledger.Unsubscribed, s.cfg.Digest.Default, s.publisher.Now())
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
						a.say("unsubscribed %s", email)
					}
				}
				if len(missing) > 0 {
					return fmt.Errorf("not on the list: %s; `publisher subscribers list` shows it", strings.Join(missing, ", "))
				}
				return nil
			})
		},
	})
}

func (a *app) subscribersList() *cobra.Command {
	var status string
	c := a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "Everyone on the list, by address",
		Example: "  publisher subscribers list\n  publisher subscribers list --status active --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withCopy(c.Context(), func(s session) error {
				shown, err := s.shown(c.Context(), status)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(shown)
				}
				out := a.table()
				for _, sub := range shown {
					out.row("%s\t%s\t%s\t%s\t%s", sub.Email, sub.Status, inLanguage(sub.Cadence, sub.Language), strings.Join(sub.Tags, ";"), sub.Name)
				}
				if len(shown) == 0 {
					a.hint("nobody; `publisher subscribers add ADDRESS` adds one")
				}
				return out.out.Flush()
			})
		},
	})
	c.Flags().StringVar(&status, "status", "", "only those with this status")
	return c
}

// shown lists the subscribers with that status, or all.
func (s session) shown(ctx context.Context, status string) ([]publish.SubscriberJSON, error) {
	shown := []publish.SubscriberJSON{}
	for sub, err := range s.ledger.Subscribers(ctx) {
		if err != nil {
			return nil, err
		}
		if status == "" || string(sub.Status) == status {
			shown = append(shown, s.publisher.Shown(sub))
		}
	}
	return shown, nil
}

func (a *app) subscribersImport() *cobra.Command {
	var prune, dryRun bool
	var from string
	c := a.jsonFlag(&cobra.Command{
		Use:   "import FILE",
		Short: "Add and update subscribers from CSV; - is stdin",
		Long: `Reads an export of Ghost, Substack, Mailchimp, Buttondown, Kit, listmonk, FeedBurner
or MailerLite, which its columns tell, or a list of your own: CSV whose first line
names the columns (email, and if wanted name, status, cadence, tags separated by ;,
created, confirmed, language), or nothing but one address a line. A row without a
status is active: the owner vouches for it. Rows that cannot be used are reported
with their line, and the others are read. Of several rows with one address the
strictest status counts. Who unsubscribed, bounced or complained is not brought
back. With --dry-run nothing changes, and each line says what it would become. With
--prune FILE is subscribers.file, and the subscriptions whose rows are gone from it
end, however many they are.`,
		Example: "  publisher subscribers import --dry-run members.csv\n  publisher subscribers import list.csv\n  publisher subscribers import --from kit subscribers.csv\n  cat list.csv | publisher subscribers import -",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			with := a.withLedger
			if dryRun {
				with = a.withCopy
			}
			return with(c.Context(), func(s session) error {
				read := func(tell func(ledger.RowResult) error) (publish.ImportReport, error) {
					return a.importList(c.Context(), s, args[0], publish.ImportOptions{From: from, Each: tell})
				}
				if prune {
					read = func(tell func(ledger.RowResult) error) (publish.ImportReport, error) {
						return a.prune(c, s, args[0], tell)
					}
				}
				if dryRun {
					return usageOf(a.dryRun(read))
				}
				got, err := read(nil)
				if err != nil {
					return usageOf(err)
				}
				return a.sayImported(got, did)
			})
		},
	})
	c.Flags().BoolVar(&prune, "prune", false, "end the subscriptions whose rows are gone from subscribers.file")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what each line would become, and change nothing")
	c.Flags().StringVar(&from, "from", "", "whose export it is, where its columns do not tell: ghost, substack, mailchimp, buttondown, kit, listmonk, feedburner, mailerlite or plain")
	c.MarkFlagsMutuallyExclusive("prune", "from")
	return c
}

func (a *app) importList(ctx context.Context, s session, file string, o publish.ImportOptions) (publish.ImportReport, error) {
	in, err := a.open(file)
	if err != nil {
		return publish.ImportReport{}, err
	}
	defer in.Close()
	return s.publisher.Import(ctx, s.ledger, file, in, o)
}

// listUsage is a list of which its owner has to say what it means: wrong usage.
type listUsage struct{ error }

func (listUsage) Is(target error) bool { return target == errUsage }

func usageOf(err error) error {
	var faulty *publish.ListError
	if errors.As(err, &faulty) && faulty.Usage {
		return listUsage{err}
	}
	return err
}

func (a *app) prune(c *cobra.Command, s session, file string, tell func(ledger.RowResult) error) (publish.ImportReport, error) {
	if s.cfg.Subscribers.File == "" || file != s.cfg.Subscribers.File && file != s.cfg.Path(s.cfg.Subscribers.File) {
		return publish.ImportReport{}, fmt.Errorf("%w: --prune is for subscribers.file, which is %q in %s", errUsage, s.cfg.Subscribers.File, s.cfg.File)
	}
	return s.publisher.Prune(c.Context(), s.ledger, tell)
}

func (a *app) open(file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(a.stdin), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	return f, nil
}

func (a *app) subscribersExport() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "export [FILE]",
		Short:   "Everyone as CSV, in the form that import reads; - is stdout",
		Example: "  publisher subscribers export backup.csv\n  publisher subscribers export - | wc -l",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withCopy(c.Context(), func(s session) error {
				if a.json {
					shown, err := s.shown(c.Context(), "")
					if err != nil {
						return err
					}
					return a.printJSON(shown)
				}
				if len(args) == 0 || args[0] == "-" {
					return s.publisher.Export(c.Context(), s.ledger, a.document())
				}
				if err := outsideFeeds(s.cfg, args[0]); err != nil {
					return err
				}
				f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
				if err != nil {
					return fmt.Errorf("writing the list: %w", err)
				}
				if err := errors.Join(s.publisher.Export(c.Context(), s.ledger, f), f.Close()); err != nil {
					return fmt.Errorf("writing %s: %w", args[0], err)
				}
				a.hint("wrote %s", args[0])
				return nil
			})
		},
	})
}
