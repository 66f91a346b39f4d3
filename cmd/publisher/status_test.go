package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"publisher/internal/status"
)

// While mail goes out, status and /metrics say how far it is, and afterwards that nothing runs.
func TestStatusAndMetricsBesideServe(t *testing.T) {
	t.Parallel()
	g := startGate(t)
	const people, first = 60, 20
	list := "email\n"
	for i := range people {
		list += fmt.Sprintf("u%d@example.com\n", i)
	}
	s := newServed(t, "digest: {default: immediate, settle: 0s, start: 2020-01-01}\nsubscribers: {file: list.csv}\n"+
		"mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: "+strconv.Itoa(g.Port())+", tls: none, connections: 2}}\n", list)
	s.start()
	<-g.waiting
	for range first {
		g.pass <- struct{}{}
	}
	r, code := s.report()
	if code != exitDone || r.State != status.Well || len(r.Editions) != 1 || !strings.HasPrefix(r.Running, "publisher serve") {
		t.Fatalf("code %d, %+v", code, r)
	}
	// Of two connections, each may have one message in flight.
	if e := r.Editions[0]; e.Recipients != people || e.Sent < first-2 || e.Sent > first || e.Sent+e.Left+e.Uncertain != people || e.End == "" || r.Rate <= 0 {
		t.Errorf("under way: %+v at %v a second", e, r.Rate)
	}
	if out, _ := s.run("status"); !strings.Contains(out, "all is well") || !regexp.MustCompile(`edition 1 +immediate: \d+ of 60 sent, \d+ left, .* a second, done at about`).MatchString(out) {
		t.Errorf("it says\n%s", out)
	}
	if left := s.metric("publisher_queue_recipients"); left < people-first-2 || left > people-first+2 {
		t.Errorf("%v recipients are left in the metrics", left)
	}
	if n := s.metric("publisher_smtp_connections"); n < 1 || n > 2 {
		t.Errorf("%v connections in use", n)
	}
	close(g.pass)
	s.await("edition", nil)
	for name, want := range map[string]float64{
		`publisher_deliveries_total{result="sent"}`: people, `publisher_passes_total{result="done"}`: 1, "publisher_posts": 1,
		"publisher_smtp_reply_duration_seconds_count": people, "publisher_feed_files_written_total": 6,
	} {
		if got := s.metric(name); got < want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if s.metric("publisher_commit_duration_seconds_count") < people || s.metric("publisher_last_pass_success_timestamp_seconds") == 0 {
		t.Error("no commits, or no pass")
	}
	s.refusesMetrics()
	s.stop()
	r, code = s.report()
	if code != exitFailed || len(r.Findings) != 1 || r.Findings[0].Kind != status.KindAway || r.Running != "" {
		t.Errorf("after the end: code %d, %+v", code, r)
	}
}

// run runs a command beside the daemon.
func (s *served) run(args ...string) (out string, code int) {
	s.t.Helper()
	cmd := exec.Command("publisher", args...)
	cmd.Dir = s.dir
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func (s *served) report() (r status.Report, code int) {
	s.t.Helper()
	out, code := s.run("status", "--json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return r, code
}

// metric returns the value of a metric.
func (s *served) metric(name string) float64 {
	s.t.Helper()
	_, text := s.get("/metrics")
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return n
		}
	}
	s.t.Fatalf("no %s in\n%s", name, text)
	return 0
}

// refusesMetrics asks for the metrics as a proxy on this machine would for its clients.
func (s *served) refusesMetrics() {
	s.t.Helper()
	for name, change := range map[string]func(*http.Request){
		"a proxy":                  func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") },
		"another kind of proxy":    func(r *http.Request) { r.Header.Set("Forwarded", "for=127.0.0.1") },
		"another name":             func(r *http.Request) { r.Host = "news.example.com" },
		"an empty list of a proxy": func(r *http.Request) { r.Header["X-Forwarded-For"] = []string{""} },
	} {
		r, err := http.NewRequest("GET", s.base+"/metrics", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		change(r)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			s.t.Fatal(err)
		}
		if text := s.body(answer); answer.StatusCode != http.StatusNotFound || strings.Contains(text, "publisher_") {
			s.t.Errorf("%s gets %s", name, answer.Status)
		}
	}
}
