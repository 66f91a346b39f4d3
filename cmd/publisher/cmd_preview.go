package main

import (
	"fmt"
	"os"
	"publisher/mailer/address"
	"slices"

	"github.com/spf13/cobra"

	page "publisher/internal/preview"
)

var previewFormats = []string{"html", "text", "eml"}

func (a *app) previewCommand() *cobra.Command {
	var cadence, language, format, out, to string
	var open bool
	c := &cobra.Command{
		Use:   "preview",
		Short: "The next digest, without recording anything",
		Long: `Composes the next digest as a subscriber without tags would get it; where
nothing is new, of the latest posts. Prints it, writes it to a file, or mails it
to one address. Nothing is remembered. --open shows it in the browser, with
switches for a phone's width, dark mode, images off and the text part.`,
		Example: "  publisher preview --open\n  publisher preview --out digest.html\n  publisher preview --format text\n  publisher preview --to me@example.com",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, cfg, err := a.publisher(nil)
			if err != nil {
				return err
			}
			if !slices.Contains(previewFormats, format) {
				return fmt.Errorf("%w: --format %q is not possible; want html, text or eml", errUsage, format)
			}
			if cadence == "" {
				cadence = cfg.Digest.Default
			}
			if _, ok := cfg.Cadence(cadence); !ok {
				return fmt.Errorf("%w: there is no cadence %q; digest.cadences in %s names them", errUsage, cadence, cfg.File)
			}
			if language, err = languageFlag(cfg, language); err != nil {
				return err
			}
			recipient := "reader@example.com"
			if to != "" {
				recipient = to
				if _, err := address.Normalize(to); err != nil {
					return fmt.Errorf("%w: --to: %w", errUsage, err)
				}
			}
			preview, warnings, err := p.Preview(c.Context(), cadence, cfg.LanguageOf(language), recipient)
			if err != nil {
				return err
			}
			a.warn(warnings)
			size := fmt.Sprintf("%s, %s of HTML (the limit is %d)", count(preview.Posts, "post"), count(preview.HTMLSize, "byte"), cfg.Digest.MaxBytes)
			a.hint("%s: %s", preview.Subject, size)
			if preview.Latest {
				a.hint("nothing is new; these are the latest posts")
			}
			if to != "" {
				outbox, err := p.SendPreview(c.Context(), preview, to)
				switch {
				case err != nil:
					return err
				case outbox != "":
					a.say("nobody was mailed: mail.smtp.host is empty, so the message is in %s", outbox)
				default:
					a.say("sent to %s", to)
				}
			}
			if open {
				if err := page.Open(preview, size, a.lookup, a.say); err != nil {
					return err
				}
			}
			if out == "" && (to != "" || open) {
				return nil
			}
			data := map[string][]byte{"html": []byte(preview.HTML), "text": []byte(preview.Text), "eml": preview.EML}[format]
			if out == "" || out == "-" {
				_, err := a.document().Write(data)
				return err
			}
			if err := os.WriteFile(out, data, 0o644); err != nil {
				return fmt.Errorf("writing the preview: %w", err)
			}
			a.say("wrote %s", out)
			return nil
		},
	}
	c.Flags().StringVar(&cadence, "cadence", "", "which cadence's digest (default digest.default)")
	c.Flags().StringVar(&language, "language", "", "in which language (default site.language)")
	c.Flags().StringVar(&format, "format", "html", "html, text or eml (the whole message)")
	c.Flags().StringVar(&out, "out", "", "write to this file instead of stdout")
	c.Flags().BoolVar(&open, "open", false, "show it in the browser")
	c.Flags().StringVar(&to, "to", "", "mail it to this address")
	return c
}
