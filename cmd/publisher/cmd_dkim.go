package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/mailer/address"
	"publisher/mailer/dkim"
)

func newDKIMCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "dkim",
		Short:   "Keys for signing mail (DKIM)",
		Example: "  publisher dkim generate",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDKIMGenerateCommand(a))
	return c
}

func newDKIMGenerateCommand(a *app) *cobra.Command {
	var algorithm, selector, domain, out string
	c := &cobra.Command{
		Use:   "generate",
		Short: "Generate a key, and print the DNS record that publishes it",
		Long: `Generates a private key that only this user can read, and prints the DNS record to
publish and the line to put into config.yaml. An existing file is never overwritten. The
file is added to .gitignore. Every receiver supports RSA; an Ed25519 key can be added
under another selector.`,
		Example: "  publisher dkim generate\n  publisher dkim generate --algorithm ed25519 --selector e1 --out dkim-ed25519.pem",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if algorithm != "rsa" && algorithm != "ed25519" {
				return hint.With(fmt.Errorf("%w: invalid --algorithm %q", errUsage, algorithm), "use rsa or ed25519")
			}
			folder := "."
			var cfg *config.Config
			if domain == "" {
				var err error
				if cfg, err = a.load(); err != nil {
					return hint.With(err, "or give the domain with --domain")
				}
				domain = cfg.Mail.From.Address[strings.LastIndexByte(cfg.Mail.From.Address, '@')+1:]
				folder = cfg.Dir
			}
			for flag, name := range map[string]string{"--domain": domain, "--selector": selector + ".example.com"} {
				if _, err := address.Normalize("x@" + name); err != nil {
					return fmt.Errorf("%w: %s: %w", errUsage, flag, err)
				}
			}
			file := out
			if file == "" {
				file = filepath.Join(folder, "dkim-"+selector+".pem")
			}
			if cfg != nil {
				if err := outsideFeeds(cfg, file); err != nil {
					return err
				}
			}
			if err := a.generateKey(algorithm, selector, domain, file); err != nil {
				return err
			}
			a.hideKey(cfg, folder, file)
			return nil
		},
	}
	c.Flags().StringVar(&algorithm, "algorithm", "rsa", "rsa (2048 bits) or ed25519")
	c.Flags().StringVar(&selector, "selector", "s1", "the key's name in DNS")
	c.Flags().StringVar(&domain, "domain", "", "the signing domain (default that of mail.from)")
	c.Flags().StringVar(&out, "out", "", "the file to write (default dkim-SELECTOR.pem beside config.yaml)")
	return c
}

func (u *ui) generateKey(algorithm, selector, domain, file string) error {
	key, err := dkim.GenerateKey(algorithm)
	if err != nil {
		return err
	}
	record, err := dkim.KeyRecord(key)
	if err != nil {
		return err
	}
	if err := dkim.WriteKey(file, key); err != nil {
		return err
	}
	u.print("%s", dkim.ZoneLine(selector, domain, record))
	u.note("wrote %s; publish the record above in the DNS of %s, then put this into config.yaml under mail:", file, domain)
	u.note("  dkim: [{domain: %s, selector: %s, key_file: %s}]", domain, selector, filepath.Base(file))
	return nil
}
