package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
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
		return nil, l.fail(fmt.Sprintf("read when edition %d was stopped", number), err)
	}
	var days []string
	for _, day := range strings.Fields(text) {
		if day = strings.TrimPrefix(day, manyAnswers); !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return days, nil
}
