package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/metrics"
)

// The names are as `promtool check metrics` wants them, and what was counted is there.
func TestMetrics(t *testing.T) {
	m := metrics.New()
	l, err := sqlite.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	if err := noticequeue.Plan(t.Context(), l, noticequeue.Notice{Kind: noticequeue.Confirm, Email: "ada@example.com", Created: now.Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	end := m.Watch(l, func() time.Time { return now }, nil)
	m.Passed(metrics.Pass{Result: metrics.PassDone, Took: time.Second, Ended: now, Posts: 12, New: 2, FeedFiles: 3})
	m.Delivered(ledger.Sent)
	m.Delivered("no such result")
	m.Committed(time.Millisecond)
	m.Replied(50 * time.Millisecond)
	m.Connected(true)
	m.Connected(true)
	m.Connected(false)
	m.NoticeEnded(noticequeue.Confirm, noticequeue.Sent)
	m.SignedUp("taken")
	server := httptest.NewServer(m.Around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, "hello")
	})))
	defer server.Close()
	get(t, server.URL+"/secret-path?with=token")
	get(t, server.URL+"/away")
	text := get(t, server.URL+"/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	for _, line := range []string{
		`publisher_passes_total{result="done"} 1`, "publisher_pass_duration_seconds_sum 1", "publisher_last_pass_success_timestamp_seconds 1.7803152e+09",
		"publisher_posts 12", "publisher_new_posts_total 2", "publisher_feed_files_written_total 3",
		`publisher_deliveries_total{result="sent"} 1`, `publisher_deliveries_total{result="failed"} 0`,
		"publisher_commit_duration_seconds_count 1", "publisher_smtp_reply_duration_seconds_sum 0.05", "publisher_smtp_connections 1",
		`publisher_notices_total{kind="confirm",result="sent"} 1`, `publisher_signups_total{outcome="taken"} 1`,
		`publisher_http_requests_total{code="2xx"} 1`, `publisher_http_requests_total{code="4xx"} 1`, "publisher_http_request_duration_seconds_count 2",
		"publisher_queue_recipients 0", "publisher_queue_deferred_deliveries 0", "publisher_queue_notices 1", "publisher_queue_oldest_notice_age_seconds 60",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	for _, private := range []string{"ada@", "secret", "token", "Go-http-client"} {
		if strings.Contains(text, private) {
			t.Errorf("%q is in the metrics", private)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	end()
	if text := get(t, server.URL+"/metrics"); strings.Contains(text, "publisher_queue") || !strings.Contains(text, "publisher_posts 12") {
		t.Error("the queue is still read, or the others are gone")
	}
}

func get(t *testing.T, address string) string {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Of nil metrics everything can be counted.
func TestNoMetrics(t *testing.T) {
	var m *metrics.Metrics
	m.Passed(metrics.Pass{})
	m.Delivered(ledger.Sent)
	m.Committed(0)
	m.Replied(0)
	m.Connected(true)
	m.NoticeEnded(noticequeue.Confirm, noticequeue.Sent)
	m.SignedUp("taken")
	m.Watch(nil, nil, nil)()
}

// What is counted for each mail takes next to nothing.
func BenchmarkMail(b *testing.B) {
	m := metrics.New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			began := time.Now()
			m.Committed(time.Since(began))
			m.Delivered(ledger.Sent)
			m.Replied(time.Since(began))
		}
	})
}
