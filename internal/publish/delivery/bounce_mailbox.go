package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"publisher/internal/hint"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/report"
	"publisher/mailer/bounce"
	"publisher/mailer/mailbox"
)

// BounceReport is what reading mail.bounces found.
type BounceReport struct {
	Warnings []report.Warning
	Errors   []error
	Mails    int // that were handled
}

func (r *BounceReport) fail(err error) {
	r.Errors = append(r.Errors, fmt.Errorf("mail.bounces: %w", err))
}

// Read handles what is in the Maildir or the mailbox of mail.bounces. What cannot be read is in
// the report, and does not end the pass.
func (h *Bounces) Read(ctx context.Context) (BounceReport, error) {
	if h.cfg.Mail.Mailbox != nil {
		return h.ReadMailbox(ctx)
	}
	return h.ReadMaildir(ctx)
}

// takeMail handles one mail that lies somewhere. It reports false if there is nothing to
// remember. Mails that are none have a warning, and an unreadable one an *unreadableError.
func (h *Bounces) takeMail(ctx context.Context, r *BounceReport, where string, mail io.Reader) (done bool, err error) {
	returned, err := bounce.Read(mail)
	if _, nonsense := errors.AsType[*bounce.NotMailError](err); nonsense {
		r.Warnings = append(r.Warnings, report.Warning{Path: where, Message: err.Error() + "; ignored"})
		return false, nil
	}
	if err != nil {
		return false, &unreadableError{err}
	}
	b, err := h.Take(ctx, returned)
	if err != nil {
		return false, err
	}
	r.Mails++
	h.log.Info("mail came back", "file", where, "is", b.Kind.String(), "subscriber", b.Subscriber, "status", b.Status,
		"ended", b.Ended, "stale", b.Stale, "answer", b.Answer.String())
	return b.Subscriber != 0 || b.Answer != Unanswered, nil
}

// unreadableError means that a mail cannot be read now.
type unreadableError struct{ error }

func (e *unreadableError) Unwrap() error { return e.error }

// ReadMaildir handles what is in the Maildir of mail.bounces, and files it as seen.
func (h *Bounces) ReadMaildir(ctx context.Context) (r BounceReport, err error) {
	folder, found := strings.CutPrefix(h.cfg.Mail.Bounces, "maildir:")
	if !found {
		return r, nil
	}
	folder = h.cfg.Path(folder)
	entries, err := os.ReadDir(filepath.Join(folder, "new"))
	if errors.Is(err, fs.ErrNotExist) {
		r.fail(hint.With(fmt.Errorf("%s is not a Maildir (it has no folder new)", folder), "have the mail server deliver bounces there, or make the folder"))
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
	_, err = h.takeMail(ctx, r, path, f)
	if unreadable, ok := errors.AsType[*unreadableError](err); ok {
		r.fail(unreadable.error) // it stays for the next pass
		return nil
	}
	if err != nil {
		return err
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

// ReadMailbox handles what is in the mailbox of mail.bounces.
func (h *Bounces) ReadMailbox(ctx context.Context) (r BounceReport, err error) {
	where := h.cfg.Mail.Mailbox
	if where == nil {
		return r, nil
	}
	_, err = mailbox.Read(ctx, mailbox.Options{Mailbox: *where}, &position{h, where.Name()}, func(ctx context.Context, mail io.Reader) (bool, error) {
		return h.takeMail(ctx, &r, "mail in "+where.Folder, mail)
	})
	if failed, ok := errors.AsType[*mailbox.Error](err); ok && failed != nil && ctx.Err() == nil {
		r.fail(err)
		return r, nil
	}
	return r, err
}

// position is the mailbox.Store in the ledger.
type position struct {
	*Bounces
	name string
}

func (p *position) Position(ctx context.Context) (at mailbox.Position, err error) {
	at.Validity, at.UID, err = passstate.MailboxPosition(ctx, p.ledger, p.name)
	return at, err
}

func (p *position) SetPosition(ctx context.Context, at mailbox.Position) error {
	return passstate.SetMailboxPosition(ctx, p.ledger, p.name, at.Validity, at.UID)
}

// CheckMailbox logs in to the mailbox of mail.bounces, if there is one.
func (h *Bounces) CheckMailbox(ctx context.Context) error {
	if h.cfg.Mail.Mailbox == nil {
		return nil
	}
	if err := mailbox.LogIn(ctx, mailbox.Options{Mailbox: *h.cfg.Mail.Mailbox}); err != nil {
		return fmt.Errorf("mail.bounces: %w", err)
	}
	return nil
}
