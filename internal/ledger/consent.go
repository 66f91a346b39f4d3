package ledger

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlutil"
)

// Consent is what a subscriber agreed to, when, and how.
type Consent struct {
	Subscriber int64
	At         time.Time
	What       string // "subscribe"
	How        string // how it was proved: "code", "link", "reply" or "import"
	Wording    Wording
	Page       string // where the form was
	IP         string // "" unless signup.record_ip
}

// Wording is the text that somebody agreed to.
type Wording struct {
	Language string // BCP 47
	Text     string // "": none
}

func (w Wording) hash() []byte {
	if w.Text == "" {
		return nil
	}
	return mailtoken.SecretHash(w.Language + "\x00" + w.Text)
}

// AddWording stores a text unless it is there, and returns its hash; nil for none.
func AddWording(ctx context.Context, tx *sql.Tx, w Wording) ([]byte, error) {
	hash := w.hash()
	if hash == nil {
		return nil, nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO wording (hash, language, text) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING", hash, w.Language, w.Text)
	return hash, err
}

// AddConsent stores a consent, whose wording is stored under its hash already.
func AddConsent(ctx context.Context, tx *sql.Tx, c Consent, wording []byte) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO consent (subscriber, at, what, how, wording, page, ip) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		c.Subscriber, sqlutil.Time(c.At), c.What, c.How, wording, c.Page, c.IP)
	return err
}

// Consents returns what a subscriber agreed to, oldest first.
func (l *Ledger) Consents(ctx context.Context, subscriber int64) ([]Consent, error) {
	scan := func(row sqlutil.Scanner) (c Consent, err error) {
		err = row.Scan(&c.Subscriber, (*sqlutil.Time)(&c.At), &c.What, &c.How, &c.Wording.Language, &c.Wording.Text, &c.Page, &c.IP)
		return c, err
	}
	all, err := sqlutil.Collect(ctx, l.read, scan, `
		SELECT c.subscriber, c.at, c.what, c.how, COALESCE(w.language, ''), COALESCE(w.text, ''), c.page, c.ip
		FROM consent c LEFT JOIN wording w ON w.hash = c.wording WHERE c.subscriber = $1 ORDER BY c.id`, subscriber)
	return all, l.Fail("read the consents", err)
}
