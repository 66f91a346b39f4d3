package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"publisher/ledger"
	"publisher/mailer/bounce"
)

// Bounced is what became of one mail that came back.
type Bounced struct {
	bounce.Returned
	Email string // the subscriber's; "" where no valid token says whose it is
	// Marked says that the subscription ended by it.
	Marked bool
}

// Bounce takes one mail that came back. One that bears no valid token, or those of
// several people, changes nothing.
func (p *Publisher) Bounce(ctx context.Context, l *ledger.Ledger, r io.Reader) (*Bounced, error) {
	returned, err := bounce.ReadReturned(r)
	if err != nil {
		return nil, err
	}
	b := &Bounced{Returned: *returned}
	tokens, err := l.Tokens(ctx)
	if err != nil || b.Kind == bounce.Ignored {
		return b, err
	}
	subscriber, edition := whose(tokens, returned)
	if subscriber == 0 {
		return b, nil
	}
	who, err := l.SubscriberByID(ctx, subscriber)
	if err != nil || who == nil {
		return b, err
	}
	b.Email = who.Email
	switch b.Kind {
	case bounce.HardBounce, bounce.SoftBounce:
		b.Marked, err = l.RecordBounce(ctx, ledger.Bounce{Subscriber: subscriber, Edition: edition,
			Hard: b.Kind == bounce.HardBounce, Reason: b.Reason, At: p.now()})
	case bounce.Complaint:
		b.Marked, err = l.EndSubscription(ctx, subscriber, ledger.Complained, p.now())
	case bounce.OptOut:
		b.Marked, err = l.EndSubscription(ctx, subscriber, ledger.Unsubscribed, p.now())
	}
	return b, err
}

// whose finds the one subscriber, and the edition, that valid tokens name; 0 where
// there is none, or more than one.
func whose(tokens *ledger.Tokens, r *bounce.Returned) (subscriber, edition int64) {
	several := false
	found := func(who, which int64, ok bool) {
		if !ok {
			return
		}
		several = several || subscriber != 0 && subscriber != who
		subscriber, edition = who, max(edition, which)
	}
	if r.Kind == bounce.OptOut {
		who, ok := tokens.OpenLink(ledger.Unsubscribe, r.Token)
		found(who, 0, ok)
		return subscriber, 0
	}
	for _, text := range r.Addresses {
		for _, word := range words(text) {
			found(tokens.OpenReturnPath(word))
		}
	}
	for _, text := range r.MessageIDs {
		left, _, _ := strings.Cut(strings.Trim(text, "<> \t"), "@")
		which, who, ok := tokens.OpenMessageID(left)
		found(who, which, ok)
	}
	for _, text := range r.Links {
		for _, word := range words(text) {
			who, ok := tokens.OpenLink(ledger.Unsubscribe, word)
			found(who, 0, ok)
		}
	}
	if several {
		return 0, 0
	}
	return subscriber, edition
}

// words are the runs of characters that a token may be.
func words(text string) []string {
	text = strings.ReplaceAll(text, "%20", " ")
	return strings.FieldsFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}

// readBounces takes what lies in the Maildir of mail.bounces, and files it as seen.
func (s *pass) readBounces(ctx context.Context) error {
	folder, found := strings.CutPrefix(s.cfg.Mail.Bounces, "maildir:")
	if !found || !s.live {
		return nil
	}
	folder = s.cfg.Path(folder)
	entries, err := os.ReadDir(filepath.Join(folder, "new"))
	if errors.Is(err, fs.ErrNotExist) {
		s.report.fail(fmt.Errorf("mail.bounces: %s is no Maildir (it has no folder new); have the mail server deliver bounces there, or make it", folder))
		return nil
	}
	if err != nil {
		s.report.fail(fmt.Errorf("mail.bounces: %w", err))
		return nil
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !entry.Type().IsRegular() {
			continue
		}
		if err := s.readBounce(ctx, folder, entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

// readBounce takes one file. It is moved only once what it says is stored: read
// twice, it says the same.
func (s *pass) readBounce(ctx context.Context, folder, name string) error {
	path := filepath.Join(folder, "new", name)
	f, err := os.Open(path)
	if err != nil {
		s.report.fail(fmt.Errorf("mail.bounces: %w", err))
		return nil
	}
	defer f.Close()
	b, err := s.Bounce(ctx, s.ledger, f)
	switch {
	case err != nil && b != nil:
		return err
	case err != nil:
		s.report.warn(path, 0, err.Error())
	default:
		s.log.Info("mail came back", "file", name, "is", b.Kind.String(), "from", b.Email, "status", b.Status, "marked", b.Marked)
	}
	base, _, _ := strings.Cut(name, ":")
	cur := filepath.Join(folder, "cur")
	if err := os.MkdirAll(cur, 0o700); err != nil {
		return fmt.Errorf("mail.bounces: %w", err)
	}
	if err := os.Rename(path, filepath.Join(cur, base+":2,S")); err != nil {
		return fmt.Errorf("mail.bounces: %w", err)
	}
	return nil
}
