package ledgertest

import (
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
)

// Words above editions are used once in each cadence and language.
func testIntros(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 2)
	hash := []byte{1, 2, 3}
	e := ledger.Edition{Cadence: "daily", Closed: Noon, Through: 2, Posts: []string{"b", "a"}, Intro: hash}
	Must(t, l.CloseEditions(ctx, &e))
	for _, c := range []struct {
		cadence, language string
		hash              []byte
		used              bool
	}{{"daily", "", hash, true}, {"weekly", "", hash, false}, {"daily", "de", hash, false}, {"daily", "", []byte{1}, false}} {
		Want(t, c.used)(l.IntroUsed(ctx, c.cadence, c.language, c.hash))
	}
	stored, err := l.Edition(ctx, e.Number)
	Must(t, err)
	if string(stored.Intro) != string(hash) {
		t.Errorf("the edition has %v", stored.Intro)
	}
	again := ledger.Edition{Cadence: "daily", Closed: Noon, Through: 2, Posts: []string{"b"}}
	Must(t, l.CloseEditions(ctx, &again))
	if stored, err = l.Edition(ctx, again.Number); err != nil || stored.Intro != nil {
		t.Errorf("the next edition has %v, %v", stored.Intro, err)
	}

	Want(t, e.Number)(l.FirstEdition(ctx, "b", 2))
	Want(t, int64(0))(l.FirstEdition(ctx, "c", 1))
	Want(t, int64(0))(l.FirstEdition(ctx, "b", 3)) // a post with a higher number cannot be in them
	Want(t, true)(l.CancelEdition(ctx, e.Number, ledger.Audience{Cadence: "daily"}, Noon))
	Want(t, again.Number)(l.FirstEdition(ctx, "b", 2))
}

// The highest count of a day stays.
func testFeedReaders(t *testing.T, open Open) {
	l := open(t)
	row := func(day, service string, n int64) ledger.FeedReaders {
		return ledger.FeedReaders{Day: day, Feed: "feed.xml", Service: service, Readers: n}
	}
	Must(t, l.SaveFeedReaders(ctx, []ledger.FeedReaders{row("2026-06-02", "", 4), row("2026-06-01", "Feedly", 9), row("2025-01-01", "", 1)}, ""))
	Must(t, l.SaveFeedReaders(ctx, []ledger.FeedReaders{row("2026-06-01", "Feedly", 3), row("2026-06-02", "", 5)}, "2026-01-01"))
	Want(t, []ledger.FeedReaders{row("2026-06-01", "Feedly", 9), row("2026-06-02", "", 5)})(l.FeedReaders(ctx, ""))
	Want(t, []ledger.FeedReaders{row("2026-06-02", "", 5)})(l.FeedReaders(ctx, "2026-06-02"))
}

// A subscriber has a few feeds of their own, and ends them.
func testOwnFeeds(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "ada@example.com"}, imports.Row{Email: "bob@example.com"})
	ada, bob := Subscriber(t, l, "ada@example.com").ID, Subscriber(t, l, "bob@example.com").ID
	var secrets []string
	var made []time.Time
	for i := range signups.MaxOwnFeeds {
		secret, at := mailtoken.NewSecret(), Noon.Add(time.Duration(i)*time.Hour)
		Want(t, true)(signups.AddOwnFeed(ctx, l, ada, secret, at))
		secrets, made = append(secrets, secret), append(made, at)
	}
	Want(t, false)(signups.AddOwnFeed(ctx, l, ada, mailtoken.NewSecret(), Noon))
	Want(t, true)(signups.AddOwnFeed(ctx, l, bob, mailtoken.NewSecret(), Noon))
	Want(t, false)(signups.AddOwnFeed(ctx, l, 12345, mailtoken.NewSecret(), Noon))
	all, err := signups.OwnFeeds(ctx, l, ada)
	Must(t, err)
	for i, at := range all {
		if !at.Equal(made[i]) || len(all) != len(made) {
			t.Errorf("made %v, want %v", all, made)
		}
	}
	token, err := l.FindToken(ctx, ledger.TokenFeed, secrets[0], Noon.AddDate(50, 0, 0))
	if err != nil || token == nil || token.Subscriber != ada {
		t.Fatalf("%+v, %v", token, err)
	}
	Must(t, signups.EndOwnFeeds(ctx, l, ada, Noon))
	if token, err := l.FindToken(ctx, ledger.TokenFeed, secrets[0], Noon); err != nil || token != nil {
		t.Errorf("it goes on: %+v, %v", token, err)
	}
	if left, err := signups.OwnFeeds(ctx, l, bob); err != nil || len(left) != 1 {
		t.Errorf("another's: %v, %v", left, err)
	}
	if events, err := l.Events(ctx, "feed.ended", Noon); err != nil || len(events) != 1 || events[0].Subscriber != ada {
		t.Errorf("%+v, %v", events, err)
	}
	Want(t, true)(l.SetStatus(ctx, "ada@example.com", ledger.Removed, "weekly", Noon))
	Want(t, false)(signups.AddOwnFeed(ctx, l, ada, mailtoken.NewSecret(), Noon))
}
