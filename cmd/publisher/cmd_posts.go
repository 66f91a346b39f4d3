package main

import "github.com/spf13/cobra"

func newPostsCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "posts",
		Short: "The posts found, each with its state",
		Long: `Lists every post of the content tree, newest first, with its state: known (existed
before the first pass), new, settling, mailed, held, scheduled, draft, expired or
feed-only. Letters (newsletter: only), which are in no feed, are marked. --json adds
excerpts. Changes nothing.`,
		Example: "  publisher posts\n  publisher posts --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, _, err := a.publisher(nil)
			if err != nil {
				return err
			}
			posts, warnings, err := p.Posts(c.Context())
			if err != nil {
				return err
			}
			a.printWarnings(warnings)
			if a.json {
				return a.printJSON(posts)
			}
			out := a.table()
			for _, post := range posts {
				title := post.Title
				if title == "" {
					title = "(" + clip(post.ExcerptText, 50) + ")" // a note
				}
				state := string(post.State)
				if post.Newsletter != "" {
					state += ", letter"
				}
				out.row("%s\t%s\t%s\t%s", post.Date[:10], state, title, post.URL)
			}
			return out.out.Flush()
		},
	})
}
