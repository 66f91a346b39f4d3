package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/publish/report"
	"publisher/mailer/bounce"
)

// Bounced is what became of one mail that came back.
type Bounced struct {
	bounce.Report
	Subscriber int64  // 0 if no valid token says whose it is
	Email      string // of the subscriber; "" likewise
	// Ended is the status with which the subscription ended; "" if it did not end.
	Ended ledger.Status
	// Stale says that it bounced too late to count, or that it is not known when it was sent.
	Stale bool
}

// Bounces handles mail that comes back: bounces, complaints, and mails that unsubscribe.
type Bounces struct {
	cfg    *config.Config
	ledger *ledger.Ledger
	log    *slog.Logger
	now    func() time.Time
}

// NewBounces returns what handles mail that comes back.
func NewBounces(cfg *config.Config, l *ledger.Ledger, log *slog.Logger, now func() time.Time) *Bounces {
	return &Bounces{cfg: cfg, ledger: l, log: log, now: now}
}

// Take handles one mail that came back. A mail without a valid token, or with those of
// several subscribers, changes nothing.
func (h *Bounces) Take(ctx context.Context, returned *bounce.Report) (*Bounced, error) {
	b := &Bounced{Report: *returned}
	if b.Kind == bounce.Ignored {
		return b, nil
	}
	tokens, err := h.ledger.Tokens(ctx)
	if err != nil {
		return b, err
	}
	about := whose(tokens, returned)
	if about.subscriber == 0 {
		return b, nil
	}
	who, err := h.ledger.SubscriberByID(ctx, about.subscriber)
	if err != nil || who == nil {
		return b, err
	}
	b.Subscriber, b.Email = who.ID, who.Email
	switch b.Kind {
	case bounce.HardBounce, bounce.SoftBounce:
		b.Ended, b.Stale, err = h.ledger.RecordBounce(ctx, ledger.Bounce{Subscriber: who.ID, Edition: about.edition, Proof: about.proof,
			Hard: b.Kind == bounce.HardBounce, Reason: b.Reason, At: h.now()})
	case bounce.Complaint, bounce.OptOut:
		act := ledger.Leave
		if b.Kind == bounce.Complaint {
			act = ledger.Complain
		}
		// Without a web server, only a mail can say that it worked.
		goodbye := act == ledger.Leave && h.cfg.Server.URL == nil
		after, changed, doErr := h.ledger.Do(ctx, ledger.Request{Subscriber: who.ID, Proof: about.proof, Action: act,
			DefaultCadence: h.cfg.Digest.Default, At: h.now(), Goodbye: goodbye})
		if err = doErr; changed {
			b.Ended = after.Status
		}
	}
	return b, err
}

// proved is what valid tokens say that a report is about.
type proved struct {
	subscriber, edition int64 // edition is 0 if only a link says whose mail it is
	proof               mailtoken.Purpose
}

// whose returns the one subscriber whom valid tokens name, with the strongest of them; the
// subscriber 0 if there is none, or more than one. The edition is that of the strongest token;
// weaker ones do not count.
func whose(tokens *mailtoken.Codec, r *bounce.Report) (best proved) {
	several := false
	found := func(proof mailtoken.Purpose, who, which int64, ok bool) {
		if !ok {
			return
		}
		several = several || best.subscriber != 0 && best.subscriber != who
		if best.subscriber == 0 || best.proof == proof {
			best = proved{who, max(best.edition, which), proof}
		}
	}
	if r.Kind == bounce.OptOut {
		who, ok := tokens.OpenLink(mailtoken.Unsubscribe, r.Token)
		found(mailtoken.Unsubscribe, who, 0, ok)
		return best
	}
	for _, text := range r.Addresses { // strongest first
		for _, word := range words(text) {
			who, which, ok := tokens.OpenReturnPath(word)
			found(mailtoken.ReturnPath, who, which, ok)
		}
	}
	for _, text := range r.MessageIDs {
		left, _, _ := strings.Cut(strings.Trim(text, "<> \t"), "@")
		which, who, ok := tokens.OpenMessageID(left)
		found(mailtoken.MessageID, who, which, ok)
	}
	for _, text := range r.Links {
		for _, word := range words(text) {
			who, ok := tokens.OpenLink(mailtoken.Unsubscribe, word)
			found(mailtoken.Unsubscribe, who, 0, ok)
		}
	}
	if several {
		return proved{}
	}
	return best
}

// words returns the runs of characters that may be tokens.
func words(text string) []string {
	text = strings.ReplaceAll(text, "%20", " ")
	return strings.FieldsFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}

// ReadMaildir handles what is in the Maildir of mail.bounces, and files it as seen. What
// cannot be read is in the report, and does not end the pass.
func (h *Bounces) ReadMaildir(ctx context.Context) (r BounceReport, err error) {
	folder, found := strings.CutPrefix(h.cfg.Mail.Bounces, "maildir:")
	if !found {
		return r, nil
	}
	folder = h.cfg.Path(folder)
	entries, err := os.ReadDir(filepath.Join(folder, "new"))
	if errors.Is(err, fs.ErrNotExist) {
		r.fail(fmt.Errorf("%s is not a Maildir (it has no folder new)\nhint: have the mail server deliver bounces there, or make the folder", folder))
		return r, nil
	}
	if err != nil {
		r.fail(err)
		return r, nil
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if !entry.Type().IsRegular() {
			continue
		}
		if err := h.readFile(ctx, &r, folder, entry.Name()); err != nil {
			return r, err
		}
	}
	return r, nil
}

// BounceReport is what reading the Maildir of mail.bounces found.
type BounceReport struct {
	Warnings []report.Warning
	Errors   []error
}

func (r *BounceReport) fail(err error) {
	r.Errors = append(r.Errors, fmt.Errorf("mail.bounces: %w", err))
}

// readFile handles one file. It is moved only after what it says is stored: handled twice, it
// says the same.
func (h *Bounces) readFile(ctx context.Context, r *BounceReport, folder, name string) error {
	path := filepath.Join(folder, "new", name)
	f, err := os.Open(path)
	if err != nil {
		r.fail(err)
		return nil
	}
	defer f.Close()
	returned, err := bounce.Read(f)
	if _, nonsense := errors.AsType[*bounce.NotMailError](err); nonsense {
		r.Warnings = append(r.Warnings, report.Warning{Path: path, Message: err.Error() + "; ignored"})
	} else if err != nil { // the file cannot be read: it stays for the next pass
		r.fail(err)
		return nil
	} else {
		b, err := h.Take(ctx, returned)
		if err != nil {
			return err
		}
		h.log.Info("mail came back", "file", name, "is", b.Kind.String(), "subscriber", b.Subscriber, "status", b.Status, "ended", b.Ended, "stale", b.Stale)
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
