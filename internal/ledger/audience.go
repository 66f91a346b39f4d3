package ledger

import (
	"context"
	"fmt"
	"strings"
)

// Audience names the subscribers of a cadence who read in one language.
type Audience struct {
	Cadence string
	// Default adds subscribers whose cadence is "" or none of Configured.
	Default    bool
	Configured []string
	// Languages are those that have digests of their own, the site's first; none:
	// all subscribers are in one audience. Language is one of them, "" for the site's.
	Languages []string
	Language  string
}

// where is the condition on subscriber s, whose arguments follow those given.
func (a Audience) where(args []any) (string, []any) {
	cadence, args := a.hasCadence(args)
	language, args := a.reads(args)
	return cadence + " AND " + language, args
}

// reads is the condition on the language. Whose language is none of Languages
// reads in the site's.
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

// longest holds where a tag is the longest of all that the subscriber's language
// begins with, which is what Lookup finds (RFC 4647 §3.4).
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

// begins holds where the subscriber's language is the tag or a variety of it.
func begins(tag string, args []any) (string, []any) {
	args = append(args, tag, tag+"-")
	n := len(args)
	return fmt.Sprintf("(s.language = $%d OR substr(s.language, 1, length($%d)) = $%d)", n-1, n, n), args
}

// hasCadence is the condition on the cadence.
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

// RecipientGroup is the active subscribers of one audience who share what is due to them.
type RecipientGroup struct {
	Due
	Tags  []string
	Count int
}

// noneOpen holds for a subscriber s without an open delivery. Its words are
// those of the index delivery_open.
const noneOpen = "NOT EXISTS (SELECT 1 FROM delivery o WHERE o.subscriber = s.id AND o.progress IN ('sending', 'deferred'))"

// notGivenUp holds for a subscriber s unless all that is due up to a number has
// been tried in vain for as long as it may: then something newer has to come first.
// Its words are those of the index delivery_given_up.
func notGivenUp(through string) string {
	return "NOT EXISTS (SELECT 1 FROM delivery f WHERE f.subscriber = s.id AND f.kept = 1 AND f.through_seq >= " + through + ")"
}

// behind holds for a subscriber s to whom something up to a number may be due.
func behind(through string) string { return "(s.cursor_seq < " + through + " OR s.owed <> '')" }

// RecipientGroups returns who of the audience may be due something up to through, has no
// open delivery, and none up to there that was given up.
// Subscribers whose cadence is "" or no longer configured count as Audience.Default says.
func (l *Ledger) RecipientGroups(ctx context.Context, a Audience, through int64) ([]RecipientGroup, error) {
	where, args := a.where([]any{through})
	scan := func(row scanner) (g RecipientGroup, err error) {
		err = row.Scan(&g.Cursor, &g.Owed, (*list)(&g.Tags), &g.Count)
		return g, err
	}
	groups, err := collectSettled(ctx, l, scan, `
		SELECT s.cursor_seq, s.owed, s.tags, COUNT(*) FROM subscriber s
		WHERE s.status = 'active' AND `+behind("$1")+` AND `+where+`
			-- noneOpen and notGivenUp, looked up once for all
			AND s.id NOT IN (SELECT o.subscriber FROM delivery o WHERE o.progress IN ('sending', 'deferred'))
			AND s.id NOT IN (SELECT f.subscriber FROM delivery f WHERE f.kept = 1 AND f.through_seq >= $1)
		GROUP BY s.cursor_seq, s.owed, s.tags
		ORDER BY s.cursor_seq, s.owed, s.tags`, args...)
	return groups, l.fail("group the subscribers", err)
}

// Recipient is whom an edition goes to, as far as their mail wants to know.
type Recipient struct {
	ID          int64 // of the subscriber
	Email, Name string
	Tags        []string
	Due
}

func scanRecipient(row scanner) (r Recipient, err error) {
	err = row.Scan(&r.ID, &r.Email, &r.Name, (*list)(&r.Tags), &r.Cursor, &r.Owed)
	return r, err
}

// Recipients returns up to limit subscribers with id > after, by id, to whom
// something up to the edition's number may be due and who have no delivery of it and
// no open one of another: none if it is canceled.
func (l *Ledger) Recipients(ctx context.Context, number int64, a Audience, after int64, limit int) ([]Recipient, error) {
	where, args := a.where([]any{number, after, limit})
	due, err := l.recorder.foresee(ctx, number, func() ([]Recipient, error) {
		return collect(ctx, l.read, scanRecipient, `
			SELECT s.id, s.email, s.name, s.tags, s.cursor_seq, s.owed FROM subscriber s
			WHERE s.status = 'active' AND s.id > $2 AND `+where+`
				AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.canceled_at IS NULL)
				AND `+behind("(SELECT e.through_seq FROM edition e WHERE e.number = $1)")+`
				AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.subscriber = s.id)
				AND `+noneOpen+`
				AND `+notGivenUp("(SELECT e.through_seq FROM edition e WHERE e.number = $1)")+`
			ORDER BY s.id LIMIT $3`, args...)
	})
	return due, l.fail(fmt.Sprintf("read the recipients of edition %d", number), err)
}
