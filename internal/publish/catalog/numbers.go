package catalog

import (
	"context"
	"fmt"
	"slices"

	"publisher/internal/ledger"
)

// numbering is which posts have numbers.
type numbering struct {
	newest   int64 // the highest number given
	all      []ledger.NumberedPost
	bySeq    map[int64]Entry // those of them that are in the tree
	mailable []Entry         // those of them that an edition may have, newest first
}

// loadNumbers reads which posts have numbers, and finds those of them that a digest may
// have: once in a pass, since every recipient's share is taken from them.
func (c *Catalog) loadNumbers(ctx context.Context) (err error) {
	n := &c.numbering
	if n.all, err = c.Ledger.NumberedPosts(ctx); err != nil {
		return err
	}
	n.bySeq = map[int64]Entry{}
	for _, e := range c.entries {
		if e.Row.Seq > 0 {
			n.bySeq[e.Row.Seq] = e
		}
	}
	n.mailable = NewestFirst(slices.DeleteFunc(slices.Clone(c.entries), func(e Entry) bool {
		return e.Row.Seq == 0 || !c.Published(e) || e.Post.FeedOnly
	}))
	return nil
}

// Newest returns the highest number that a post has.
func (c *Catalog) Newest() int64 { return c.numbering.newest }

// Numbers returns all posts that have numbers, those no longer in the tree included.
func (c *Catalog) Numbers() []ledger.NumberedPost { return c.numbering.all }

// ByNumber returns the post of the tree with a number.
func (c *Catalog) ByNumber(seq int64) Entry { return c.numbering.bySeq[seq] }

// Mailable returns the posts that an edition may have now, newest first.
func (c *Catalog) Mailable() []Entry { return c.numbering.mailable }

// Showable returns the posts with those numbers that a digest can show now, newest first.
func (c *Catalog) Showable(numbers ledger.Numbers) []Entry {
	if len(numbers) == 0 {
		return nil
	}
	var posts []Entry
	for _, e := range c.numbering.mailable {
		if numbers.Contains(e.Row.Seq) && !c.Unrenderable(e) {
			posts = append(posts, e)
		}
	}
	return posts
}

// WithIDs returns the mailable posts with those ids, newest first.
func (c *Catalog) WithIDs(ids []string) []Entry {
	in := map[string]bool{}
	for _, id := range ids {
		in[id] = true
	}
	var posts []Entry
	for _, e := range c.numbering.mailable {
		if in[e.Row.ID] {
			posts = append(posts, e)
		}
	}
	return posts
}

// NumbersOf returns the numbers of the posts with those ids.
func (c *Catalog) NumbersOf(ids []string) ledger.Numbers { return NumbersOf(c.numbering.all, ids) }

// NumbersOf returns the numbers that posts with those ids have.
func NumbersOf(posts []ledger.NumberedPost, ids []string) ledger.Numbers {
	var seqs []int64
	for _, p := range posts {
		if slices.Contains(ids, p.ID) {
			seqs = append(seqs, p.Seq)
		}
	}
	return ledger.NewNumbers(seqs...)
}

// Why a post that has a number cannot be shown in mail now.
const (
	absent       = "its file is gone or cannot be read"
	draftAgain   = "it is a draft again"
	inDoubt      = "it is not known whether the blog's engine shows it"
	inFuture     = "its date is in the future"
	Expired      = "it has expired"
	feedOnly     = "its front matter keeps it out of mail"
	Unrenderable = "it cannot be rendered"
)

// WhyHidden returns why the post with a number cannot be shown now; "" if it can.
func (c *Catalog) WhyHidden(seq int64) string {
	e, here := c.numbering.bySeq[seq]
	switch {
	case !here:
		return absent
	case e.Post.Draft:
		return draftAgain
	case e.Post.Held != nil:
		return inDoubt
	case e.Post.Date.After(c.start):
		return inFuture
	case c.expired(e):
		return Expired
	case e.Post.FeedOnly:
		return feedOnly
	case c.Unrenderable(e):
		return Unrenderable
	}
	return ""
}

// Visibility returns whether the post with a number can be shown, for ledger.SplitDue.
func (c *Catalog) Visibility(seq int64) ledger.Visibility {
	switch c.WhyHidden(seq) {
	case "":
		return ledger.Shown
	case Expired:
		return ledger.Expired
	}
	return ledger.Hidden
}

// WhyAnyHidden returns which of the posts cannot be shown and why, for the first of them; ""
// if all can be shown.
func (c *Catalog) WhyAnyHidden(posts ledger.Numbers) string {
	for _, seq := range posts {
		if why := c.WhyHidden(seq); why != "" {
			return WhyHidden(seq, c.NameOf(seq), why)
		}
	}
	return ""
}

// WhyHidden says that a post cannot be shown, and why.
func WhyHidden(seq int64, name, reason string) string {
	return fmt.Sprintf("post %d (%s): %s", seq, name, reason)
}

// NameOf returns what messages call the post with a number: its file, or its id if the file
// is gone.
func (c *Catalog) NameOf(seq int64) string {
	if e, here := c.numbering.bySeq[seq]; here {
		return c.Path(e.Post.Path)
	}
	if i := slices.IndexFunc(c.numbering.all, func(p ledger.NumberedPost) bool { return p.Seq == seq }); i >= 0 {
		return c.numbering.all[i].ID
	}
	return ""
}
