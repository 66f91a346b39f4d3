// Package editions closes the digests that are due and composes them.
package editions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
)

// bundleAge is how long bundles of finished editions are kept, and so how long
// `publisher editions retry` sends what the others got.
const bundleAge = 60 * 24 * time.Hour

// Closer closes the editions that are due.
type Closer struct {
	*Composer
	start time.Time
	whole bool
}

// NewCloser returns a closer of editions with the posts of a composer's catalog. Bundles that are
// whole have all excerpts, so that a Stored can make a digest of any of their posts; others only
// those that somebody's digest shows.
func NewCloser(c *Composer, whole bool) *Closer {
	return &Closer{Composer: c, start: c.catalog.Start(), whole: whole}
}

// CloseDue closes an edition for each cadence whose schedule has fired since it last closed
// and whose subscribers are due something, one for each language. A cadence with an edition
// still open waits: what has come since goes into the next.
func (c *Closer) CloseDue(ctx context.Context, open []ledger.Edition) (closed []ledger.Edition, warnings []report.Warning, err error) {
	for _, cadence := range c.cfg.Digest.Cadences {
		if slices.ContainsFunc(open, func(e ledger.Edition) bool { return e.Cadence == cadence.Name }) {
			continue
		}
		editions, warned, err := c.closeCadence(ctx, cadence)
		if err != nil {
			return closed, warnings, err
		}
		warnings = append(warnings, warned...)
		for _, e := range editions {
			closed = append(closed, *e)
		}
	}
	return closed, warnings, nil
}

func (c *Closer) closeCadence(ctx context.Context, cadence config.Cadence) (closed []*ledger.Edition, warnings []report.Warning, err error) {
	last, through, err := LastClosed(ctx, c.catalog, cadence.Name)
	if err != nil {
		return nil, nil, err
	}
	if cadence.Schedule != nil && last.After(c.start.Add(ledger.MaxClockSkew)) {
		warning := fmt.Sprintf("the clock was set back: the last %s edition was closed at %s; its schedule continues from now", cadence.Name, report.Time(last, c.cfg.Site.Timezone))
		return nil, []report.Warning{{Path: "config.yaml", Message: warning}}, c.ledger.CloseEmpty(ctx, cadence.Name, c.start, through)
	}
	if cadence.Schedule != nil && !FiredSince(cadence.Schedule, last, c.start, c.cfg.Site.Timezone) {
		return nil, nil, nil
	}
	drafts, err := c.draftAll(ctx, cadence)
	if err != nil {
		return nil, nil, err
	}
	if len(drafts) > 0 {
		for _, d := range drafts {
			warnings = append(warnings, c.longLetters(d.bundle, d.Number)...)
		}
		closed, err = c.close(ctx, drafts)
		return closed, warnings, err
	}
	// Nothing is due. A time of the schedule that has come is used up, unless a post is about to
	// settle or to be released: then the digest waits for it.
	if cadence.Schedule == nil && through >= c.catalog.Newest() || cadence.Schedule != nil && slices.ContainsFunc(c.catalog.Entries(), c.catalog.Waiting) {
		return nil, nil, nil
	}
	return nil, nil, c.ledger.CloseEmpty(ctx, cadence.Name, c.start, c.catalog.Newest())
}

// LastClosed returns when a cadence last closed, or the first pass if it never did, and the
// number through which it did.
func LastClosed(ctx context.Context, c *catalog.Catalog, cadence string) (last time.Time, through int64, err error) {
	last, through, err = c.Ledger.LastClosed(ctx, cadence)
	if err == nil && last.IsZero() {
		last = c.FirstPass()
	}
	return last, through, err
}

// draft is an edition that is about to be closed.
type draft struct {
	*ledger.Edition
	bundle *Bundle
}

// close stores editions with their bundles.
func (c *Closer) close(ctx context.Context, drafts []*draft) ([]*ledger.Edition, error) {
	editions := make([]*ledger.Edition, len(drafts))
	for i, d := range drafts {
		var err error
		if d.Bundle, err = d.bundle.Encode(); err != nil {
			return nil, err
		}
		editions[i] = d.Edition
	}
	if err := c.ledger.CloseEditions(ctx, editions...); err != nil {
		return nil, err
	}
	return editions, c.ledger.PruneBundles(ctx, c.start.Add(-bundleAge))
}

// draftAll drafts the editions of a cadence, one in each language in which somebody is due
// something. If a post turns out not to be showable, they are drafted again without it.
func (c *Closer) draftAll(ctx context.Context, cadence config.Cadence) ([]*draft, error) {
	for {
		unrenderable := c.catalog.CountUnrenderable()
		var all []*draft
		for _, language := range Languages(c.cfg) {
			e := &ledger.Edition{Cadence: cadence.Name, Language: language, Closed: c.start, Through: c.catalog.Newest(), After: c.catalog.Newest(),
				Domain: Domain(c.cfg.Mail.From.Address)}
			d, err := c.draft(ctx, e)
			if err != nil {
				return nil, err
			}
			if e.Recipients > 0 {
				all = append(all, d)
			}
		}
		if c.catalog.CountUnrenderable() == unrenderable {
			return all, c.numberAndTitle(ctx, all)
		}
	}
}

// draft fills an edition with everything that its audience is due and that can be shown.
func (c *Closer) draft(ctx context.Context, e *ledger.Edition) (*draft, error) {
	groups, err := c.ledger.RecipientGroups(ctx, catalog.Audience(c.cfg, e.Cadence, e.Language), e.Through, c.start)
	if err != nil {
		return nil, err
	}
	in, full := map[int64]bool{}, map[int64]bool{}
	for _, g := range groups {
		due := c.catalog.Showable(g.UpTo(c.catalog.Numbers(), ledger.Selection{Tags: g.Tags, Language: e.Language}, e.Through))
		if len(due) == 0 {
			continue
		}
		e.Recipients += g.Count
		e.After = min(e.After, g.Cursor)
		for i, post := range due {
			in[post.Row.Seq] = true
			full[post.Row.Seq] = full[post.Row.Seq] || i < c.cfg.Digest.MaxPosts
		}
	}
	d := &draft{e, c.NewBundle(e)}
	if err := c.AddIntro(ctx, d.bundle, e); err != nil {
		return nil, err
	}
	var posts []catalog.Entry
	for _, post := range c.catalog.Mailable() {
		if in[post.Row.Seq] {
			posts = append(posts, post)
		}
	}
	err = c.Add(ctx, d.bundle, posts, func(post catalog.Entry) bool { return c.whole || full[post.Row.Seq] })
	e.Posts = d.bundle.IDs()
	return d, err
}

// numberAndTitle gives drafts their numbers, and their subjects, which may contain them.
func (c *Closer) numberAndTitle(ctx context.Context, drafts []*draft) error {
	if len(drafts) == 0 {
		return nil
	}
	number, err := c.ledger.NextEdition(ctx)
	if err != nil {
		return err
	}
	for i, d := range drafts {
		d.Number = number + int64(i)
		if d.Subject, err = c.Subject(d.bundle, d.Number); err != nil {
			return err
		}
	}
	return nil
}

// Languages returns the languages that digests are made in: "" is the site's own.
func Languages(cfg *config.Config) []string {
	tags := []string{""}
	for _, l := range cfg.Languages {
		tags = append(tags, l.Tag)
	}
	return tags
}

// Domain returns the domain of an address.
func Domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// ListOpen returns the editions with recipients that nothing was sent to yet, oldest first.
func ListOpen(ctx context.Context, l *ledger.Ledger) ([]ledger.Edition, error) {
	unfinished, err := l.UnfinishedEditions(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(unfinished)
	return slices.DeleteFunc(unfinished, func(e ledger.Edition) bool { return !e.Done.IsZero() }), nil
}

// AnyDue reports whether there may be something to mail that posts are needed for. It needs
// no loaded posts.
func AnyDue(ctx context.Context, c *catalog.Catalog, open []ledger.Edition, now time.Time) (bool, error) {
	if len(open) > 0 {
		return true, nil
	}
	if retries, err := c.Ledger.Deferred(ctx, now, 0, 0, 1); err != nil || len(retries) > 0 {
		return true, err
	}
	for _, cadence := range c.Config.Digest.Cadences {
		last, through, err := LastClosed(ctx, c, cadence.Name)
		if err != nil {
			return false, err
		}
		if cadence.Schedule != nil {
			if FiredSince(cadence.Schedule, last, c.Start(), c.Config.Site.Timezone) {
				return true, nil
			}
			continue
		}
		if through < c.Newest() {
			return true, nil
		}
		for _, language := range Languages(c.Config) {
			groups, err := c.Ledger.RecipientGroups(ctx, catalog.Audience(c.Config, cadence.Name, language), c.Newest(), now)
			if err != nil || len(groups) > 0 {
				return true, err
			}
		}
	}
	return false, nil
}
