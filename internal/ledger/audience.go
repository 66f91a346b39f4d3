package ledger

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Audience selects the subscribers of a cadence who read in one language.
type Audience struct {
	Cadence string
	// Default adds subscribers whose cadence is "" or not one of Configured.
	Default    bool
	Configured []string
	// Languages are those that have digests of their own, the site's first. If there are
	// none, all subscribers are in one audience. Language is one of them, "" for the site's.
	Languages []string
	Language  string
}

// where returns the condition on subscriber s, with its arguments appended to args.
func (a Audience) where(args []any) (string, []any) {
	cadence, args := a.hasCadence(args)
	language, args := a.reads(args)
	return cadence + " AND " + language, args
}

// reads returns the condition on the language. Subscribers whose language is not in
// Languages read in the site's.
func (a Audience) reads(args []any) (string, []any) {
	if len(a.Languages) < 2 {
		return "1 = 1", args
	}
	if a.Language != "" {
		return longest(a.Language, a.Languages, args)
	}
	var others []string
	for _, tag := range a.Languages[1:] {
		var other string
		other, args = longest(tag, a.Languages, args)
		others = append(others, other)
	}
	return "NOT (" + strings.Join(others, " OR ") + ")", args
}

// longest returns the condition that a tag is the longest one that the subscriber's
// language begins with, which is what Lookup finds (RFC 4647 §3.4).
func longest(tag string, all []string, args []any) (string, []any) {
	condition, args := begins(tag, args)
	for _, other := range all {
		if strings.HasPrefix(other, tag+"-") {
			var longer string
			longer, args = begins(other, args)
			condition += " AND NOT " + longer
		}
	}
	return "(" + condition + ")", args
}

// begins returns the condition that the subscriber's language is the tag or a variety of
// it.
func begins(tag string, args []any) (string, []any) {
	args = append(args, tag, tag+"-")
	n := len(args)
	return fmt.Sprintf("(s.language = $%d OR substr(s.language, 1, length($%d)) = $%d)", n-1, n, n), args
}

// hasCadence returns the condition on the cadence.
func (a Audience) hasCadence(args []any) (string, []any) {
	if !a.Default {
		args = append(args, a.Cadence)
		return fmt.Sprintf("s.cadence = $%d", len(args)), args
	}
	var others []string
	for _, name := range a.Configured {
		if name != a.Cadence && name != "" {
			args = append(args, name)
			others = append(others, fmt.Sprintf("$%d", len(args)))
		}
	}
	if others == nil {
		return "1 = 1", args
	}
	return "s.cadence NOT IN (" + strings.Join(others, ", ") + ")", args
}

// RecipientGroup is the active subscribers of one audience with the same tags and the same
// posts due.
type RecipientGroup struct {
	Due
	Tags  []string
	Count int
}

// noneOpen is the condition that a subscriber s has no open delivery, in the words of the
// index delivery_open.
const noneOpen = "NOT EXISTS (SELECT 1 FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))"

// notGivenUp returns the condition that posts up to a number are not merely those of a
// delivery that was given up: then something newer has to come first. Its words are those
// of the index delivery_given_up.
func notGivenUp(through string) string {
	return "NOT EXISTS (SELECT 1 FROM delivery f WHERE f.subscriber = s.id AND f.kept = 1 AND f.through_seq >= " + through + ")"
}

// behind returns the condition that posts up to a number may be due to subscriber s.
func behind(through string) string { return "(s.cursor_seq < " + through + " OR s.owed <> '')" }

// RecipientGroups returns the subscribers of the audience to whom posts up to through may
// be due, without those who pause, who have an open delivery, or a given-up one that covers
// through. Subscribers whose cadence is "" or no longer configured belong to the default
// cadence.
func (l *Ledger) RecipientGroups(ctx context.Context, a Audience, through int64, now time.Time) ([]RecipientGroup, error) {
	where, args := a.where([]any{through, sqlutil.Time(now)})
	scan := func(row sqlutil.Scanner) (g RecipientGroup, err error) {
		err = row.Scan(&g.Cursor, &g.Owed, (*sqlutil.Strings)(&g.Tags), &g.Count)
		return g, err
	}
	groups, err := collectSettled(ctx, l, scan, `
		SELECT s.cursor_seq, s.owed, s.tags, COUNT(*) FROM subscriber s
		WHERE s.status = 'active' AND `+notPaused("$2")+` AND `+behind("$1")+` AND `+where+`
			-- noneOpen and notGivenUp, looked up once for all
			AND s.id NOT IN (SELECT o.subscriber FROM delivery o WHERE o.progress IN ('sending', 'deferred'))
			AND s.id NOT IN (SELECT f.subscriber FROM delivery f WHERE f.kept = 1 AND f.through_seq >= $1)
		GROUP BY s.cursor_seq, s.owed, s.tags
		ORDER BY s.cursor_seq, s.owed, s.tags`, args...)
	return groups, l.Fail("group the subscribers", err)
}

// Recipient is a subscriber to whom an edition goes.
type Recipient struct {
	ID          int64 // of the subscriber
	Email, Name string
	Tags        []string
	Due
}

func scanRecipient(row sqlutil.Scanner) (r Recipient, err error) {
	err = row.Scan(&r.ID, &r.Email, &r.Name, (*sqlutil.Strings)(&r.Tags), &r.Cursor, &r.Owed)
	return r, err
}

// Recipients returns up to limit subscribers with id > after, by id, to whom posts of the
// edition may be due and who have neither a delivery of it nor an open one of another
// edition, and do not pause. It returns none if the edition is canceled.
func (l *Ledger) Recipients(ctx context.Context, number int64, a Audience, after int64, limit int, now time.Time) ([]Recipient, error) {
	return l.RecipientsUpTo(ctx, number, a, after, math.MaxInt64, limit, now)
}

// RecipientsUpTo is Recipients for ids up to a greatest one.
func (l *Ledger) RecipientsUpTo(ctx context.Context, number int64, a Audience, after, upto int64, limit int, now time.Time) ([]Recipient, error) {
	where, args := a.where([]any{number, after, limit, sqlutil.Time(now), upto})
	due, err := l.engine.Recipients(ctx, number, func() ([]Recipient, error) {
		return sqlutil.Collect(ctx, l.read, scanRecipient, `
			SELECT s.id, s.email, s.name, s.tags, s.cursor_seq, s.owed FROM subscriber s
			WHERE s.status = 'active' AND s.id > $2 AND s.id <= $5 AND `+notPaused("$4")+` AND `+where+`
				AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.canceled_at IS NULL)
				AND `+behind("(SELECT e.through_seq FROM edition e WHERE e.number = $1)")+`
				AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.subscriber = s.id)
				AND `+noneOpen+`
				AND `+notGivenUp("(SELECT e.through_seq FROM edition e WHERE e.number = $1)")+`
			ORDER BY s.id LIMIT $3`, args...)
	})
	return due, l.Fail(fmt.Sprintf("read the recipients of edition %d", number), err)
}

// Ranges divides the subscribers with id > after to whom posts of an edition may be due into ranges
// of so many, and returns the last id of each of the first few.
func (l *Ledger) Ranges(ctx context.Context, number int64, a Audience, after int64, size, limit int, now time.Time) ([]int64, error) {
	where, args := a.where([]any{number, after, size * limit, sqlutil.Time(now), size})
	last, err := sqlutil.Column[int64](ctx, l.read, `
		SELECT MAX(r.id) FROM (
			SELECT s.id, ROW_NUMBER() OVER (ORDER BY s.id) - 1 AS n FROM subscriber s
			WHERE s.status = 'active' AND s.id > $2 AND `+notPaused("$4")+` AND `+where+`
				AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.canceled_at IS NULL)
				AND `+behind("(SELECT e.through_seq FROM edition e WHERE e.number = $1)")+`
				AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.subscriber = s.id)
				AND `+noneOpen+`
				AND `+notGivenUp("(SELECT e.through_seq FROM edition e WHERE e.number = $1)")+`
			ORDER BY s.id LIMIT $3) r
		GROUP BY r.n / $5 ORDER BY 1`, args...)
	return last, l.Fail(fmt.Sprintf("divide the recipients of edition %d", number), err)
}
