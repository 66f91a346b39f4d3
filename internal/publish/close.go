package publish

import (
	"context"
	"fmt"
	"slices"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// closeDue closes an edition for each cadence whose schedule has fired since it
// last closed and whose subscribers are due something, one for each language. A cadence with an edition
// still underway waits: what has come since goes into the next.
func (s *pass) closeDue(ctx context.Context, open []ledger.Edition) ([]ledger.Edition, error) {
	var closed []ledger.Edition
	for _, cadence := range s.cfg.Digest.Cadences {
		if slices.ContainsFunc(open, func(e ledger.Edition) bool { return e.Cadence == cadence.Name }) {
			continue
		}
		editions, err := s.closeCadence(ctx, cadence)
		if err != nil {
			return closed, err
		}
		for _, e := range editions {
			closed = append(closed, *e)
		}
	}
	return closed, nil
}

func (s *pass) closeCadence(ctx context.Context, cadence config.Cadence) ([]*ledger.Edition, error) {
	last, through, err := s.ledger.LastClosed(ctx, cadence.Name)
	if err != nil {
		return nil, err
	}
	if last.IsZero() {
		last = s.first
	}
	if cadence.Schedule != nil && last.After(s.start.Add(ledger.MaxClockSkew)) {
		s.report.Warn("config.yaml", 0, fmt.Sprintf("the clock was set back: the last %s edition was closed at %s; its schedule goes on from now", cadence.Name, report.Time(last, s.cfg.Site.Timezone)))
		return nil, s.ledger.CloseEmpty(ctx, cadence.Name, s.start, through)
	}
	if cadence.Schedule != nil && !firedSince(cadence.Schedule, last, s.start, s.cfg.Site.Timezone) {
		return nil, nil
	}
	editions, err := s.gatherAll(ctx, cadence)
	if err != nil {
		return nil, err
	}
	if len(editions) > 0 {
		return s.close(ctx, editions)
	}
	// Nothing is due. A time that has come is used up, unless a post is about to
	// settle or to be released: then the digest that it missed waits for it.
	if cadence.Schedule == nil && through >= s.newest || cadence.Schedule != nil && s.someWait() {
		return nil, nil
	}
	return nil, s.ledger.CloseEmpty(ctx, cadence.Name, s.start, s.newest)
}

// close stores editions with what they are composed from.
func (s *pass) close(ctx context.Context, closings []*closing) ([]*ledger.Edition, error) {
	editions := make([]*ledger.Edition, len(closings))
	for i, c := range closings {
		var err error
		if c.Bundle, err = c.bundle.encode(); err != nil {
			return nil, err
		}
		editions[i] = c.Edition
	}
	if err := s.ledger.CloseEditions(ctx, editions...); err != nil {
		return nil, err
	}
	return editions, s.ledger.PruneBundles(ctx, s.start.Add(-bundlesKept))
}

// bundlesKept is how long it is known what an edition was made of that is done: for as
// long `publisher editions retry` sends what the others got.
const bundlesKept = 60 * 24 * time.Hour

// someWait reports whether a published post is not mailable only for now.
func (s *pass) someWait() bool {
	return slices.ContainsFunc(s.entries, func(e entry) bool {
		waits := e.row.Stage == ledger.New || e.row.Stage == ledger.Held || e.row.Stage == ledger.Released
		return waits && s.published(e) && !e.post.FeedOnly && s.unrenderable[e.post.Path] == nil
	})
}

// gatherAll makes the editions of a cadence, in each language where somebody is due
// something, and what they are composed from. A post that turns out not to be
// showable is withheld, and the editions are made without it.
func (s *pass) gatherAll(ctx context.Context, cadence config.Cadence) ([]*closing, error) {
	for {
		withheld := len(s.unrenderable)
		var all []*closing
		for _, language := range s.digestLanguages() {
			e := &ledger.Edition{Cadence: cadence.Name, Language: language, Closed: s.start, Through: s.newest, After: s.newest,
				Domain: domainOf(s.cfg.Mail.From.Address)}
			c, err := s.gather(ctx, e)
			if err != nil {
				return nil, err
			}
			if e.Recipients > 0 {
				all = append(all, c)
			}
		}
		if len(s.unrenderable) == withheld {
			return all, s.entitle(ctx, all)
		}
	}
}

// closing is an edition that is about to be closed.
type closing struct {
	*ledger.Edition
	bundle *bundle
}

// gather fills an edition with all that its audience is due and that can be shown.
func (s *pass) gather(ctx context.Context, e *ledger.Edition) (*closing, error) {
	groups, err := s.ledger.RecipientGroups(ctx, s.audience(e.Cadence, e.Language), e.Through)
	if err != nil {
		return nil, err
	}
	in, full := map[int64]bool{}, map[int64]bool{}
	for _, g := range groups {
		due := s.showable(g.UpTo(s.numbers, ledger.Selection{Tags: g.Tags, Language: e.Language}, e.Through))
		if len(due) == 0 {
			continue
		}
		e.Recipients += g.Count
		e.After = min(e.After, g.Cursor)
		for i, post := range due {
			in[post.row.Seq] = true
			full[post.row.Seq] = full[post.row.Seq] || i < s.cfg.Digest.MaxPosts
		}
	}
	c := &closing{e, s.newBundle(e)}
	var posts []entry
	for _, post := range s.mailable {
		if in[post.row.Seq] {
			posts = append(posts, post)
		}
	}
	err = s.add(ctx, c.bundle, posts, func(post entry) bool { return full[post.row.Seq] })
	e.Posts = c.bundle.ids()
	return c, err
}

// showable are the posts with those numbers that a digest may show now, newest first.
func (s *pass) showable(numbers ledger.Numbers) []entry {
	if len(numbers) == 0 {
		return nil
	}
	var posts []entry
	for _, e := range s.mailable {
		if numbers.Contains(e.row.Seq) && s.unrenderable[e.post.Path] == nil {
			posts = append(posts, e)
		}
	}
	return posts
}

// entitle gives editions that are about to close their subjects, which may name the
// numbers that they will bear.
func (s *pass) entitle(ctx context.Context, editions []*closing) error {
	if len(editions) == 0 {
		return nil
	}
	number, err := s.nextNumber(ctx)
	if err != nil {
		return err
	}
	for i, e := range editions {
		e.Number = number + int64(i)
		if e.Subject, err = s.subject(e.bundle, e.Number); err != nil {
			return err
		}
	}
	return nil
}

// numbered are the posts that an edition may have, newest first. They are picked
// once in a pass: every recipient's share is taken from them.
func (s *pass) numbered() []entry {
	return byNewest(slices.DeleteFunc(slices.Clone(s.entries), func(e entry) bool {
		return e.row.Seq == 0 || !s.published(e) || e.post.FeedOnly
	}))
}

// audience is who a cadence's editions in a language go to: the default cadence also
// has those who chose none, or one that is no longer configured.
func (p *Publisher) audience(cadence, language string) ledger.Audience {
	a := ledger.Audience{Cadence: cadence, Default: cadence == p.cfg.Digest.Default, Languages: p.cfg.AllLanguages(), Language: language}
	for _, c := range p.cfg.Digest.Cadences {
		a.Configured = append(a.Configured, c.Name)
	}
	return a
}

// zoned is a time as the publication's readers see it.
func (s *pass) zoned(t time.Time) time.Time { return t.In(s.cfg.Site.Timezone) }
