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

	"publisher/internal/ledger"
	"publisher/mailer/bounce"
)

// Bounced is what became of one mail that came back.
type Bounced struct {
	bounce.Report
	Subscriber int64  // 0 where no valid token says whose it is
	Email      string // the subscriber's; "" likewise
	// Ended is what the subscription ended as; "" where it did not end.
	Ended ledger.Status
	// Stale says that it bounced too late to count, or that nobody knows when it went out.
	Stale bool
}

// Bounce takes one mail that came back. One that bears no valid token, or those of
// several people, changes nothing. What is no mail is a *bounce.NotMailError.
func (p *Publisher) Bounce(ctx context.Context, l *ledger.Ledger, r io.Reader) (*Bounced, error) {
	returned, err := bounce.Read(r)
	if err != nil {
		return nil, err
	}
	return p.TakeReturned(ctx, l, returned)
}

// TakeReturned is Bounce for a mail that has been read.
func (p *Publisher) TakeReturned(ctx context.Context, l *ledger.Ledger, returned *bounce.Report) (*Bounced, error) {
	b := &Bounced{Report: *returned}
	if b.Kind == bounce.Ignored {
		return b, nil
	}
	tokens, err := l.Tokens(ctx)
	if err != nil {
		return b, err
	}
	about := whose(tokens, returned)
	if about.subscriber == 0 {
		return b, nil
	}
	who, err := l.SubscriberByID(ctx, about.subscriber)
	if err != nil || who == nil {
		return b, err
	}
	b.Subscriber, b.Email = who.ID, who.Email
	switch b.Kind {
	case bounce.HardBounce, bounce.SoftBounce:
		b.Ended, b.Stale, err = l.RecordBounce(ctx, ledger.Bounce{Subscriber: who.ID, Edition: about.edition, Proof: about.proof,
			Hard: b.Kind == bounce.HardBounce, Reason: b.Reason, At: p.now()})
	case bounce.Complaint, bounce.OptOut:
		act := ledger.Leave
		if b.Kind == bounce.Complaint {
			act = ledger.Complain
		}
		after, changed, doErr := l.Do(ctx, ledger.Request{Subscriber: who.ID, Proof: about.proof, Action: act,
			DefaultCadence: p.cfg.Digest.Default, At: p.now()})
		if err = doErr; changed {
			b.Ended = after.Status
		}
	}
	return b, err
}

// proved is whose mail, and which, valid tokens say that a report is about.
type proved struct {
	subscriber, edition int64 // edition is 0 where only a link says whose it is
	proof               ledger.Purpose
}

// whose finds the one subscriber whom valid tokens name, and the strongest of them; its
// subscriber is 0 where there is none, or more than one. The edition is that of the token
// which proves it: another, weaker one says nothing of it.
func whose(tokens *ledger.Tokens, r *bounce.Report) (best proved) {
	several := false
	found := func(proof ledger.Purpose, who, which int64, ok bool) {
		if !ok {
			return
		}
		several = several || best.subscriber != 0 && best.subscriber != who
		if best.subscriber == 0 || best.proof == proof {
			best = proved{who, max(best.edition, which), proof}
		}
	}
	if r.Kind == bounce.OptOut {
		who, ok := tokens.OpenLink(ledger.Unsubscribe, r.Token)
		found(ledger.Unsubscribe, who, 0, ok)
		return best
	}
	for _, text := range r.Addresses { // strongest first
		for _, word := range words(text) {
			who, which, ok := tokens.OpenReturnPath(word)
			found(ledger.ReturnPath, who, which, ok)
		}
	}
	for _, text := range r.MessageIDs {
		left, _, _ := strings.Cut(strings.Trim(text, "<> \t"), "@")
		which, who, ok := tokens.OpenMessageID(left)
		found(ledger.MessageID, who, which, ok)
	}
	for _, text := range r.Links {
		for _, word := range words(text) {
			who, ok := tokens.OpenLink(ledger.Unsubscribe, word)
			found(ledger.Unsubscribe, who, 0, ok)
		}
	}
	if several {
		return proved{}
	}
	return best
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
		s.report.Fail(fmt.Errorf("mail.bounces: %s is no Maildir (it has no folder new); have the mail server deliver bounces there, or make it", folder))
		return nil
	}
	if err != nil {
		s.report.Fail(fmt.Errorf("mail.bounces: %w", err))
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
		s.report.Fail(fmt.Errorf("mail.bounces: %w", err))
		return nil
	}
	defer f.Close()
	b, err := s.Bounce(ctx, s.ledger, f)
	_, nonsense := errors.AsType[*bounce.NotMailError](err)
	switch {
	case nonsense:
		s.report.Warn(path, 0, err.Error()+"; ignored")
	case err != nil && b != nil:
		return err
	case err != nil: // the file cannot be read: it stays for the next pass
		s.report.Fail(fmt.Errorf("mail.bounces: %w", err))
		return nil
	default:
		s.log.Info("mail came back", "file", name, "is", b.Kind.String(), "subscriber", b.Subscriber, "status", b.Status, "ended", b.Ended, "stale", b.Stale)
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
