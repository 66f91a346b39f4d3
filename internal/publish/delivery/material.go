package delivery

import (
	"context"
	"fmt"

	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/editions"
	"publisher/mailer/message"
)

// material is what digests are made of.
type material interface {
	Numbers() []ledger.NumberedPost
	NumbersOf(ids []string) ledger.Numbers
	Visibility(seq int64) ledger.Visibility
	WhyAnyHidden(posts ledger.Numbers) string
	Bundle(ctx context.Context, e *ledger.Edition) (*editions.Bundle, error)
	Message(b *editions.Bundle, e *ledger.Edition, posts ledger.Numbers) (*message.Message, error)
	// Archive stores the web version before anybody gets a link to it.
	Archive(ctx context.Context, b *editions.Bundle, e *ledger.Edition) error
	// complete adds posts to an edition that it lacks, and excerpts that no digest had yet, or says
	// that it cannot.
	complete(ctx context.Context, edition *openEdition, s *share, missing ledger.Numbers) error
}

// tree is the posts of a content tree, of the latest survey, which decides which can be shown now.
type tree struct {
	*editions.Composer
	*catalog.Catalog
}

func newTree(c *editions.Composer) tree { return tree{c, c.Catalog()} }

// complete adds posts to an edition that it lacks, and excerpts that no digest had yet.
func (t tree) complete(ctx context.Context, edition *openEdition, s *share, missing ledger.Numbers) error {
	before := len(edition.bundle.Posts)
	if err := t.Composer.Add(ctx, edition.bundle, t.Showable(missing), func(catalog.Entry) bool { return false }); err != nil {
		return err
	}
	more := len(edition.bundle.Posts) > before
	full, err := t.completeExcerpts(ctx, edition, s)
	if err != nil || !more && !full {
		return err
	}
	return t.extend(ctx, edition, more)
}

// completeExcerpts reports whether it rendered any.
func (t tree) completeExcerpts(ctx context.Context, edition *openEdition, s *share) (changed bool, err error) {
	shown := 0
	for i := range edition.bundle.Posts {
		p := &edition.bundle.Posts[i]
		if !s.posts.Contains(p.Seq) {
			continue
		}
		if shown++; shown > edition.bundle.MaxPosts {
			break
		}
		if p.Full || t.WhyHidden(p.Seq) != "" {
			continue
		}
		e := t.ByNumber(p.Seq)
		post, err := t.Composer.Post(ctx, e, true)
		if err != nil && !t.Unrenderable(e) {
			return changed, err
		}
		if err != nil {
			s.hidden = fmt.Sprintf("post %d (%s): %s", p.Seq, p.Path, catalog.Unrenderable)
			continue
		}
		p.Post, p.Full, changed = post, true, true
	}
	return changed, nil
}

// extend stores an edition that has grown; its subject and its web version cover all its
// posts.
func (t tree) extend(ctx context.Context, edition *openEdition, more bool) (err error) {
	if more {
		edition.Posts = edition.bundle.IDs()
		if edition.Subject, err = t.Composer.Subject(edition.bundle, edition.Number); err != nil {
			return err
		}
		edition.report.Posts, edition.report.Subject = edition.Posts, edition.Subject
		edition.own = edition.own.Union(edition.bundle.Numbers())
		for _, p := range edition.bundle.Posts {
			edition.After = min(edition.After, p.Seq-1)
		}
	}
	return t.Composer.Extend(ctx, edition.bundle, &edition.Edition, more)
}

// preparation stores what others need to deliver an edition.
type preparation struct {
	*Queue
	edition *openEdition
}

// newPreparation stores the web version of an edition, and its bundle if that is not stored.
func newPreparation(ctx context.Context, c *editions.Composer, e *ledger.Edition) (*preparation, error) {
	o := Options{Config: c.Catalog().Config, Ledger: c.Catalog().Ledger, Log: c.Catalog().Log, Now: c.Catalog().Start}
	q := &Queue{Options: o, from: newTree(c), settled: func() {}, byNumber: map[int64]*openEdition{}, trying: map[retryKey]bool{}}
	edition, err := q.add(ctx, *e)
	if err != nil {
		return nil, err
	}
	return &preparation{q, edition}, c.Keep(ctx, edition.bundle, &edition.Edition)
}

// Prepare stores what others need to deliver an edition: its web version, and all that its bundle
// lacks of what is due to somebody.
func Prepare(ctx context.Context, c *editions.Composer, e *ledger.Edition) error {
	p, err := newPreparation(ctx, c, e)
	if err != nil {
		return err
	}
	groups, err := p.Ledger.RecipientGroups(ctx, catalog.Audience(p.Config, e.Cadence, e.Language), e.Through, p.Now())
	if err != nil {
		return err
	}
	for _, g := range groups {
		if _, err := p.shareOf(ctx, &attempt{edition: p.edition, subscriber: ledger.Recipient{Tags: g.Tags, Due: g.Due}}); err != nil {
			return err
		}
	}
	*e = p.edition.Edition
	return nil
}

// PrepareRetries is Prepare for deliveries of an edition that are due again.
func PrepareRetries(ctx context.Context, c *editions.Composer, e *ledger.Edition, due []ledger.Delivery) error {
	p, err := newPreparation(ctx, c, e)
	if err != nil {
		return err
	}
	for _, d := range due {
		a, err := p.retry(ctx, d)
		if err != nil {
			return err
		}
		if a == nil {
			continue
		}
		if _, err := p.shareOf(ctx, a); err != nil {
			return err
		}
	}
	return nil
}
