package smtp

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/smtptest"
)

// urgentQueue is a memoryQueue with jobs that overtake the others.
type urgentQueue struct {
	*memoryQueue
	refilled chan struct{}

	mu     sync.Mutex
	urgent []*Job
}

func newUrgentQueue(t *testing.T, addresses ...string) *urgentQueue {
	return &urgentQueue{memoryQueue: newQueue(t, addresses...), refilled: make(chan struct{}, 1)}
}

func (q *urgentQueue) Refilled() <-chan struct{} { return q.refilled }

func (q *urgentQueue) Urgent(context.Context) (*Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.urgent) == 0 {
		return nil, nil
	}
	job := q.urgent[0]
	q.urgent = q.urgent[1:]
	q.memoryQueue.mu.Lock()
	defer q.memoryQueue.mu.Unlock()
	q.out[job] = true
	return job, nil
}

func (q *urgentQueue) add(to string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	job := newQueue(q.t, to).jobs[0]
	job.Urgent = true
	q.urgent = append(q.urgent, job)
	q.refilled <- struct{}{}
}

// While every connection holds a message that a rate keeps back, the next place is the urgent
// job's.
func TestDeliverUrgentFirst(t *testing.T) {
	const connections, all = 4, 24
	q := newUrgentQueue(t, addresses(all)...)
	server := startScripted(t, func(e smtptest.Event) string {
		if e.Verb == "ACCEPTED" && e.Arg == "r10@example.com" {
			q.add("urgent@example.com")
		}
		return ""
	}, "PIPELINING")
	cfg := server.config()
	cfg.Connections = connections
	cfg.Rate = []config.Rate{{Count: 1, Per: 20 * time.Millisecond}}
	if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	order := server.Recipients()
	at, urgent := slices.Index(order, "r10@example.com"), slices.Index(order, "urgent@example.com")
	// One envelope may have been sent together with the body before.
	if len(order) != all+1 || urgent <= at || urgent > at+2 {
		t.Errorf("the urgent mail is number %d, and was handed over when number %d had been accepted, of %d", urgent, at, len(order))
	}
}

// A job that comes while the last connection waits for a reply gets a connection of its own.
func TestDeliverRefilled(t *testing.T) {
	q := newUrgentQueue(t, "slow@example.com")
	urgent := make(chan struct{})
	server := startScripted(t, func(e smtptest.Event) string {
		switch {
		case e.Verb == "DOT" && e.Arg == "slow@example.com":
			q.add("urgent@example.com")
			select {
			case <-urgent:
			case <-time.After(4 * time.Second):
				t.Error("the urgent mail waits for the slow one")
			}
		case e.Verb == "DOT":
			close(urgent)
		}
		return ""
	}, "PIPELINING")
	cfg := server.config()
	cfg.Connections = 2
	if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if n := server.Total(); n != 2 {
		t.Errorf("%d messages", n)
	}
}
