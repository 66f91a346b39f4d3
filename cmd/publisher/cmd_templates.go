package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"publisher/templates"
)

func (a *app) templatesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "templates",
		Short: "The templates of mails and pages, and how to replace them",
		Long: `A file in the folder that the config key templates names replaces the built-in
one of the same name. colors.css and the languages in i18n/ need only the lines
that differ.`,
		Example: `  publisher templates list
  publisher templates eject colors.css`,
	}
	c.AddCommand(a.templatesListCommand(), a.templatesShowCommand(), a.templatesEjectCommand())
	return c
}

func (a *app) templatesListCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "The templates in use, and which are your own",
		Example: "  publisher templates list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			set, err := a.templateSet()
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(listed(set))
			}
			out := a.table()
			for _, f := range listed(set) {
				origin := "built in"
				if f.File != "" {
					origin = f.File
				}
				out.row("%s\t%s", f.Name, origin)
			}
			return out.out.Flush()
		},
	})
}

type listedTemplate struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"` // "" for the built-in one
}

func listed(set *templates.Set) []listedTemplate {
	var out []listedTemplate
	for _, f := range set.Files() {
		out = append(out, listedTemplate{f.Name, f.Path})
	}
	return out
}

func (a *app) templatesShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Prints a template as it is in use",
		Example: "  publisher templates show post.html\n  publisher templates show i18n/de.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := a.templateSet()
			if err != nil {
				return err
			}
			for _, f := range set.Files() {
				if f.Name == args[0] {
					_, err := a.document().Write(f.Source)
					return err
				}
			}
			return noTemplate(args[0])
		},
	}
}

func (a *app) templatesEjectCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "eject NAME",
		Short: "Writes a built-in template into your folder, to be changed",
		Long: `Copies a built-in template into the folder that the config key templates names;
from then on the copy is in use. A file that is there is never overwritten.`,
		Example: "  publisher templates eject footer.html",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			if _, err := templates.BuiltIn(args[0]); err != nil {
				return noTemplate(args[0])
			}
			file, err := templates.Eject(cfg.Path(cfg.Templates), args[0])
			if err != nil {
				return err
			}
			a.say("wrote %s; it is in use from now on", file)
			if strings.HasSuffix(file, ".html") || strings.HasSuffix(file, ".txt") {
				a.hint("`publisher preview --open` shows what your changes do")
			}
			return nil
		},
	}
}

func (a *app) templateSet() (*templates.Set, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, err
	}
	return templates.LoadOwned(cfg.Path(cfg.Templates), cfg.Dir, cfg.Private())
}

func noTemplate(name string) error {
	return fmt.Errorf("%w: there is no template %q; `publisher templates list` names them", errUsage, name)
}
