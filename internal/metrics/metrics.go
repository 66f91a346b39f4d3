// Package metrics counts what the program does, for Prometheus. No label holds anything about a
// person, a page or a client, and each has few values.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
)

// Metrics are the metrics of one process. A nil *Metrics counts nothing.
type Metrics struct {
	registry *prometheus.Registry
	queue    *queue

	passes       *prometheus.CounterVec
	passDuration prometheus.Histogram
	lastSuccess  prometheus.Gauge
	posts        prometheus.Gauge
	newPosts     prometheus.Counter
	feedFiles    prometheus.Counter
	deliveries   map[ledger.DeliveryStatus]prometheus.Counter
	commit       prometheus.Histogram
	reply        prometheus.Histogram
	connections  prometheus.Gauge
	notices      *prometheus.CounterVec
	signups      *prometheus.CounterVec
	requests     [6]prometheus.Counter // by the first digit of the status; 0: the client got none
	request      prometheus.Histogram
}

// fast are the buckets of what takes microseconds at best, slow those of what takes minutes at
// worst.
var (
	fast = prometheus.ExponentialBuckets(0.0001, 2.5, 13)
	slow = prometheus.ExponentialBuckets(0.001, 4, 11)
)

// New returns metrics that have counted nothing yet.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), queue: new(queue), deliveries: map[ledger.DeliveryStatus]prometheus.Counter{}}
	m.passes = counters("passes_total", "Passes over the content, by result.", "result")
	m.passDuration = histogram("pass_duration_seconds", "How long passes took, without their mail.", slow)
	m.lastSuccess = gauge("last_pass_success_timestamp_seconds", "When a pass last ended without a failure.")
	m.posts = gauge("posts", "Posts in the content folder.")
	m.newPosts = counter("new_posts_total", "Posts that were seen for the first time.")
	m.feedFiles = counter("feed_files_written_total", "Feed files that were written.")
	deliveries := counters("deliveries_total", "Attempts to deliver an edition to a subscriber, by result.", "result")
	for _, status := range []ledger.DeliveryStatus{ledger.Sent, ledger.Deferred, ledger.Failed, ledger.Uncertain} {
		m.deliveries[status] = deliveries.WithLabelValues(string(status))
	}
	m.commit = histogram("commit_duration_seconds", "How long a connection waited until a result and an intent were durable.", fast)
	m.reply = histogram("smtp_reply_duration_seconds", "How long the mail server took to reply to a message.", fast)
	m.connections = gauge("smtp_connections", "Connections to the mail server in use.")
	m.notices = counters("notices_total", "Attempts to send a mail to one person, by kind and result.", "kind", "result")
	m.signups = counters("signups_total", "Requests to subscribe on the web, by outcome, and confirmations.", "outcome")
	requests := counters("http_requests_total", "Requests that the web server answered, by class of the status.", "code")
	for i, class := range [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		m.requests[i] = requests.WithLabelValues(class)
	}
	m.request = histogram("http_request_duration_seconds", "How long the web server took to answer.", fast)
	m.registry.MustRegister(m.queue, m.passes, m.passDuration, m.lastSuccess, m.posts, m.newPosts, m.feedFiles, deliveries, m.commit, m.reply,
		m.connections, m.notices, m.signups, requests, m.request,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

const namespace = "publisher"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
}

// PassResult is how a pass ended.
type PassResult string

// The results of passes.
const (
	PassDone   PassResult = "done"
	PassFailed PassResult = "failed"
	PassHeld   PassResult = "held" // it waits for a person
)

// Pass is what a pass did.
type Pass struct {
	Result     PassResult
	Took       time.Duration
	Ended      time.Time
	Posts, New int
	FeedFiles  int // written
}

// Passed counts a pass.
func (m *Metrics) Passed(p Pass) {
	if m == nil {
		return
	}
	m.passes.WithLabelValues(string(p.Result)).Inc()
	m.passDuration.Observe(p.Took.Seconds())
	m.newPosts.Add(float64(p.New))
	m.feedFiles.Add(float64(p.FeedFiles))
	if p.Result != PassFailed {
		m.lastSuccess.Set(float64(p.Ended.Unix()))
		m.posts.Set(float64(p.Posts))
	}
}

// Delivered counts the result of an attempt to deliver.
func (m *Metrics) Delivered(status ledger.DeliveryStatus) {
	if m == nil {
		return
	}
	if c := m.deliveries[status]; c != nil {
		c.Inc()
	}
}

// Committed counts a durable step.
func (m *Metrics) Committed(took time.Duration) {
	if m != nil {
		m.commit.Observe(took.Seconds())
	}
}

// Replied counts a reply to a message.
func (m *Metrics) Replied(took time.Duration) {
	if m != nil {
		m.reply.Observe(took.Seconds())
	}
}

// Connected counts a connection to the mail server that begins, or ends.
func (m *Metrics) Connected(begins bool) {
	switch {
	case m == nil:
	case begins:
		m.connections.Inc()
	default:
		m.connections.Dec()
	}
}

// NoticeEnded counts the result of an attempt to send a notice.
func (m *Metrics) NoticeEnded(kind noticequeue.Kind, status noticequeue.Status) {
	if m != nil {
		m.notices.WithLabelValues(string(kind), string(status)).Inc()
	}
}

// SignedUp counts a request to subscribe. The outcomes are those of package web.
func (m *Metrics) SignedUp(outcome string) {
	if m != nil {
		m.signups.WithLabelValues(outcome).Inc()
	}
}
