package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"publisher/internal/publish/subscribers"
)

func newSubscribersImportCommand(a *app) *cobra.Command {
	var prune, dryRun, lines bool
	var from string
	c := a.jsonFlag(&cobra.Command{
		Use:   "import FILE…",
		Short: "Add and update subscribers from lists (CSV, TSV, ZIP); - is stdin",
		Long: `Reads exports from Ghost, Substack, Mailchimp, Buttondown, Kit, listmonk, FeedBurner
or MailerLite, recognized by their columns, unpacked or in the ZIP archive that the
service made; or lists of your own: either CSV whose first line names the columns
(email, and optionally name, status, cadence, tags separated by ";", created, confirmed,
language), or just one address per line. A row without a status is active: you vouch
for it. Rows that cannot be used are reported with their line, and the rest is imported.
If several rows have the same address, the strictest status counts. Addresses that
unsubscribed, bounced or complained are not re-added. --dry-run shows what each line
would become and changes nothing; --lines shows what each line became. All files are
one import with one number, by which "subscribers undo" takes it back. With --prune,
FILE is subscribers.file, and subscriptions whose rows are no longer in it end, no
matter how many.`,
		Example: "  publisher subscribers import --dry-run members.csv\n  publisher subscribers import list.csv\n  publisher subscribers import audience_export.zip\n  publisher subscribers import --from kit subscribers.csv\n  cat list.csv | publisher subscribers import -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			with := a.withLedger
			if dryRun {
				with = a.withCopy
			}
			return with(c.Context(), func(w workspace) error {
				read := func(tell func(subscribers.LineResult) error) (subscribers.ImportReport, error) {
					if prune {
						return w.prune(c.Context(), args, tell)
					}
					return a.importLists(c.Context(), w, args, subscribers.ImportOptions{From: from, Each: tell})
				}
				if dryRun || lines {
					return usageOf(a.printLines(read, dryRun))
				}
				got, err := read(nil)
				if err != nil {
					return usageOf(err)
				}
				return a.printImported(got, false)
			})
		},
	})
	c.Flags().BoolVar(&prune, "prune", false, "end subscriptions whose rows are no longer in subscribers.file")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what each line would become, and change nothing")
	c.Flags().BoolVar(&lines, "lines", false, "show what each line became")
	c.Flags().StringVar(&from, "from", "", "the service that exported it, if its columns do not tell: ghost, substack, mailchimp, buttondown, kit, listmonk, feedburner, mailerlite or plain")
	c.MarkFlagsMutuallyExclusive("prune", "from")
	return c
}

// importLists imports files; "-" is stdin.
func (a *app) importLists(ctx context.Context, w workspace, files []string, o subscribers.ImportOptions) (subscribers.ImportReport, error) {
	var sources []subscribers.Source
	stdin := false
	for _, file := range files {
		if file == "-" && stdin {
			return subscribers.ImportReport{}, fmt.Errorf("%w: stdin (-) is named twice", errUsage)
		}
		stdin = stdin || file == "-"
		in, err := a.open(file)
		if err != nil {
			return subscribers.ImportReport{}, err
		}
		defer in.Close()
		sources = append(sources, subscribers.Source{Name: file, Reader: in})
	}
	return w.publisher.Import(ctx, w.ledger, sources, o)
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

// listUsage is an error about a list that needs a flag to be understood: wrong usage.
type listUsage struct{ error }

func (listUsage) Is(target error) bool { return target == errUsage }

func usageOf(err error) error {
	var faulty *subscribers.ListError
	if errors.As(err, &faulty) && faulty.Usage {
		return listUsage{err}
	}
	return err
}

func (w workspace) prune(ctx context.Context, files []string, tell func(subscribers.LineResult) error) (subscribers.ImportReport, error) {
	if w.cfg.Subscribers.File == "" || len(files) != 1 || files[0] != w.cfg.Subscribers.File && files[0] != w.cfg.Path(w.cfg.Subscribers.File) {
		return subscribers.ImportReport{}, fmt.Errorf("%w: --prune is for subscribers.file, which is %q in %s", errUsage, w.cfg.Subscribers.File, w.cfg.File)
	}
	return w.publisher.Prune(ctx, w.ledger, tell)
}
