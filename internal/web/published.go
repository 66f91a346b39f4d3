package web

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger"
)

// lookForEditions is how often the ledger is asked whether there is a newer edition.
const lookForEditions = time.Second

// lookTime is how long that may take: all pages wait for it.
const lookTime = 3 * time.Second

// published is what there was to see when it was last looked at. Pages that are the same for
// everyone depend on it.
type published struct {
	feeds atomic.Int64 // how often this program has written feeds

	mu     sync.Mutex
	looked time.Time
	newest int64 // edition of the archive
}

// publishedNow returns a name of what there is to see, which is another one once that has changed.
func (s *site) publishedNow(ctx context.Context) (string, error) {
	p := &s.seen
	p.mu.Lock()
	defer p.mu.Unlock()
	now := s.Now()
	if passed := now.Sub(p.looked); passed < 0 || passed >= lookForEditions {
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		newest, err := s.Ledger.ArchivedEditions(ctx, 1)
		switch {
		case err == nil:
			p.looked, p.newest = now, 0
			if len(newest) > 0 {
				p.newest = newest[0].Number
			}
		case p.looked.IsZero() || !ledger.IsAway(err) && ctx.Err() == nil:
			return "", err
		default: // what was published last is still there
			p.looked = now
		}
	}
	return fmt.Sprintf("edition %d, feeds %d", p.newest, p.feeds.Load()), nil
}
