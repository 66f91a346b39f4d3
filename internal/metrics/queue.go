package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"publisher/internal/ledger"
	"publisher/internal/ledger/backlog"
	"publisher/internal/ledger/postgres/fleet"
)

const (
	// queryTime limits how long the queue is read.
	queryTime = 5 * time.Second
	// restFactor is how many times as long as it took the queue is not read again.
	restFactor = 50
)

// queue is what waits in the ledger, read when it is asked for.
type queue struct {
	mu     sync.Mutex
	ledger *ledger.Ledger                              // nil: none is open
	fleet  func(context.Context) (*fleet.Fleet, error) // likewise
	now    func() time.Time
	last   waiting
	until  time.Time // last is good enough, by time.Now
}

// waiting is what waits at one moment. Times are zero for nothing.
type waiting struct {
	recipients, deferred, uncertain, notices int
	oldest, oldestNotice                     time.Time
	fleet                                    *fleet.Fleet // nil: there is one process
}

// Watch has the queue read from a ledger until the function that it returns is called. fleet says what
// several processes with the ledger do; nil, or a nil result, for only one.
func (m *Metrics) Watch(l *ledger.Ledger, now func() time.Time, fleet func(context.Context) (*fleet.Fleet, error)) (end func()) {
	if m == nil {
		return func() {}
	}
	q := m.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ledger, q.now, q.fleet, q.until = l, now, fleet, time.Time{}
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.ledger = nil
	}
}

var (
	recipients   = desc("queue_recipients", "Recipients of editions under way that are still to be tried, or tried again.")
	deferred     = desc("queue_deferred_deliveries", "Deliveries to be tried again.")
	uncertain    = desc("queue_uncertain_deliveries", "Deliveries that are held: the server may or may not have accepted them.")
	oldest       = desc("queue_oldest_age_seconds", "Age of the oldest edition under way, or of the oldest deferred delivery if that is more.")
	notices      = desc("queue_notices", "Mails to one person that are to be sent.")
	oldestNotice = desc("queue_oldest_notice_age_seconds", "Age of the oldest of them.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// Describe implements prometheus.Collector.
func (q *queue) Describe(all chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{recipients, deferred, uncertain, oldest, notices, oldestNotice} {
		all <- d
	}
	describeFleet(all)
}

// Collect implements prometheus.Collector.
func (q *queue) Collect(all chan<- prometheus.Metric) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ledger == nil {
		return
	}
	if began := time.Now(); began.After(q.until) {
		w, err := q.read()
		if err != nil { // the ledger may be locked; the others are counted in memory
			return
		}
		q.last, q.until = w, time.Now().Add(restFactor*time.Since(began))
	}
	w, now := q.last, q.now()
	age := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return max(0, now.Sub(t).Seconds())
	}
	for _, g := range []struct {
		desc  *prometheus.Desc
		value float64
	}{{recipients, float64(w.recipients)}, {deferred, float64(w.deferred)}, {uncertain, float64(w.uncertain)}, {oldest, age(w.oldest)},
		{notices, float64(w.notices)}, {oldestNotice, age(w.oldestNotice)}} {
		all <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, g.value)
	}
	collectFleet(all, w.fleet)
}

func (q *queue) read() (w waiting, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTime)
	defer cancel()
	open, err := backlog.Editions(ctx, q.ledger)
	if err != nil {
		return w, err
	}
	for _, e := range open {
		w.recipients += e.Left()
		w.oldest = earlier(w.oldest, e.Closed)
	}
	d, err := backlog.DeferredDeliveries(ctx, q.ledger)
	if err != nil {
		return w, err
	}
	w.deferred, w.oldest = d.Count, earlier(w.oldest, d.Oldest)
	held, err := backlog.UncertainDeliveries(ctx, q.ledger, time.UnixMicro(0))
	if err != nil {
		return w, err
	}
	for _, u := range held {
		w.uncertain += u.Count
	}
	n, err := backlog.WaitingNotices(ctx, q.ledger)
	if err != nil {
		return w, err
	}
	if w.notices, w.oldestNotice = n.Waiting+n.Deferred, n.Oldest; q.fleet != nil {
		w.fleet, err = q.fleet(ctx)
	}
	return w, err
}

// earlier returns the earlier of two times that are not zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
