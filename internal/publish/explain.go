package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/subscription"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
)

// Explanation says why a post was or was not mailed, or what a subscriber got or will get.
// Either Post or Subscriber is set.
type Explanation struct {
	Post       *PostExplanation       `json:"post,omitempty"`
	Subscriber *SubscriberExplanation `json:"subscriber,omitempty"`
}

// PostExplanation is what happened to one post.
type PostExplanation struct {
	ID         string           `json:"id"`
	Path       string           `json:"path"`
	URL        string           `json:"url"`
	Title      string           `json:"title"`
	Language   string           `json:"language,omitempty"` // of its feeds and digests; "" if the site has one language
	State      catalog.State    `json:"state"`
	Newsletter string           `json:"newsletter,omitempty"` // "only" for a letter: mailed, in no feed
	Reason     string           `json:"reason"`
	FirstSeen  string           `json:"first_seen"`
	Number     int64            `json:"number"` // its sequence number; 0 for none yet
	Editions   []EditionSummary `json:"editions"`
}

// EditionSummary is one edition, with the counts of all passes.
type EditionSummary struct {
	Number     int64    `json:"number"`
	Cadence    string   `json:"cadence"`
	Language   string   `json:"language,omitempty"` // "" if the site has one language
	Subject    string   `json:"subject"`
	Closed     string   `json:"closed"`
	Status     string   `json:"status"` // open, done or canceled
	Posts      []string `json:"posts"`
	Intro      bool     `json:"intro,omitempty"` // has the owner's words (digest.intro)
	Recipients int      `json:"recipients"`
	Sent       int      `json:"sent"`
	Deferred   int      `json:"deferred"`
	Failed     int      `json:"failed"`
	Uncertain  int      `json:"uncertain"`
	Resent     int      `json:"resent,omitempty"` // of all these, sent again although the server may have accepted them
}

// SubscriberExplanation is what happened to one subscriber.
type SubscriberExplanation struct {
	subscribers.JSON
	Reason     string            `json:"reason"`
	Next       string            `json:"next"`               // when the next digest can go out, RFC 3339; "" for the next pass
	Due        []string          `json:"due"`                // titles of its posts
	Withheld   []string          `json:"withheld,omitempty"` // posts that are due too but cannot be shown now, and why
	Marks      []MarkSummary     `json:"marks,omitempty"`    // how the subscription ended, newest first
	Deliveries []DeliverySummary `json:"deliveries"`
	// CountedThrough is when the newest edition closed of which deliveries may be missing above,
	// because they are only counted (ledger_keep); "" for none.
	CountedThrough string `json:"counted_through,omitempty"`
}

// MarkSummary is how a subscription ended, and when it was restored.
type MarkSummary struct {
	Status   string `json:"status"`
	At       string `json:"at"`
	Edition  int64  `json:"edition,omitempty"`
	Words    string `json:"words,omitempty"` // the server's
	Restored string `json:"restored,omitempty"`
}

// DeliverySummary is one edition to one subscriber.
type DeliverySummary struct {
	Edition  int64  `json:"edition"`
	Email    string `json:"email,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Status   string `json:"status"`
	Attempts int    `json:"attempts"`
	Resent   int    `json:"resent,omitempty"` // how often it was sent again although the server may have accepted it
	Last     string `json:"last"`
	Next     string `json:"next,omitempty"`
	Code     int    `json:"code,omitempty"`
	Reply    string `json:"reply,omitempty"`
}

// Explain returns what happened to the subscriber with an address, or else to the post with an
// id, path or address. The error wraps catalog.ErrNotFound if there is neither.
func (p *Publisher) Explain(ctx context.Context, what string) (*Explanation, error) {
	var explanation *Explanation
	err := p.onCopy(ctx, func(s *pass) error {
		if err := errors.Join(s.loadTemplates(), s.survey(ctx)); err != nil {
			return err
		}
		sub, err := s.ledger.Subscriber(ctx, what)
		if err != nil {
			return err
		}
		if sub != nil {
			explained, err := s.explainSubscriber(ctx, *sub)
			explanation = &Explanation{Subscriber: explained}
			return err
		}
		explained, err := s.explainPost(ctx, what)
		explanation = &Explanation{Post: explained}
		return err
	})
	if err != nil {
		return nil, err
	}
	return explanation, nil
}

func (s *pass) explainPost(ctx context.Context, name string) (*PostExplanation, error) {
	e, found := s.catalog.Find(name)
	if !found {
		if strings.Contains(name, "@") {
			return nil, fmt.Errorf("%w: no subscriber has the address %s, and no post has that id, path or address", catalog.ErrNotFound, name)
		}
		for _, left := range s.catalog.LeftOut() {
			if s.catalog.Path(left.Path) == name || left.Path == name {
				return nil, fmt.Errorf("%w: the blog's engine leaves %s out: %s%s", catalog.ErrNotFound, name, left.Reason, s.place(&left.Omission))
			}
		}
		return nil, hint.With(fmt.Errorf("%w: no post has the id, path or address %q", catalog.ErrNotFound, name), "`publisher posts` lists them")
	}
	editions, err := s.ledger.Editions(ctx)
	if err != nil {
		return nil, err
	}
	x := &PostExplanation{ID: e.Row.ID, Path: s.catalog.Path(e.Post.Path), URL: e.Post.URL, Title: e.Post.Title,
		Language:  report.Language(s.cfg, s.cfg.LanguageOf(e.Post.Language)),
		FirstSeen: report.Time(e.Row.FirstSeen, s.cfg.Site.Timezone), Number: e.Row.Seq, Editions: []EditionSummary{}}
	canceled := 0
	for _, edition := range editions {
		if slices.Contains(edition.Posts, e.Row.ID) {
			x.Editions = append(x.Editions, s.Summary(edition))
			if edition.Canceled {
				canceled++
			}
		}
	}
	x.State, x.Newsletter = s.catalog.State(e, len(x.Editions) > 0), newsletter(e.Post)
	x.Reason = s.reason(e, x.State, len(x.Editions), canceled)
	if withheld, err := s.ledger.Withheld(ctx); err != nil {
		return nil, err
	} else if why := s.catalog.WhyHidden(e.Row.Seq); withheld.Contains(e.Row.Seq) && why != "" {
		x.Reason += fmt.Sprintf(" Editions have gone out without it, since %s; when it is back it is offered to those who have not had it.", why)
	}
	if x.State == catalog.StateNew && e.Row.Seq > 0 {
		over, err := s.passedBy(ctx, e.Row.Seq)
		if err != nil {
			return nil, err
		}
		if over {
			x.Reason = "It was sent to nobody: when it was ready, no subscriber wanted it. New subscribers get only newer posts."
		}
	}
	if e.Post.MailOnly && s.catalog.Published(e) {
		x.Reason += " It is a letter (newsletter: only), so it is in no feed."
	}
	return x, nil
}

// passedBy reports whether every cadence has closed an edition, even an empty one, since the
// post with that number was ready.
func (s *pass) passedBy(ctx context.Context, number int64) (bool, error) {
	for _, cadence := range s.cfg.Digest.Cadences {
		_, through, err := s.ledger.LastClosed(ctx, cadence.Name)
		if err != nil || through < number {
			return false, err
		}
	}
	return true, nil
}

func (s *pass) reason(e catalog.Entry, state catalog.State, editions, canceled int) string {
	switch state {
	case catalog.StateDraft:
		return "It is a draft, so it is not in feeds or mail."
	case catalog.StateScheduled:
		return "Its date is in the future: it is published, and mailed, from " + report.Time(e.Post.Date, s.cfg.Site.Timezone) + " on."
	case catalog.StateExpired:
		return "It expired on " + report.Time(e.Post.Expires, s.cfg.Site.Timezone) + ", so it is not in feeds or mail."
	case catalog.StateFeedOnly:
		return "Its front matter keeps it out of mail. It is in the feeds."
	case catalog.StateKnown:
		inFeeds := " It is in the feeds."
		if e.Post.MailOnly {
			inFeeds = ""
		}
		return "It was there before the first pass on " + report.Time(s.catalog.FirstPass(), s.cfg.Site.Timezone) + ", and its date is before digest.start, so it is never mailed." + inFeeds
	case catalog.StateHeld:
		if why := e.Post.Held; why != nil {
			return fmt.Sprintf("It is not in feeds or mail, because it is not known whether the blog's engine shows it. The reason is %s%s. Write that setting out plainly, or name the post in content.include.",
				why.Reason, s.place(why))
		}
		return fmt.Sprintf("It came with more than %d other new posts at once (digest.hold_above). It is mailed after `publisher release %s`.", s.cfg.Digest.HoldAbove, s.catalog.Path(e.Post.Path))
	case catalog.StateSettling:
		return fmt.Sprintf("Its file changed less than %s ago (digest.settle). It is mailed by the first edition after that.", s.cfg.Digest.Settle)
	case catalog.StateMailed:
		if canceled > 0 {
			return fmt.Sprintf("Mailed in %d edition(s), %d of them canceled. Later edits are not mailed again.", editions, canceled)
		}
		return fmt.Sprintf("Mailed in %d edition(s). Later edits are not mailed again.", editions)
	}
	if e.Row.Seq > 0 {
		return "It is ready: the next edition of each cadence has it, for everyone who subscribed before it appeared."
	}
	return "It is new: the next pass makes it ready for mail."
}

// place returns the file and line of an omission, if they are known.
func (s *pass) place(o *post.Omission) string {
	switch {
	case o.Path == "":
		return ""
	case o.Line == 0:
		return " (" + s.catalog.Path(o.Path) + ")"
	}
	return fmt.Sprintf(" (%s, line %d)", s.catalog.Path(o.Path), o.Line)
}

func (s *pass) explainSubscriber(ctx context.Context, sub ledger.Subscriber) (*SubscriberExplanation, error) {
	x := &SubscriberExplanation{JSON: subscribers.NewList(s.cfg, s.ledger, s.now).JSON(sub), Due: []string{}, Deliveries: []DeliverySummary{}}
	deliveries, err := s.ledger.DeliveriesTo(ctx, sub.ID)
	if err != nil {
		return nil, err
	}
	if x.Marks, err = s.marks(ctx, &sub); err != nil {
		return nil, err
	}
	counted, err := s.ledger.CountedThrough(ctx)
	if err != nil {
		return nil, err
	}
	x.CountedThrough = report.Time(counted, s.cfg.Site.Timezone)
	waits, givenUp, err := s.explainDeliveries(ctx, x, deliveries)
	if err != nil {
		return nil, err
	}
	if sub.Status != ledger.Active {
		x.Reason = fmt.Sprintf("The subscription is %s, so nothing is sent.", sub.Status)
		return x, nil
	}
	due := sub.UpTo(s.catalog.Numbers(), ledger.Selection{Tags: sub.Tags, Language: s.cfg.LanguageOf(sub.Language)}, s.catalog.Newest())
	for _, e := range s.catalog.Showable(due) {
		x.Due = append(x.Due, e.Post.Title)
	}
	for _, seq := range due {
		if why := s.catalog.WhyHidden(seq); why != "" && why != catalog.Expired {
			x.Withheld = append(x.Withheld, fmt.Sprintf("%s: %s", s.catalog.NameOf(seq), why))
		}
	}
	cadence, _ := s.cfg.Cadence(x.Cadence)
	if x.Next, err = s.nextEdition(ctx, cadence); err != nil {
		return nil, err
	}
	x.Reason = dueReason(x)
	switch {
	case sub.Paused(s.start):
		x.Reason = fmt.Sprintf("The subscription is paused until %s. The first digest after that has everything that is due.", report.Time(sub.PausedUntil, s.cfg.Site.Timezone))
	case waits != "":
		x.Reason = waits
	case givenUp != "" && len(x.Due) > 0:
		x.Reason = givenUp + " What is due comes with the next newer post."
	}
	return x, nil
}

// explainDeliveries adds deliveries to an explanation. It says for which of them the next digest waits,
// and why the newest posts were not delivered; "" where neither is so.
func (s *pass) explainDeliveries(ctx context.Context, x *SubscriberExplanation, all []ledger.Delivery) (waits, givenUp string, err error) {
	for _, d := range all {
		edition, err := s.ledger.Edition(ctx, d.Edition)
		if err != nil {
			return "", "", err
		}
		summary := s.DeliverySummary(d)
		if edition != nil {
			summary.Subject = edition.Subject
		}
		if d.Status == ledger.Deferred || d.Status == ledger.Sending {
			waits = fmt.Sprintf("Edition %d is still under way to this address (%s); the next digest waits for its end.", d.Edition, cmp.Or(summary.Reply, "no reply yet"))
		}
		if d.DueReason == ledger.GaveUp && d.Through >= s.catalog.Newest() && givenUp == "" {
			givenUp = "Delivery was given up after mail.retry_for."
			if d.Code >= 500 {
				givenUp = fmt.Sprintf("The server refused edition %d (%s).", d.Edition, summary.Reply)
			}
		}
		x.Deliveries = append(x.Deliveries, summary)
	}
	return waits, givenUp, nil
}

// marks returns how a subscription ended, newest first.
func (s *pass) marks(ctx context.Context, sub *ledger.Subscriber) ([]MarkSummary, error) {
	found, err := subscription.Marks(ctx, s.ledger, sub)
	var all []MarkSummary
	for _, m := range found {
		all = append(all, MarkSummary{Status: string(m.Status), At: report.Time(m.At, s.cfg.Site.Timezone), Edition: m.Edition, Words: m.Reason, Restored: report.Time(m.Restored, s.cfg.Site.Timezone)})
	}
	return all, err
}

func dueReason(x *SubscriberExplanation) string {
	when := "with the next pass"
	if x.Next != "" {
		when = "from " + x.Next + " on"
	}
	switch {
	case len(x.Due) == 0 && len(x.Withheld) > 0:
		return fmt.Sprintf("%d post(s) are due but cannot be shown now; they go out as soon as they can be.", len(x.Withheld))
	case len(x.Due) == 0:
		return "Nothing new that matches this subscription is waiting."
	}
	return fmt.Sprintf("%d post(s) go out %s.", len(x.Due), when)
}

// nextEdition returns when the cadence's next edition may close, in RFC 3339; "" for the next
// pass.
func (s *pass) nextEdition(ctx context.Context, cadence config.Cadence) (string, error) {
	if cadence.Schedule == nil {
		return "", nil
	}
	last, _, err := editions.LastClosed(ctx, s.catalog, cadence.Name)
	if err != nil {
		return "", err
	}
	if last.After(s.start.Add(ledger.MaxClockSkew)) { // the clock was set back: as CloseDue does
		last = s.start
	}
	next := editions.NextFire(cadence.Schedule, last, s.cfg.Site.Timezone)
	if !next.After(s.start) {
		return "", nil
	}
	return report.Time(next, s.cfg.Site.Timezone), nil
}

// Summary returns an edition as programs read it.
func (p *Publisher) Summary(e ledger.Edition) EditionSummary {
	status := "open"
	switch {
	case e.Canceled:
		status = "canceled"
	case !e.Done.IsZero():
		status = "done"
	}
	return EditionSummary{Number: e.Number, Cadence: e.Cadence, Language: report.Language(p.cfg, e.Language), Subject: e.Subject, Closed: report.Time(e.Closed, p.cfg.Site.Timezone), Status: status,
		Posts: list(e.Posts), Intro: e.Intro != nil, Recipients: e.Recipients, Sent: e.Sent, Deferred: e.Deferred, Failed: e.Failed, Uncertain: e.Uncertain, Resent: e.Resent}
}

// DeliverySummary returns a delivery as programs read it.
func (p *Publisher) DeliverySummary(d ledger.Delivery) DeliverySummary {
	if d.Status == ledger.Sending {
		d.Status, d.Reply = ledger.Uncertain, "in flight, or interrupted: then the next `publisher run` settles it"
	}
	return DeliverySummary{Edition: d.Edition, Status: string(d.Status), Attempts: d.Attempts,
		Resent: d.Resent, Last: report.Time(d.LastTried, p.cfg.Site.Timezone), Next: report.Time(d.NextTry, p.cfg.Site.Timezone), Code: d.Code, Reply: d.Reply}
}
