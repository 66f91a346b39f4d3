package main

import (
	"github.com/spf13/cobra"
)

func (a *app) postsCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "posts",
		Short: "The posts found, each with its state",
		Long: `Lists every post of the content tree, newest first, with its state: known (was
there before the first pass), new, settling, mailed, held, scheduled, draft,
expired or feed-only. --json adds excerpts. Changes nothing.`,
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
			a.warn(warnings)
			if a.json {
				return a.printJSON(posts)
			}
			out := a.table()
			for _, post := range posts {
				title := post.Title
				if title == "" {
					title = "(" + clip(post.ExcerptText, 50) + ")" // a note
				}
				out.row("%s\t%s\t%s\t%s", post.Date[:10], post.State, title, post.URL)
			}
			return out.out.Flush()
		},
	})
}

func (a *app) explainCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "explain POST|ADDRESS",
		Short: "Why a post was, or was not, mailed; what a subscriber got, or will get",
		Long: `Tells the story of one post, named by id, path or address, or of one
subscriber, named by mail address. Changes nothing.`,
		Example: "  publisher explain content/posts/hello.md\n  publisher explain ada@example.com",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			p, _, err := a.publisher(nil)
			if err != nil {
				return err
			}
			x, err := p.Explain(c.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(x)
			}
			if x.Post != nil {
				a.say("%s\n  %s\n  %s\n  id %s\n  %s: %s", x.Post.Title, x.Post.Path, x.Post.URL, x.Post.ID, x.Post.State, x.Post.Reason)
				if x.Post.Language != "" {
					a.say("  language: it is in the feeds and digests in %s", x.Post.Language)
				}
				for _, e := range x.Post.Editions {
					a.say("  edition %d (%s) of %s: %d of %d sent", e.Number, inLanguage(e.Cadence, e.Language), e.Closed, e.Sent, e.Recipients)
				}
				return nil
			}
			s := x.Subscriber
			a.say("%s: %s, %s\n  %s", s.Email, s.Status, inLanguage(s.Cadence, s.Language), s.Reason)
			for _, title := range s.Due {
				a.say("  due: %s", title)
			}
			for _, m := range s.Marks {
				a.say("  %s", markLine(m))
			}
			for _, d := range s.Deliveries {
				a.say("  edition %d %s %s: %s%s", d.Edition, d.Status, d.Last, d.Subject, twice(d)+reply(d.Reply))
			}
			return nil
		},
	})
}

func (a *app) releaseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "release [POST…]",
		Short: "Let posts go that the flood guard holds",
		Long: `Lets the posts go that came more than digest.hold_above at once and wait for a
person: those named by id, path or address, or all. The next run mails them.`,
		Example: "  publisher release\n  publisher release content/posts/hello.md",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLedger(c.Context(), func(s session) error {
				paths, err := s.publisher.Release(c.Context(), s.ledger, args)
				if err != nil {
					return err
				}
				for _, path := range paths {
					a.say("released %s", path)
				}
				if len(paths) == 0 {
					a.say("no post is held")
					return nil
				}
				a.hint("the next pass mails them: `publisher run`, or the daemon within a minute")
				return nil
			})
		},
	}
}
