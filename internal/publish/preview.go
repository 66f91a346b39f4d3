package publish

import (
	"context"
	"fmt"
	"math"
	"slices"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
	"publisher/mailer/outbox"
)

// Preview is a digest composed but not recorded.
type Preview struct {
	Subject  string
	HTML     string
	Text     string
	EML      []byte // the whole message
	HTMLSize int    // octets of the HTML part, which digest.max_bytes limits
	Posts    int
	Latest   bool // nothing is new: these are the latest posts
}

// Preview composes the cadence's next digest for one made-up subscriber without
// tags; where nothing is new, of the latest posts. language is one that has digests
// of its own; "" is the site's.
func (p *Publisher) Preview(ctx context.Context, cadence, language, to string) (*Preview, []report.Warning, error) {
	if _, ok := p.cfg.Cadence(cadence); !ok {
		return nil, nil, fmt.Errorf("there is no cadence %q; digest.cadences in config.yaml names them", cadence)
	}
	var preview *Preview
	var warnings []report.Warning
	err := p.onCopy(ctx, func(s *pass) error {
		if err := s.look(ctx); err != nil {
			return err
		}
		posts, latest, err := s.next(ctx, cadence, language)
		if err != nil {
			return err
		}
		preview, err = s.preview(ctx, ledger.Edition{Cadence: cadence, Language: language}, to, posts)
		if err != nil {
			return err
		}
		preview.Latest = latest
		warnings = s.report.Warnings
		return nil
	})
	return preview, warnings, err
}

// next is what a subscriber of the cadence who got every edition is due.
func (s *pass) next(ctx context.Context, cadence, language string) (posts []entry, isLatest bool, err error) {
	_, through, err := s.ledger.LastClosed(ctx, cadence)
	if err != nil {
		return nil, false, err
	}
	due := ledger.Due{Cursor: through}.UpTo(s.numbers, ledger.Selection{Language: language}, s.newest)
	shown, err := s.rendering(ctx, s.showable(due), math.MaxInt)
	if err != nil || len(shown) > 0 {
		return shown, false, err
	}
	latest := slices.DeleteFunc(byNewest(s.entries), func(e entry) bool {
		return !s.published(e) || e.post.FeedOnly || s.cfg.LanguageOf(e.post.Language) != language
	})
	if posts, err = s.rendering(ctx, latest, s.cfg.Digest.MaxPosts); err != nil {
		return nil, false, err
	}
	if len(posts) == 0 {
		return nil, false, errNoPosts
	}
	return posts, true, nil
}

func (s *pass) preview(ctx context.Context, e ledger.Edition, to string, posts []entry) (*Preview, error) {
	tokens, err := s.ledger.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	if e.Number, err = s.nextNumber(ctx); err != nil {
		return nil, err
	}
	e.Closed = s.start
	b, posts, err := s.previewed(ctx, &e, posts)
	if err != nil {
		return nil, err
	}
	m, err := s.compose(b, &e, b.numbers())
	if err != nil {
		return nil, err
	}
	// Subscriber 0 is nobody: links in a preview unsubscribe no one.
	q := newQueue(s, tokens)
	r := q.recipient(&attempt{run: &running{Edition: e}, subscriber: ledger.Recipient{Email: to}})
	return &Preview{Subject: m.Subject, HTML: m.HTML(r), Text: m.Text(r), EML: m.Append(nil, r), HTMLSize: m.HTMLSize, Posts: len(posts)}, nil
}

// previewed is a bundle of posts, which may have no numbers yet.
func (s *pass) previewed(ctx context.Context, e *ledger.Edition, posts []entry) (*bundle, []entry, error) {
	posts = slices.Clone(posts)
	full := map[int64]bool{}
	for i := range posts {
		posts[i].row.Seq = int64(i + 1)
		full[posts[i].row.Seq] = i < s.cfg.Digest.MaxPosts
	}
	b := s.newBundle(e)
	err := s.add(ctx, b, posts, func(e entry) bool { return full[e.row.Seq] })
	if err == nil && len(b.Posts) == 0 {
		err = errNoPosts
	}
	return b, posts, err
}

// nextNumber is the number that the next edition will bear.
func (s *pass) nextNumber(ctx context.Context) (int64, error) { return s.ledger.NextEdition(ctx) }

// SendPreview mails a preview to one address, over the configured server or into
// the outbox. It reports the outbox's folder where that took it.
func (p *Publisher) SendPreview(ctx context.Context, preview *Preview, to string) (folder string, err error) {
	server := p.cfg.Mail.SMTP
	if p.cfg.Catches() {
		catcher, err := outbox.Start(p.cfg.Path(p.cfg.Mail.Outbox))
		if err != nil {
			return "", fmt.Errorf("starting the built-in catcher: %w", err)
		}
		defer catcher.Close()
		server, folder = catcher.SMTP(server), p.cfg.Mail.Outbox
	}
	sender, err := p.newSender(server)
	if err != nil {
		return "", err
	}
	return folder, sender.Send(ctx, p.cfg.Mail.From.Address, to, preview.EML)
}
