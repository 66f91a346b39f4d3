package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"publisher/internal/ledger"
)

// Why a post that has a number cannot be shown in mail now.
const (
	absent       = "its file is gone or cannot be read"
	draftAgain   = "it is a draft again"
	inDoubtNow   = "nobody can tell whether the blog's engine shows it"
	datedAhead   = "its date lies ahead"
	expiredSince = "it has expired"
	feedOnlyNow  = "its front matter keeps it out of mail"
	unshowable   = "it cannot be rendered"
)

// withheld says why the post with that number cannot be shown now; "" where it can.
func (s *pass) withheld(seq int64) string {
	e, here := s.bySeq[seq]
	switch {
	case !here:
		return absent
	case e.post.Draft:
		return draftAgain
	case e.post.Held != nil:
		return inDoubtNow
	case e.post.Date.After(s.start):
		return datedAhead
	case s.expired(e):
		return expiredSince
	case e.post.FeedOnly:
		return feedOnlyNow
	case s.unrenderable[e.post.Path] != nil:
		return unshowable
	case !s.published(e):
		return absent
	}
	return ""
}

// visibility is ledger.Share's view of a post.
func (s *pass) visibility(seq int64) ledger.Visibility {
	switch s.withheld(seq) {
	case "":
		return ledger.Shown
	case expiredSince:
		return ledger.Expired
	}
	return ledger.Hidden
}

// whyHidden names the first of the posts that cannot be shown, and why.
func (s *pass) whyHidden(posts ledger.Numbers) string {
	for _, seq := range posts {
		if why := s.withheld(seq); why != "" {
			return fmt.Sprintf("post %d (%s): %s", seq, s.nameOf(seq), why)
		}
	}
	return ""
}

// learnNumbers reads which posts have numbers, and finds those of them that a digest
// may have.
func (s *pass) learnNumbers(ctx context.Context) (err error) {
	if s.numbers, err = s.ledger.NumberedPosts(ctx); err != nil {
		return err
	}
	s.bySeq = map[int64]entry{}
	for _, e := range s.entries {
		if e.row.Seq > 0 {
			s.bySeq[e.row.Seq] = e
		}
	}
	s.mailable = s.numbered()
	return nil
}

// mend makes good what an earlier version passed over, once, and says so.
func (s *pass) mend(ctx context.Context) error {
	mended, err := s.ledger.RepairCursors(ctx)
	for _, m := range mended {
		s.log.Warn("mended: an earlier version had passed subscribers over", "edition", m.Edition, "post", m.Post, "subscribers", m.Subscribers)
		s.report.Warn(strings.TrimPrefix(s.cfg.Ledger, "sqlite:"), 0, fmt.Sprintf(
			"edition %d: an earlier version of publisher had passed %d subscribers over with the post %s; they get it now", m.Edition, m.Subscribers, m.Post))
	}
	return err
}

// offerReturned lets the posts that can be shown again be offered to those whom an
// edition has passed over with them.
func (s *pass) offerReturned(ctx context.Context) error {
	withheld, err := s.ledger.Withheld(ctx)
	if err != nil || len(withheld) == 0 {
		return err
	}
	var back []int64
	for _, seq := range withheld {
		if s.withheld(seq) == "" {
			back = append(back, seq)
		}
	}
	if len(back) == 0 {
		return nil
	}
	s.log.Info("posts are back and are offered to those who have not had them", "count", len(back))
	return s.ledger.PostsReturned(ctx, ledger.NewNumbers(back...))
}

// endWaits makes the deliveries due at once all of whose posts can be shown again.
func (s *pass) endWaits(ctx context.Context) error {
	waiting, err := s.ledger.Waiting(ctx, s.start)
	if err != nil {
		return err
	}
	for edition, digests := range waiting {
		for _, d := range digests {
			if slices.ContainsFunc(d.Posts, func(seq int64) bool { return s.withheld(seq) != "" }) {
				continue
			}
			if err := s.ledger.EndWait(ctx, edition, d.Number, s.start); err != nil {
				return err
			}
		}
	}
	return nil
}

// numbersOf are the sequence numbers of posts by id.
func (s *pass) numbersOf(ids []string) ledger.Numbers {
	var seqs []int64
	for _, p := range s.numbers {
		if slices.Contains(ids, p.ID) {
			seqs = append(seqs, p.Seq)
		}
	}
	return ledger.NewNumbers(seqs...)
}

// nameOf is what a post is called in messages: its file, or its id where that is gone.
func (s *pass) nameOf(seq int64) string {
	if e, here := s.bySeq[seq]; here {
		return s.contentPath(e.post.Path)
	}
	if i := slices.IndexFunc(s.numbers, func(p ledger.NumberedPost) bool { return p.Seq == seq }); i >= 0 {
		return s.numbers[i].ID
	}
	return ""
}
