package ledger

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// MaxPause is the longest pause.
const MaxPause = 366 * 24 * time.Hour

// notPaused returns the condition that subscriber s does not pause at a time. Whoever pauses
// keeps the cursor, so the first digest afterwards has all that was missed.
func notPaused(now string) string { return "(s.paused_until IS NULL OR s.paused_until <= " + now + ")" }

// Paused reports whether no mail goes to the subscriber for now.
func (s *Subscriber) Paused(now time.Time) bool { return s.PausedUntil.After(now) }

// pause starts a pause, or ends it where until is not after now.
func (s *Subscriber) pause(ctx context.Context, tx *sql.Tx, until, now time.Time) (changed bool, err error) {
	if latest := now.Add(MaxPause); until.After(latest) {
		until = latest
	}
	kind := "paused"
	data := map[string]string{"until": until.UTC().Format(time.RFC3339)}
	if !until.After(now) {
		if !s.Paused(now) {
			return false, nil
		}
		kind, data, until = "resumed", nil, time.Time{}
	}
	if s.PausedUntil.Equal(until) {
		return false, nil
	}
	s.PausedUntil = until
	if _, err := tx.ExecContext(ctx, "UPDATE subscriber SET paused_until = $2 WHERE id = $1", s.ID, sqlutil.Time(until)); err != nil {
		return false, err
	}
	return true, addEvent(ctx, tx, Event{At: now, Kind: kind, Subscriber: s.ID, Data: data})
}

// NextPauseEnd returns when the next pause ends; zero if nobody pauses.
func (l *Ledger) NextPauseEnd(ctx context.Context, now time.Time) (time.Time, error) {
	var next sqlutil.Time
	err := l.read.QueryRowContext(ctx, "SELECT MIN(paused_until) FROM subscriber WHERE paused_until > $1", sqlutil.Time(now)).Scan(&next)
	return time.Time(next), l.fail("read the next end of a pause", err)
}
