package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/config"
	"publisher/mailer/address"
	"publisher/mailer/dkim"
)

func (a *app) dkimCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "dkim",
		Short:   "Keys that sign mail (DKIM)",
		Example: "  publisher dkim generate",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.dkimGenerate())
	return c
}

func (a *app) dkimGenerate() *cobra.Command {
	var algorithm, selector, domain, out string
	c := &cobra.Command{
		Use:   "generate",
		Short: "Make a key, and print the DNS record that publishes it",
		Long: `Makes a private key that only this user can read, never over another file, and
prints the DNS record to publish and the line to put into config.yaml. The file is
added to .gitignore. RSA is what every receiver knows; Ed25519 may stand beside it
under another selector.`,
		Example: "  publisher dkim generate\n  publisher dkim generate --algorithm ed25519 --selector e1 --out dkim-ed25519.pem",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if algorithm != "rsa" && algorithm != "ed25519" {
				return fmt.Errorf("%w: --algorithm %q is not possible; want rsa or ed25519", errUsage, algorithm)
			}
			folder := "."
			var cfg *config.Config
			if domain == "" {
				var err error
				if cfg, err = a.load(); err != nil {
					return errors.Join(err, errors.New("or name the domain with --domain"))
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
	c.Flags().StringVar(&domain, "domain", "", "the domain that signs (default that of mail.from)")
	c.Flags().StringVar(&out, "out", "", "the file to write (default dkim-SELECTOR.pem beside config.yaml)")
	return c
}

func (a *app) generateKey(algorithm, selector, domain, file string) error {
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
	a.say("%s", dkim.ZoneLine(selector, domain, record))
	a.hint("wrote %s; publish the record above in the DNS of %s, then put this into config.yaml under mail:", file, domain)
	a.hint("  dkim: [{domain: %s, selector: %s, key_file: %s}]", domain, selector, filepath.Base(file))
	return nil
}
