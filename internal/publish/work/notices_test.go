//go:build postgres

package work_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/publish/notices"
	"publisher/internal/publish/work"
	"publisher/internal/smtptest"
	"publisher/templates"
)

// withNotices are the options of a process that sends notices.
func (f *fleet) withNotices(woken <-chan struct{}) work.Options {
	o := options(f.cfg, slog.New(slog.DiscardHandler))
	o.StateDir = f.t.TempDir()
	o.Notices = &work.Notices{Woken: woken, Note: func(err error) {
		if err != nil && f.t.Context().Err() == nil {
			f.t.Errorf("looking for notices: %v", err)
		}
	}, Open: func(ctx context.Context, l *ledger.Ledger) (*notices.Queue, error) {
		return notices.New(ctx, notices.Options{Config: f.cfg, Ledger: l, Log: o.Log, Now: time.Now,
			Templates: func() (*templates.Set, error) { return templates.Load("", "", f.cfg.Private()) }})
	}}
	return o
}

// Notices overtake an edition that goes out, each once though two processes look for them.
func TestNoticesFirst(t *testing.T) {
	const subscribers, letters = 1200, 8
	var mu sync.Mutex
	arrived := map[string]int{} // how many mails had gone out before each notice
	var f *fleet
	began := make(chan struct{}, 1)
	f = newFleet(t, subscribers, "", smtptest.Options{Delay: 20 * time.Millisecond, Took: func(to string, _ []byte) {
		select {
		case began <- struct{}{}:
		default:
		}
		if len(to) > 5 && to[:5] == "owner" {
			mu.Lock()
			arrived[to] = f.sink.Total()
			mu.Unlock()
		}
	}})
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	var woken [2]chan struct{}
	for i := range woken {
		woken[i] = make(chan struct{}, 1)
		o := f.withNotices(woken[i])
		working.Go(func() {
			if err := work.Run(ctx, o); err != nil {
				t.Errorf("working: %v", err)
			}
		})
	}
	planned := 0
	f.during(2*time.Minute, func() {
		<-began
		planned = f.sink.Total()
		for i := range letters {
			n := noticequeue.Notice{Kind: noticequeue.Alarm, Email: fmt.Sprintf("owner%d@example.com", i), Created: time.Now().Add(-time.Minute)}
			if err := noticequeue.Plan(ctx, f.ledger, n); err != nil {
				t.Errorf("planning: %v", err)
			}
		}
		for _, w := range woken {
			w <- struct{}{}
		}
	})
	mu.Lock()
	defer mu.Unlock()
	if len(arrived) != letters {
		t.Errorf("%d notices arrived, want %d", len(arrived), letters)
	}
	for to, n := range arrived {
		if f.sink.Accepted()[to] > 1 {
			t.Errorf("%s got it twice", to)
		}
		if n-planned > subscribers/2 {
			t.Errorf("%s got it after %d others", to, n-planned)
		}
	}
}
