package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/templates"
)

func newTemplatesCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "templates",
		Short: "The templates of mails and pages",
		Long: `A file in the folder that the config key "templates" names replaces the built-in one of
the same name. colors.css and the languages in i18n/ need only the lines that differ.`,
		Example: `  publisher templates list
  publisher templates eject colors.css`,
	}
	c.AddCommand(newTemplatesListCommand(a), newTemplatesShowCommand(a), newTemplatesEjectCommand(a))
	return c
}

func newTemplatesListCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the templates in use, and which are your own",
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

func newTemplatesShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a template that is in use",
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

func newTemplatesEjectCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "eject NAME",
		Short: "Copy a built-in template into your folder, to be changed",
		Long: `Copies a built-in template into the folder that the config key "templates" names. From
then on the copy is used. An existing file is never overwritten.`,
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
			a.print("wrote %s; it is used from now on", file)
			if strings.HasSuffix(file, ".html") || strings.HasSuffix(file, ".txt") {
				a.note("`publisher preview --open` shows the effect of your changes")
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
	return templates.Load(cfg.Path(cfg.Templates), cfg.Dir, cfg.Private())
}

func noTemplate(name string) error {
	return hint.With(fmt.Errorf("%w: unknown template %q", errUsage, name), "`publisher templates list` lists them")
}
