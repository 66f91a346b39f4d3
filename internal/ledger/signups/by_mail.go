package signups

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlutil"
	"publisher/mailer/address"
)

// A form that comes when there are too many can say so. Who asks by mail gets no answer but the
// confirmation, so those requests wait until there is room.

// longestWait is how long a request by mail waits at most.
const longestWait = 24 * time.Hour

// ByMailResult is what became of a request to subscribe that came by mail.
type ByMailResult int

// What can become of it.
const (
	Taken   ByMailResult = iota // the confirmation goes out at once
	Waits                       // until fewer ask
	Refused                     // more wait already than can be handled in longestWait
)

// AddByMail stores a request to subscribe that came by mail. perHour is how many of all
// requests lead to a mail in one hour.
func AddByMail(ctx context.Context, l *ledger.Ledger, s Signup, perHour int) (got ByMailResult, err error) {
	key, err := address.Normalize(s.Email)
	if err != nil {
		return Refused, err
	}
	err = l.Store(ctx, "store a sign-up", func(tx *sql.Tx) error {
		var waiting, same int
		err := tx.QueryRowContext(ctx, "SELECT COUNT(*), COUNT(CASE WHEN email_key = $1 THEN 1 END) FROM signup WHERE handled_at IS NULL AND how = 'mail'", key).Scan(&waiting, &same)
		if err != nil {
			return err
		}
		room, err := roomForMail(ctx, tx, s.At, perHour)
		if err != nil {
			return err
		}
		switch {
		case same > 0: // one confirmation answers both
			got = Waits
			return nil
		case waiting >= perHour*int(longestWait.Hours()):
			got = Refused
			return nil
		case waiting >= room:
			got = Waits
		default:
			got = Taken
		}
		return addSignup(ctx, tx, s)
	})
	return got, err
}

// roomForMail returns how many requests by mail can be handled now.
func roomForMail(ctx context.Context, db sqlutil.RowQuerier, now time.Time, perHour int) (int, error) {
	var handled int
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM signup WHERE created_at > $1 AND handled_at > $2",
		sqlutil.Time(now.Add(-time.Hour-longestWait)), sqlutil.Time(now.Add(-time.Hour))).Scan(&handled)
	return max(0, perHour-handled), err
}

// ReportFlood tells the owner, once a day, that more ask to subscribe than limit allows in an
// hour. It reports whether it did.
func ReportFlood(ctx context.Context, l *ledger.Ledger, owner string, limit int, now time.Time) (told bool, err error) {
	const kind = "signup.flood"
	err = l.Store(ctx, "report a flood of sign-ups", func(tx *sql.Tx) error {
		told = false
		var lately bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM event WHERE kind = $1 AND at > $2)", kind, sqlutil.Time(now.Add(-24*time.Hour))).Scan(&lately)
		if err != nil || lately {
			return err
		}
		data := sqlutil.Texts{"limit": strconv.Itoa(limit)}
		if err := ledger.AddEvent(ctx, tx, ledger.Event{At: now, Kind: kind, Data: data}); err != nil {
			return err
		}
		told = true
		return noticequeue.PlanIn(ctx, tx, noticequeue.Notice{Kind: noticequeue.Alarm, Email: owner, Data: data, Created: now})
	})
	return told && err == nil, err
}
