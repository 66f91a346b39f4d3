package main

import "github.com/spf13/cobra"

func newReleaseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "release [POST…]",
		Short: "Release posts that the flood guard holds",
		Long: `Releases posts that are held because more than digest.hold_above appeared at once:
those given by id, path or address, or all. The next run mails them.`,
		Example: "  publisher release\n  publisher release content/posts/hello.md",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(w workspace) error {
				paths, err := w.publisher.Release(c.Context(), w.ledger, args)
				if err != nil {
					return err
				}
				for _, path := range paths {
					a.print("released %s", path)
				}
				if len(paths) == 0 {
					a.print("no posts are held")
					return nil
				}
				a.note("the next pass will mail them: `publisher run`, or the daemon within a minute")
				return nil
			})
		},
	}
}
