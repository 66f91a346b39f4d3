package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/preview"
	"publisher/internal/publish"
	"publisher/mailer/address"
)

// previewFlags is what the command line asks of a preview.
type previewFlags struct {
	cadence, language, format, out, to string
	open                               bool
}

func newPreviewCommand(a *app) *cobra.Command {
	var f previewFlags
	c := &cobra.Command{
		Use:   "preview",
		Short: "The next digest, without recording anything",
		Long: `Composes the next digest as a subscriber without tags would get it, or one of the
latest posts if nothing is new. Prints it, writes it to a file, or mails it to one
address. Nothing is recorded. --open shows it in the browser, with switches for a
phone's width, dark mode, images off and the text part.`,
		Example: "  publisher preview --open\n  publisher preview --out digest.html\n  publisher preview --format text\n  publisher preview --to me@example.com",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.preview(c.Context(), f) },
	}
	c.Flags().StringVar(&f.cadence, "cadence", "", "which cadence's digest (default digest.default)")
	c.Flags().StringVar(&f.language, "language", "", "in which language (default site.language)")
	c.Flags().StringVar(&f.format, "format", "html", "html, text or eml (the whole message)")
	c.Flags().StringVar(&f.out, "out", "", "write to this file instead of stdout")
	c.Flags().BoolVar(&f.open, "open", false, "show it in the browser")
	c.Flags().StringVar(&f.to, "to", "", "mail it to this address")
	return c
}

// check reports flags that ask for something impossible, and fills in defaults.
func (f *previewFlags) check(cfg *config.Config) error {
	if !slices.Contains([]string{"html", "text", "eml"}, f.format) {
		return hint.With(fmt.Errorf("%w: invalid --format %q", errUsage, f.format), "use html, text or eml")
	}
	if f.cadence == "" {
		f.cadence = cfg.Digest.Default
	}
	if err := checkCadence(cfg, f.cadence); err != nil {
		return err
	}
	var err error
	if f.language, err = languageFlag(cfg, f.language); err != nil {
		return err
	}
	if f.to != "" {
		if _, err := address.Normalize(f.to); err != nil {
			return fmt.Errorf("%w: --to: %w", errUsage, err)
		}
	}
	return nil
}

func (a *app) preview(ctx context.Context, f previewFlags) error {
	p, cfg, err := a.publisher(nil)
	if err != nil {
		return err
	}
	if err := f.check(cfg); err != nil {
		return err
	}
	recipient := "reader@example.com"
	if f.to != "" {
		recipient = f.to
	}
	digest, warnings, err := p.Preview(ctx, f.cadence, cfg.LanguageOf(f.language), recipient)
	if err != nil {
		return err
	}
	a.printWarnings(warnings)
	size := fmt.Sprintf("%s, %s of HTML (limit %d)", count(digest.Posts, "post"), count(digest.HTMLSize, "byte"), cfg.Digest.MaxBytes)
	a.note("%s: %s", digest.Subject, size)
	if digest.Latest {
		a.note("nothing is new; these are the latest posts")
	}
	if f.to != "" {
		outbox, err := p.SendPreview(ctx, digest, f.to)
		switch {
		case err != nil:
			return err
		case outbox != "":
			a.print("no mail was sent: mail.smtp.host is not set; the message is in %s", outbox)
		default:
			a.print("sent to %s", f.to)
		}
	}
	if f.open {
		if err := a.openPreview(preview.Digest{Subject: digest.Subject, HTML: digest.HTML, Text: digest.Text, Size: size}); err != nil {
			return err
		}
	}
	if f.out == "" && (f.to != "" || f.open) {
		return nil
	}
	return a.writePreview(digest, f)
}

func (a *app) openPreview(d preview.Digest) error {
	file, err := preview.WritePage(d)
	if err != nil {
		return err
	}
	if browser := preview.Browser(file, a.lookup); browser != nil && browser.Run() == nil {
		a.print("opened %s", file)
	} else {
		a.print("wrote %s; open it in a browser", file)
	}
	return nil
}

func (a *app) writePreview(digest *publish.Preview, f previewFlags) error {
	data := map[string][]byte{"html": []byte(digest.HTML), "text": []byte(digest.Text), "eml": digest.EML}[f.format]
	if f.out == "" || f.out == "-" {
		_, err := a.document().Write(data)
		return err
	}
	if err := os.WriteFile(f.out, data, 0o644); err != nil {
		return fmt.Errorf("writing the preview: %w", err)
	}
	a.print("wrote %s", f.out)
	return nil
}
