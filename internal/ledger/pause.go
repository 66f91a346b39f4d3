package ledger

import (
	"context"
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

// NextPauseEnd returns when the next pause ends; zero if nobody pauses.
func (l *Ledger) NextPauseEnd(ctx context.Context, now time.Time) (time.Time, error) {
	var next sqlutil.Time
	err := l.read.QueryRowContext(ctx, "SELECT MIN(paused_until) FROM subscriber WHERE paused_until > $1", sqlutil.Time(now)).Scan(&next)
	return time.Time(next), l.Fail("read the next end of a pause", err)
}
