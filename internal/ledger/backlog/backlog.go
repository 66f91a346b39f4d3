// Package backlog reads what is under way and what waits. Nothing in it counts all subscribers or
// all deliveries.
package backlog

import (
	"context"
	"regexp"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Edition is an edition with recipients that were not tried yet.
type Edition struct {
	Number     int64
	Cadence    string
	Language   string // "": the site's
	Subject    string
	Closed     time.Time
	Recipients int
	Sent       int
	Deferred   int
	Failed     int
	Uncertain  int // those under way included
	Stopped    bool
}

// Left returns how many recipients are still to be tried, or tried again.
func (e Edition) Left() int { return max(0, e.Recipients-e.Sent-e.Failed-e.Uncertain) }

// Editions returns the editions under way, oldest first.
func Editions(ctx context.Context, l *ledger.Ledger) ([]Edition, error) {
	const doing = "read the editions under way"
	db, err := l.Settled(ctx)
	if err != nil {
		return nil, l.Fail(doing, err)
	}
	all, err := sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (e Edition, err error) {
		err = row.Scan(&e.Number, &e.Cadence, &e.Language, &e.Subject, (*sqlutil.Time)(&e.Closed), &e.Recipients, &e.Stopped)
		return e, err
	}, `SELECT number, cadence, language, subject, closed_at, recipients, stopped_on <> '' AND NOT accepted
		FROM edition WHERE done_at IS NULL AND canceled_at IS NULL ORDER BY number`)
	if err != nil {
		return nil, l.Fail(doing, err)
	}
	for i := range all {
		e := &all[i]
		// One read of its rows; GROUP BY would sort them.
		err := db.QueryRowContext(ctx, `
			SELECT COUNT(CASE progress WHEN 'sent' THEN 1 END), COUNT(CASE progress WHEN 'deferred' THEN 1 END),
				COUNT(CASE progress WHEN 'failed' THEN 1 END), COUNT(CASE WHEN progress IN ('sending', 'uncertain') THEN 1 END)
			FROM delivery WHERE edition = $1`, e.Number).Scan(&e.Sent, &e.Deferred, &e.Failed, &e.Uncertain)
		if err != nil {
			return nil, l.Fail(doing, err)
		}
		e.Recipients = max(e.Recipients, e.Sent+e.Deferred+e.Failed+e.Uncertain)
	}
	return all, nil
}

// Deferred is the deliveries that are tried again.
type Deferred struct {
	Count  int
	Oldest time.Time // first attempt
	Next   time.Time // attempt
	Code   int       // of the most frequent reply
	Reply  string    // likewise, without addresses
}

// replySample limits how many replies are compared.
const replySample = 10_000

// DeferredDeliveries returns the deliveries that are tried again.
func DeferredDeliveries(ctx context.Context, l *ledger.Ledger) (d Deferred, err error) {
	const doing = "read the deferred deliveries"
	db, err := l.Settled(ctx)
	if err != nil {
		return d, l.Fail(doing, err)
	}
	err = db.QueryRowContext(ctx, "SELECT COUNT(*), MIN(next_at) FROM delivery WHERE progress = 'deferred'").Scan(&d.Count, (*sqlutil.Time)(&d.Next))
	if err != nil || d.Count == 0 {
		return d, l.Fail(doing, err)
	}
	type reply struct {
		code int
		text string
	}
	seen := map[reply]int{}
	most := 0
	_, err = sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (_ struct{}, err error) {
		var r reply
		var first time.Time
		if err := row.Scan(&r.code, &r.text, (*sqlutil.Time)(&first)); err != nil {
			return struct{}{}, err
		}
		if !first.IsZero() && (d.Oldest.IsZero() || first.Before(d.Oldest)) {
			d.Oldest = first
		}
		r.text = WithoutAddresses(r.text)
		if seen[r]++; seen[r] > most && r.text != "" {
			most, d.Code, d.Reply = seen[r], r.code, r.text
		}
		return struct{}{}, nil
	}, "SELECT code, reply, first_at FROM delivery WHERE progress = 'deferred' ORDER BY edition, subscriber LIMIT $1", replySample)
	return d, l.Fail(doing, err)
}

var mailAddress = regexp.MustCompile(`[^\s<>()"';:,@]+@[^\s<>()"';:,@]+`)

// WithoutAddresses returns a server's reply without mail addresses.
func WithoutAddresses(reply string) string {
	if !strings.Contains(reply, "@") {
		return reply
	}
	return mailAddress.ReplaceAllString(reply, "…")
}

// Uncertain is deliveries of one edition that are held: the server may or may not have accepted
// them.
type Uncertain struct {
	Edition int64
	Count   int
}

// UncertainDeliveries returns those of editions that closed after since.
func UncertainDeliveries(ctx context.Context, l *ledger.Ledger, since time.Time) ([]Uncertain, error) {
	const doing = "count the uncertain deliveries"
	db, err := l.Settled(ctx)
	if err != nil {
		return nil, l.Fail(doing, err)
	}
	all, err := sqlutil.Collect(ctx, db, func(row sqlutil.Scanner) (u Uncertain, err error) {
		err = row.Scan(&u.Edition, &u.Count)
		return u, err
	}, `SELECT d.edition, COUNT(*) FROM delivery d
		WHERE d.progress = 'uncertain' AND EXISTS (SELECT 1 FROM edition e WHERE e.number = d.edition AND e.closed_at > $1 AND e.canceled_at IS NULL)
		GROUP BY d.edition ORDER BY d.edition`, sqlutil.Time(since))
	return all, l.Fail(doing, err)
}

// Notices is the mails to one person that are to be sent.
type Notices struct {
	Waiting  int       // not tried yet
	Deferred int       // tried again
	Oldest   time.Time // when the oldest of all was planned
	Due      time.Time // since when the first of them is due, or from when
}

// WaitingNotices returns the notices that are to be sent.
func WaitingNotices(ctx context.Context, l *ledger.Ledger) (n Notices, err error) {
	err = l.Reader().QueryRowContext(ctx, `
		SELECT COUNT(CASE progress WHEN 'waiting' THEN 1 END), COUNT(CASE progress WHEN 'deferred' THEN 1 END), MIN(created_at), MIN(next_at)
		FROM notice WHERE progress IN ('waiting', 'deferred')`).Scan(&n.Waiting, &n.Deferred, (*sqlutil.Time)(&n.Oldest), (*sqlutil.Time)(&n.Due))
	return n, l.Fail("count the notices", err)
}

// rateSpan is how far back the speed is measured.
const rateSpan = time.Minute

// Rate returns how many messages a second went out in the last minute, or since the first of
// that minute.
func Rate(ctx context.Context, l *ledger.Ledger, now time.Time) (float64, error) {
	const doing = "read the speed"
	db, err := l.Settled(ctx)
	if err != nil {
		return 0, l.Fail(doing, err)
	}
	var count int
	var first time.Time
	// A row counts what ended in the second before its time.
	err = db.QueryRowContext(ctx, "SELECT COALESCE(SUM(count), 0), MIN(at) FROM pace WHERE at > $1 AND at <= $2",
		sqlutil.Time(now.Add(-rateSpan)), sqlutil.Time(now.Add(time.Second))).Scan(&count, (*sqlutil.Time)(&first))
	if err != nil || count == 0 {
		return 0, l.Fail(doing, err)
	}
	return float64(count) / max(1, now.Sub(first.Add(-time.Second)).Seconds()), nil
}

// Posts is the posts that wait.
type Posts struct {
	Held    int      // by the flood guard
	Paths   []string // of the first of them, below the content folder
	Waiting int      // to settle, for their date or for the author; released ones, too
}

// shownPosts limits the paths in Posts.
const shownPosts = 3

// WaitingPosts returns the posts that wait.
func WaitingPosts(ctx context.Context, l *ledger.Ledger) (p Posts, err error) {
	const doing = "count the posts that wait"
	err = l.Reader().QueryRowContext(ctx, `
		SELECT COUNT(CASE standing WHEN 'held' THEN 1 END), COUNT(CASE WHEN standing IN ('new', 'released') THEN 1 END)
		FROM post WHERE gone_at IS NULL`).Scan(&p.Held, &p.Waiting)
	if err != nil || p.Held == 0 {
		return p, l.Fail(doing, err)
	}
	p.Paths, err = sqlutil.Column[string](ctx, l.Reader(), "SELECT path FROM post WHERE gone_at IS NULL AND standing = 'held' ORDER BY key DESC LIMIT $1", shownPosts)
	return p, l.Fail(doing, err)
}
