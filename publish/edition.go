package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/config"
	"publisher/ledger"
	"publisher/mailer"
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
	if cadence.Schedule != nil && last.After(s.start.Add(ledger.ClockSlack)) {
		s.report.warn("config.yaml", 0, fmt.Sprintf("the clock was set back: the last %s edition was closed at %s; its schedule goes on from now", cadence.Name, s.stamp(last)))
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
		return editions, s.ledger.CloseEditions(ctx, editions...)
	}
	// Nothing is due. A time that has come is used up, unless a post is about to
	// settle or to be released: then the digest that it missed waits for it.
	if cadence.Schedule == nil && through >= s.newest || cadence.Schedule != nil && s.someWait() {
		return nil, nil
	}
	return nil, s.ledger.CloseEmpty(ctx, cadence.Name, s.start, s.newest)
}

// someWait reports whether a published post is not mailable only for now.
func (s *pass) someWait() bool {
	return slices.ContainsFunc(s.entries, func(e entry) bool {
		waits := e.row.Standing == ledger.New || e.row.Standing == ledger.Held || e.row.Standing == ledger.Released
		return waits && s.published(e) && !e.post.FeedOnly && s.unrenderable[e.post.Path] == nil
	})
}

// gatherAll makes the editions of a cadence, in each language where somebody is due
// something.
func (s *pass) gatherAll(ctx context.Context, cadence config.Cadence) ([]*ledger.Edition, error) {
	var editions []*ledger.Edition
	for _, language := range s.digestLanguages() {
		e := &ledger.Edition{Cadence: cadence.Name, Language: language, Closed: s.start, Through: s.newest, After: s.newest}
		if err := s.gather(ctx, e); err != nil {
			return nil, err
		}
		if e.Recipients > 0 {
			editions = append(editions, e)
		}
	}
	return editions, s.entitle(ctx, editions)
}

// gather fills an edition with all that its audience is due.
func (s *pass) gather(ctx context.Context, e *ledger.Edition) error {
	groups, err := s.ledger.Groups(ctx, s.audience(e.Cadence, e.Language), e.Through)
	if err != nil {
		return err
	}
	in := map[string]bool{}
	for _, g := range groups {
		due := s.due(g.Cursor, e.Through, g.Tags, e.Language)
		if len(due) == 0 {
			continue
		}
		e.Recipients += g.Count
		e.After = min(e.After, g.Cursor)
		for _, post := range due {
			in[post.row.ID] = true
		}
	}
	for _, post := range s.mailable {
		if in[post.row.ID] {
			e.Posts = append(e.Posts, post.row.ID)
		}
	}
	return nil
}

// entitle gives editions that are about to close the numbers that they will bear,
// and their subjects.
func (s *pass) entitle(ctx context.Context, editions []*ledger.Edition) error {
	if len(editions) == 0 {
		return nil
	}
	number, err := s.nextNumber(ctx)
	if err != nil {
		return err
	}
	for i, e := range editions {
		e.Number = number + int64(i)
		d, err := s.digest(ctx, e, s.postsOf(e))
		if err != nil {
			return err
		}
		if e.Subject, err = s.templates.Subject(d); err != nil {
			return err
		}
	}
	return nil
}

// due is what a subscriber with that cursor and those tags gets of an edition
// through that number in a language of digestLanguages, newest first.
func (s *pass) due(cursor, through int64, tags []string, language string) []entry {
	due := within(s.mailable, cursor, through, tags)
	if len(s.cfg.Languages) == 0 {
		return due
	}
	return slices.DeleteFunc(due, func(e entry) bool { return s.cfg.LanguageOf(e.post.Language) != language })
}

// within are those of the posts with a number in (after, through] that a subscriber
// with those tags wants.
func within(posts []entry, after, through int64, tags []string) []entry {
	var wanted []entry
	for _, e := range posts {
		if e.row.Seq > after && e.row.Seq <= through && wants(tags, e.post.Tags) {
			wanted = append(wanted, e)
		}
	}
	return wanted
}

// numbered are the posts that an edition may have, newest first. They are picked
// once in a pass: every recipient's share is taken from them.
func (s *pass) numbered() []entry {
	return byNewest(slices.DeleteFunc(slices.Clone(s.entries), func(e entry) bool {
		return e.row.Seq == 0 || !s.published(e) || e.post.FeedOnly
	}))
}

// wants reports whether a subscriber with those tags gets a post with these:
// without tags every post, else those with one in common, case ignored.
func wants(tags, post []string) bool {
	return len(tags) == 0 || slices.ContainsFunc(tags, func(t string) bool {
		return slices.ContainsFunc(post, func(p string) bool { return strings.EqualFold(strings.TrimSpace(t), strings.TrimSpace(p)) })
	})
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

// composed finds or makes the message for a set of posts of an edition. The key
// is the set itself: subscribers who are due the same share it.
func (s *pass) composed(ctx context.Context, e *ledger.Edition, posts []entry) (*mailer.Message, error) {
	var key strings.Builder
	for _, post := range posts {
		key.WriteString(post.row.ID)
		key.WriteByte('\n')
	}
	return s.messages.get(e.Number, key.String(), func() (*mailer.Message, error) {
		d, err := s.digest(ctx, e, posts)
		if err != nil {
			return nil, err
		}
		return mailer.Compose(s.cfg, s.templates, d, s.start)
	})
}

// messageCache keeps the last few digests composed: most subscribers of an
// edition are due the same posts.
type messageCache struct {
	order []messageKey
	made  map[messageKey]*mailer.Message
}

type messageKey struct {
	edition int64
	posts   string
}

const messagesMost = 32

func (c *messageCache) get(edition int64, posts string, compose func() (*mailer.Message, error)) (*mailer.Message, error) {
	key := messageKey{edition, posts}
	if m, ok := c.made[key]; ok {
		return m, nil
	}
	m, err := compose()
	if err != nil {
		return nil, err
	}
	if c.made == nil {
		c.made = map[messageKey]*mailer.Message{}
	}
	if len(c.order) == messagesMost {
		delete(c.made, c.order[0])
		c.order = c.order[1:]
	}
	c.order = append(c.order, key)
	c.made[key] = m
	return m, nil
}

// zoned is a time as the publication's readers see it.
func (s *pass) zoned(t time.Time) time.Time { return t.In(s.cfg.Site.Timezone) }
