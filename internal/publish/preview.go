package publish

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/report"
)

// Preview is a digest that was composed but not recorded.
type Preview struct {
	Subject  string
	HTML     string
	Text     string
	EML      []byte // the whole message
	HTMLSize int    // octets of the HTML part, which digest.max_bytes limits
	Posts    int
	Latest   bool // nothing is new: these are the latest posts
}

// Preview composes the cadence's next digest for an imaginary subscriber without tags; if
// nothing is new, from the latest posts. language is one that has digests of its own; "" is
// the site's.
func (p *Publisher) Preview(ctx context.Context, cadence, language, to string) (*Preview, []report.Warning, error) {
	if _, ok := p.cfg.Cadence(cadence); !ok {
		return nil, nil, fmt.Errorf("there is no cadence %q; digest.cadences in config.yaml lists them", cadence)
	}
	var preview *Preview
	var warnings []report.Warning
	err := p.onCopy(ctx, func(s *pass) error {
		if err := s.survey(ctx); err != nil {
			return err
		}
		if err := s.loadComposer(); err != nil {
			return err
		}
		posts, latest, err := s.nextPosts(ctx, cadence, language)
		if err != nil {
			return err
		}
		preview, err = s.preview(ctx, ledger.Edition{Cadence: cadence, Language: language, Closed: s.start}, to, posts)
		if err != nil {
			return err
		}
		preview.Latest = latest
		warnings = s.report().Warnings
		return nil
	})
	return preview, warnings, err
}

var errNoPosts = errors.New("there are no posts to show yet")

// nextPosts returns what a subscriber of the cadence who got every edition is due.
func (s *pass) nextPosts(ctx context.Context, cadence, language string) (posts []catalog.Entry, isLatest bool, err error) {
	_, through, err := s.ledger.LastClosed(ctx, cadence)
	if err != nil {
		return nil, false, err
	}
	c := s.catalog
	due := ledger.Due{Cursor: through}.UpTo(c.Numbers(), ledger.Selection{Language: language}, c.Newest())
	shown, err := c.Renderable(ctx, c.Showable(due), math.MaxInt)
	if err != nil || len(shown) > 0 {
		return shown, false, err
	}
	latest := slices.DeleteFunc(catalog.NewestFirst(c.Entries()), func(e catalog.Entry) bool {
		return !c.Published(e) || e.Post.FeedOnly || s.cfg.LanguageOf(e.Post.Language) != language
	})
	if posts, err = c.Renderable(ctx, latest, s.cfg.Digest.MaxPosts); err != nil {
		return nil, false, err
	}
	if len(posts) == 0 {
		return nil, false, errNoPosts
	}
	return posts, true, nil
}

func (s *pass) preview(ctx context.Context, e ledger.Edition, to string, posts []catalog.Entry) (*Preview, error) {
	links, err := delivery.NewLinks(ctx, s.cfg, s.ledger)
	if err != nil {
		return nil, err
	}
	if e.Number, err = s.ledger.NextEdition(ctx); err != nil {
		return nil, err
	}
	// The posts may have no numbers yet.
	posts = slices.Clone(posts)
	full := map[int64]bool{}
	for i := range posts {
		posts[i].Row.Seq = int64(i + 1)
		full[posts[i].Row.Seq] = i < s.cfg.Digest.MaxPosts
	}
	b := s.composer.NewBundle(&e)
	if err := s.composer.AddIntro(ctx, b, &e); err != nil {
		return nil, err
	}
	if err := s.composer.Add(ctx, b, posts, func(e catalog.Entry) bool { return full[e.Row.Seq] }); err != nil {
		return nil, err
	}
	if len(b.Posts) == 0 {
		return nil, errNoPosts
	}
	m, err := s.composer.Message(b, &e, b.Numbers())
	if err != nil {
		return nil, err
	}
	r := links.Recipient(&e, ledger.Recipient{Email: to})
	return &Preview{Subject: m.Subject, HTML: m.HTML(r), Text: m.Text(r), EML: m.Append(nil, r), HTMLSize: m.HTMLSize, Posts: len(posts)}, nil
}

// SendPreview mails a preview to one address, through the configured server or into the
// outbox. It returns the outbox's folder if the preview is there.
func (p *Publisher) SendPreview(ctx context.Context, preview *Preview, to string) (folder string, err error) {
	signer, err := delivery.LoadSigner(p.cfg, p.log)
	if err != nil {
		return "", err
	}
	sender, err := delivery.NewSender(p.cfg, signer)
	if err != nil {
		return "", err
	}
	defer sender.Close()
	if sender.Outbox() {
		folder = p.cfg.Mail.Outbox
	}
	return folder, sender.Send(ctx, p.cfg.Mail.From.Address, to, preview.EML)
}
