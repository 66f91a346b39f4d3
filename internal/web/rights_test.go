package web_test

import (
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
	"publisher/internal/racedetector"
)

// story tells what happens to Ann's subscription, a letter each: L leaves by the link, l by
// a GET of it, U undoes, u by a GET, C chooses daily, R the owner removes her, A the owner
// makes her active, I the owner imports her as active, X as unsubscribed, M and K a hard
// bounce and a complaint that the Message-ID proves, B and S that the return path does, and
// a digit is so many days.
func (w *world) story(t *testing.T, told string) {
	t.Helper()
	id := w.subscriber("ann@example.com").ID
	leave, choose := "/unsubscribe/"+w.tokens.Link(mailtoken.Unsubscribe, id), "/preferences/"+w.tokens.Link(mailtoken.Preferences, id)
	report := func(proof mailtoken.Purpose, complaint bool) {
		var err error
		if complaint {
			_, _, err = subscription.Do(t.Context(), w.ledger, subscription.Request{Subscriber: id, Proof: proof, Action: subscription.Complain, DefaultCadence: "weekly", At: w.now})
		} else {
			_, _, err = subscription.RecordBounce(t.Context(), w.ledger, subscription.Bounce{Subscriber: id, Edition: 1, Proof: proof, Hard: true, At: w.now})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	owner := func(status ledger.Status) {
		if _, err := w.ledger.SetStatus(t.Context(), "ann@example.com", status, "weekly", w.now); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range told {
		switch step {
		case 'L':
			wantStatus(t, w.post(leave, "List-Unsubscribe=One-Click"), 200)
		case 'l':
			wantStatus(t, w.get(leave+"?List-Unsubscribe=One-Click"), 200)
		case 'U':
			wantStatus(t, w.post(leave, "undo=1"), 200)
		case 'u':
			wantStatus(t, w.get(leave+"?undo=1"), 200)
		case 'C':
			wantStatus(t, w.post(choose, "cadence=daily&undo=1&status=active"), 200)
		case 'R':
			owner(ledger.Unsubscribed)
		case 'A':
			owner(ledger.Active)
		case 'I':
			w.subscribe(imports.Row{Email: "ann@example.com"})
		case 'X':
			w.subscribe(imports.Row{Email: "ann@example.com", Status: ledger.Unsubscribed})
		case 'M':
			report(mailtoken.MessageID, false)
		case 'K':
			report(mailtoken.MessageID, true)
		case 'B':
			report(mailtoken.ReturnPath, false)
		case 'S':
			report(mailtoken.ReturnPath, true)
		default:
			w.now = w.now.Add(time.Duration(step-'0') * 24 * time.Hour)
		}
	}
}

// mail sends Ann edition 1.
func (w *world) mail(t *testing.T) {
	t.Helper()
	id := w.subscriber("ann@example.com").ID
	e := ledger.Edition{Cadence: "weekly", Closed: w.now, Through: 1}
	if err := w.ledger.CloseEditions(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Record(t.Context(), nil, &ledger.Intent{Edition: e.Number, Subscriber: id, Through: 1, At: w.now}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Record(t.Context(), &ledger.Result{Edition: e.Number, Subscriber: id, Status: ledger.Sent, At: w.now}, nil); err != nil {
		t.Fatal(err)
	}
}

// What links in mail come to, over HTTP, and whether the page then offers to undo it.
func TestStoriesOfLinks(t *testing.T) {
	const active, gone = ledger.Active, ledger.Unsubscribed
	for i, test := range []struct {
		told   string
		want   ledger.Status
		offers bool
	}{
		{"", active, false}, {"l", active, false}, {"u", active, false}, {"C", active, false}, {"U", active, false},
		{"L", gone, true}, {"LL", gone, true}, {"Lu", gone, true}, {"LC", gone, true}, {"LI", gone, true}, {"LX", gone, true},
		{"LU", active, false}, {"LUU", active, false}, {"LUL", gone, true}, {"LULU", active, false}, {"L7U", active, false},
		{"L8", gone, false}, {"L8U", gone, false}, {"L8LU", gone, false}, {"L44U", gone, false}, {"L7", gone, true}, {"L7L1U", gone, false},
		{"L8AL1U", active, false}, {"L8AU", active, false},
		{"R", gone, false}, {"RU", gone, false}, {"RC", gone, false}, {"RLU", gone, false}, {"LRU", gone, false}, {"LRLU", gone, false},
		{"LRCU", gone, false}, {"LUR", gone, false}, {"LURU", gone, false}, {"RI", gone, false}, {"RIU", gone, false}, {"LRIU", gone, false},
		{"RAU", active, false}, {"RALU", active, false}, {"RAL8U", gone, false},
		{"X", gone, false}, {"XU", gone, false}, {"XLU", gone, false},
		{"M", gone, true}, {"MU", active, false}, {"M8U", gone, false}, {"MRU", gone, false}, {"RMU", gone, false}, {"99999M", active, false}, {"999MU", active, false},
		{"K", gone, true}, {"KU", active, false}, {"KMKU", active, false}, {"KRU", gone, false}, {"99999K", gone, true}, {"99999KU", active, false},
		{"B", ledger.Bounced, false}, {"BU", ledger.Bounced, false}, {"BLU", ledger.Bounced, false}, {"BC", ledger.Bounced, false}, {"BMKU", ledger.Bounced, false}, {"BRU", gone, false},
		{"9999B", active, false}, {"999B", ledger.Bounced, false}, {"LB", gone, true}, {"LBU", active, false},
		{"S", ledger.Complained, false}, {"SU", ledger.Complained, false}, {"SLU", ledger.Complained, false}, {"SRU", gone, false}, {"99999S", ledger.Complained, false},
		{"LSU", active, false}, {"MSU", active, false}, {"LUS", ledger.Complained, false},
	} {
		if racedetector.Enabled && i%6 != 0 {
			continue // one request after the other, each on a ledger of its own
		}
		t.Run(test.told, func(t *testing.T) {
			w := start(t, settings, nil)
			id := w.subscribe(imports.Row{Email: "ann@example.com"})
			w.mail(t)
			w.story(t, test.told)
			ann := w.subscriber("ann@example.com")
			if ann.Status != test.want {
				t.Errorf("ann is %s, want %s", ann.Status, test.want)
			}
			for _, page := range []string{"/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id), "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)} {
				if offers := strings.Contains(w.get(page).body, `name="undo"`); offers != test.offers {
					t.Errorf("%.14s offers to undo: %v, want %v", page, offers, test.offers)
				}
			}
			if daily := ann.Cadence == "daily"; daily != (test.told == "C") {
				t.Errorf("the cadence is %q", ann.Cadence)
			}
		})
	}
}

// Two processes at one moment: the owner removes whom a link is about to bring back.
func TestRemovalBesideUndo(t *testing.T) {
	times := 20
	if racedetector.Enabled {
		times = 4
	}
	for range times {
		w := start(t, settings, nil)
		link := unsubscribeLink(w, ledger.Active)
		wantStatus(t, w.post(link, "List-Unsubscribe=One-Click"), 200)
		done := make(chan response)
		go func() { done <- w.post(link, "undo=1") }()
		if _, err := w.ledger.SetStatus(t.Context(), "ann@example.com", ledger.Unsubscribed, "weekly", w.now); err != nil {
			t.Fatal(err)
		}
		<-done
		wantSubscription(t, w, ledger.Unsubscribed)
	}
}
