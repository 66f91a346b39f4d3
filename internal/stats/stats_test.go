package stats_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/stats"
)

func open(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// subscribe signs an address up on a page and confirms it.
func subscribe(t *testing.T, l *ledger.Ledger, email, page string, at time.Time) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(signups.Add(t.Context(), l, signups.Signup{Email: email, Page: page, How: signups.ByForm, At: at, Request: mailtoken.NewSecret()}))
	_, err := signups.Handle(t.Context(), l, 1000, at)
	must(err)
	due, err := noticequeue.Due(t.Context(), l, at, 10)
	must(err)
	for _, n := range due {
		secret := mailtoken.NewSecret()
		_, err := noticequeue.Begin(t.Context(), l, n.ID, signups.ConfirmTokens(n.Pending, secret, "482913", at), at)
		must(err)
		must(noticequeue.End(t.Context(), l, noticequeue.Result{ID: n.ID, Status: noticequeue.Sent, At: at}))
		s, err := signups.ConfirmToken(t.Context(), l, secret, "link", signups.ConfirmOptions{DefaultCadence: "weekly", Now: at})
		must(err)
		if s == nil || s.Status != ledger.Active {
			t.Fatalf("%s is not confirmed", email)
		}
	}
}

func TestMake(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin") // whose clocks change on March 29
	if err != nil {
		t.Fatal(err)
	}
	l := open(t)
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, zone)
	}
	subscribe(t, l, "ada@example.com", "https://blog.example/a/", at(3, 22, 23))
	subscribe(t, l, "bob@example.com", "https://blog.example/a/", at(3, 29, 23))
	subscribe(t, l, "eve@example.com", "https://blog.example/b/", at(3, 30, 0))
	subscribe(t, l, "old@example.com", "", at(1, 1, 0))
	if _, err := l.SetStatus(t.Context(), "bob@example.com", ledger.Bounced, "weekly", at(4, 1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := l.AddEvent(t.Context(), ledger.Event{At: at(4, 2, 0), Kind: "erased"}); err != nil {
		t.Fatal(err)
	}
	rows := []ledger.FeedReaders{
		{Day: "2026-03-29", Feed: "feed.xml", Service: "Feedly", Readers: 10},
		{Day: "2026-03-30", Feed: "feed.xml", Service: "Feedly", Readers: 20}, {Day: "2026-03-30", Feed: "feed.xml", Readers: 3},
		{Day: "2026-03-31", Feed: "feed.xml", Service: "Feedly", Readers: 24}, {Day: "2026-03-31", Feed: "feed.xml", Readers: 4},
		{Day: "2026-03-31", Feed: "feed.xml", Service: "Feedbin", Readers: 30}, {Day: "2026-03-30", Feed: "tags/go/feed.xml", Readers: 2},
	}
	for range 2 { // the same again changes nothing, and neither does a lower number
		if err := l.SaveFeedReaders(t.Context(), rows, "2020-01-01"); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, ledger.FeedReaders{Day: "2026-03-31", Feed: "feed.xml", Service: "Feedbin", Readers: 1})
	}
	got, err := stats.Make(t.Context(), l, stats.Options{By: stats.Week, Last: 3, Zone: zone, Now: at(4, 3, 12)})
	if err != nil {
		t.Fatal(err)
	}
	n := func(n int64) *int64 { return &n }
	want := &stats.Report{By: stats.Week, Periods: []stats.Period{
		{Start: "2026-03-16", Subscribers: 2, Joined: 1, Growth: 1},
		{Start: "2026-03-23", Subscribers: 3, Joined: 1, Growth: 1, FeedReaders: n(10)},
		{Start: "2026-03-30", Subscribers: 3, Joined: 1, Left: 1, LeftBy: map[string]int{"bounced": 1}, Erased: 1, FeedReaders: n(42)},
	}, Feeds: []stats.Feed{
		{Feed: "feed.xml", Day: "2026-03-31", Readers: 58, Services: []stats.Service{{"Feedbin", 30}, {"Feedly", 24}}, Others: 4},
		{Feed: "tags/go/feed.xml", Day: "2026-03-30", Readers: 2, Services: []stats.Service{}, Others: 2},
	}, Pages: []stats.Page{
		{Page: "https://blog.example/a/", Joined: 2, Active: 1}, {Page: "", Joined: 1, Active: 1}, {Page: "https://blog.example/b/", Joined: 1, Active: 1},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for by, first := range map[stats.By]string{stats.Day: "2026-04-01", stats.Month: "2026-02-01"} {
		r, err := stats.Make(t.Context(), l, stats.Options{By: by, Last: 3, Zone: zone, Now: at(4, 3, 12)})
		if err != nil || len(r.Periods) != 3 || r.Periods[0].Start != first {
			t.Errorf("by %s: %v %+v", by, err, r)
		}
	}
	if _, err := stats.Make(t.Context(), l, stats.Options{By: "year", Last: 3, Zone: zone, Now: at(4, 3, 12)}); err == nil {
		t.Error("a year is a period")
	}
	// Old counts go.
	if err := l.SaveFeedReaders(t.Context(), nil, "2026-03-31"); err != nil {
		t.Fatal(err)
	}
	if left, err := l.FeedReaders(t.Context(), ""); err != nil || len(left) != 3 {
		t.Errorf("%v, left: %v", err, left)
	}
}
