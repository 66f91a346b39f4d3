package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/signup"
	"publisher/templates"
)

// formFlags is what the command line asks of the form.
type formFlags struct {
	engine, language string
	script           bool
}

func newFormCommand(a *app) *cobra.Command {
	var f formFlags
	c := &cobra.Command{
		Use:   "form",
		Short: "The sign-up form as HTML for the blog",
		Long: `Prints a form for a template or a page of the blog. It works without JavaScript; with
--script a reader does not leave the page, and where the script cannot run, the browser
sends the form itself. The engine's own variable tells which page brought a subscriber.
Without a web server (server.url: "") it is a link of a mail that subscribes.`,
		Example: "  publisher form > layouts/partials/subscribe.html\n  publisher form --engine jekyll --script",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			return a.printForm(cfg, f)
		},
	}
	c.Flags().StringVar(&f.engine, "engine", "", "hugo, jekyll, pelican, zola, eleventy or plain (default the blog's)")
	c.Flags().StringVar(&f.language, "language", "", "the language of the form and its subscribers' mail (default: the site's, with a choice)")
	c.Flags().BoolVar(&f.script, "script", false, "add a script that sends the form without leaving the page")
	return c
}

const plainEngine = "plain"

// pageVariable returns how an engine's templates write the address of the page; "" if the engine
// has no templates.
func pageVariable(engine string) (variable string, known bool) {
	variable, known = map[string]string{
		string(config.Hugo):     `{{ .Permalink }}`,
		string(config.Jekyll):   `{{ page.url | absolute_url }}`,
		string(config.Pelican):  `{{ SITEURL }}/{{ output_file }}`,
		string(config.Zola):     `{% if current_url %}{{ current_url }}{% endif %}`,
		string(config.Eleventy): `{{ page.url }}`,
		plainEngine:             "",
	}[engine]
	return variable, known
}

// check reports flags that ask for something impossible, and fills in defaults.
func (f *formFlags) check(cfg *config.Config) (err error) {
	if f.engine == "" {
		f.engine = engineOf(cfg)
	}
	if _, known := pageVariable(f.engine); !known {
		return hint.With(fmt.Errorf("%w: invalid --engine %q", errUsage, f.engine), "use hugo, jekyll, pelican, zola, eleventy or plain")
	}
	f.language, err = languageFlag(cfg, f.language)
	return err
}

// engineOf returns the engine of the blog. A folder that cannot be read has none.
func engineOf(cfg *config.Config) string {
	if tree, err := content.Open(cfg); err == nil {
		if _, known := pageVariable(string(tree.Dialect())); known {
			return string(tree.Dialect())
		}
	}
	return plainEngine
}

func (a *app) printForm(cfg *config.Config, f formFlags) error {
	if err := f.check(cfg); err != nil {
		return err
	}
	set, err := templates.Load(cfg.Path(cfg.Templates), cfg.Dir, cfg.Private())
	if err != nil {
		return err
	}
	page, err := formPage(cfg, f)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := set.Page(&b, "form.html", page); err != nil {
		return err
	}
	if cfg.Server.URL != nil && isLocal(cfg.Server.URL.Hostname()) {
		a.note("server.url is %s, which only this machine reaches; set it to your web server's public address before you publish the form", cfg.Server.URL)
	}
	_, err = a.document().Write(append(bytes.TrimSpace(b.Bytes()), '\n'))
	return err
}

// formPage returns what the form shows.
func formPage(cfg *config.Config, f formFlags) (*templates.FormPage, error) {
	language := cfg.LanguageOf(f.language)
	site := cfg.SiteIn(language)
	page := &templates.FormPage{Frame: templates.Frame{Site: templates.Site{Title: site.Title, URL: site.URL.String(), Language: site.Language, Location: site.Timezone}},
		Form: templates.SignupForm{AskName: cfg.Signup.AskName}, Language: f.language}
	if cfg.Server.URL == nil {
		page.MailURL = signup.MailURL(cfg.Mail.BounceTo)
		if page.MailURL == "" {
			err := fmt.Errorf("%w: there is no form without a web server, and no link without an address that takes mail", errUsage)
			return nil, hint.With(err, "set server.url in %s, or mail.bounce_to for sign-ups by mail", cfg.File)
		}
		return page, nil
	}
	page.Form.URL = cfg.Server.URL.JoinPath("subscribe").String()
	page.Form.Page, _ = pageVariable(f.engine)
	for _, c := range cfg.Digest.Cadences {
		page.Form.Cadences = append(page.Form.Cadences, templates.Choice{Value: c.Name, Chosen: c.Name == cfg.Digest.Default})
	}
	for _, tag := range cfg.AllLanguages() {
		page.Form.Languages = append(page.Form.Languages, templates.Choice{Value: tag, Chosen: tag == site.Language})
	}
	if f.script {
		page.SetScript(signup.FormScript())
	}
	return page, nil
}

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || slices.Contains([]string{"localhost", ""}, host) || strings.HasSuffix(host, ".localhost")
}
