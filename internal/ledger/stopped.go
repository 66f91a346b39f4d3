package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// StoppedDays returns the days, as YYYY-MM-DD, on which an edition was stopped because too
// many recipients were refused.
func (l *Ledger) StoppedDays(ctx context.Context, number int64) ([]string, error) {
	var text string
	err := l.read.QueryRowContext(ctx, "SELECT stopped_on FROM edition WHERE number = $1", number).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, l.Fail(fmt.Sprintf("read when edition %d was stopped", number), err)
	}
	var days []string
	for _, day := range strings.Fields(text) {
		if day = strings.TrimPrefix(day, manyAnswers); !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return days, nil
}

// AcceptRefusals lets an edition continue no matter how many of its recipients are
// refused.
func (l *Ledger) AcceptRefusals(ctx context.Context, number int64) error {
	return l.changeRow(ctx, fmt.Sprintf("accept the refusals of edition %d", number),
		"UPDATE edition SET accepted = TRUE WHERE number = $1", number)
}

// RetryStopped makes the deferred deliveries of a stopped edition due now, and returns
// their number; 0 if the edition was not stopped.
func (l *Ledger) RetryStopped(ctx context.Context, number int64, now time.Time) (waiting int, err error) {
	err = l.Change(ctx, fmt.Sprintf("retry edition %d", number), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE delivery SET next_at = $2 WHERE edition = $1 AND progress = 'deferred'
				AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1 AND e.stopped_on <> '')`, number, sqlutil.Time(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		waiting = int(n)
		return err
	})
	return waiting, err
}

// manyAnswers precedes the days on which an edition was stopped after many answers.
const manyAnswers = "+"

// RecordStop records that an edition was stopped on that day; few says that there were
// only few answers, all of them refusals. It returns on how many days that has happened,
// and whether the edition was already stopped on this day.
func (l *Ledger) RecordStop(ctx context.Context, number int64, day string, few bool) (days int, before bool, err error) {
	note := day
	if !few {
		note = manyAnswers + day
	}
	err = l.Change(ctx, fmt.Sprintf("record that edition %d was stopped", number), func(tx *sql.Tx) error {
		var text string
		if err := tx.QueryRowContext(ctx, "SELECT stopped_on FROM edition WHERE number = $1", number).Scan(&text); err != nil {
			return err
		}
		noted := strings.Fields(text)
		before = slices.Contains(noted, day) || slices.Contains(noted, manyAnswers+day)
		if !slices.Contains(noted, note) {
			noted = append(noted, note)
		}
		days = 0
		for _, one := range noted {
			if !strings.HasPrefix(one, manyAnswers) {
				days++
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE edition SET stopped_on = $2 WHERE number = $1", number, strings.Join(noted, " "))
		return err
	})
	return days, before, err
}
