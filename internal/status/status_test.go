package status_test

import (
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/status"
)

var noon = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newLedger has an edition for two subscribers.
func newLedger(t *testing.T) (*config.Config, *ledger.Ledger) {
	t.Helper()
	cfg, err := config.Parse("config.yaml", []byte("site: {url: https://blog.example.com}\n"), func(string) (string, bool) { return "", false })
	must(t, err)
	l, err := sqlite.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	rows := func(yield func(imports.Row, error) bool) {
		_ = yield(imports.Row{Email: "ada@example.com"}, nil) && yield(imports.Row{Email: "ben@example.com"}, nil)
	}
	_, err = imports.Run(t.Context(), l, rows, imports.Options{DefaultCadence: "weekly", Now: noon})
	must(t, err)
	must(t, l.SavePosts(t.Context(), []ledger.Post{{ID: "a", Stage: ledger.Numbered}}))
	must(t, l.CloseEditions(t.Context(), &ledger.Edition{Cadence: "weekly", Subject: "News", Closed: noon, Through: 1, Recipients: 2}))
	return cfg, l
}

func record(t *testing.T, l *ledger.Ledger, subscriber int64, s ledger.DeliveryStatus, reply string) {
	t.Helper()
	begun, err := l.Record(t.Context(), nil, &ledger.Intent{Edition: 1, Subscriber: subscriber, Through: 1, At: noon})
	must(t, err)
	if !begun {
		t.Fatal("not begun")
	}
	_, err = l.Record(t.Context(), &ledger.Result{Edition: 1, Subscriber: subscriber, Status: s, At: noon, Next: noon.Add(time.Hour), Code: 450, Reply: reply}, nil)
	must(t, err)
}

func kinds(r *status.Report) (all []status.Kind) {
	for _, f := range r.Findings {
		all = append(all, f.Kind)
	}
	return all
}

func TestFindings(t *testing.T) {
	const serve = "publisher serve (process 1)"
	looked := func(t *testing.T, l *ledger.Ledger, at time.Time) {
		must(t, passstate.SaveLastPass(t.Context(), l, passstate.LastPass{Began: at, Ended: at, Command: "serve"}))
	}
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, l *ledger.Ledger)
		running string
		state   status.State
		want    status.Kind // ""  for none
	}{
		"under way":       {func(t *testing.T, l *ledger.Ledger) { record(t, l, 1, ledger.Sent, "") }, serve, status.Well, ""},
		"nobody sends it": {func(t *testing.T, l *ledger.Ledger) {}, "", status.Failing, status.KindIdle},
		"deferred":        {func(t *testing.T, l *ledger.Ledger) { record(t, l, 1, ledger.Deferred, "busy") }, serve, status.Failing, status.KindDeferred},
		"uncertain":       {func(t *testing.T, l *ledger.Ledger) { record(t, l, 1, ledger.Uncertain, "") }, serve, status.Held, status.KindUncertain},
		"stopped": {func(t *testing.T, l *ledger.Ledger) {
			_, _, err := l.RecordStop(t.Context(), 1, "2026-06-01", false)
			must(t, err)
		}, serve, status.Failing, status.KindStopped},
		"a fault": {func(t *testing.T, l *ledger.Ledger) {
			must(t, passstate.SaveFaults(t.Context(), l, noon, map[string]string{"the mailbox": "it is away\nhint: bring it back", "mail": ""}))
		}, serve, status.Failing, status.KindFault},
		"a fault that is over": {func(t *testing.T, l *ledger.Ledger) {
			must(t, passstate.SaveFaults(t.Context(), l, noon, map[string]string{"mail": "it is away"}))
			must(t, passstate.SaveFaults(t.Context(), l, noon, map[string]string{"mail": ""}))
		}, serve, status.Well, ""},
		"serve looks":         {func(t *testing.T, l *ledger.Ledger) { looked(t, l, noon.Add(-time.Minute)) }, serve, status.Well, ""},
		"serve does not look": {func(t *testing.T, l *ledger.Ledger) { looked(t, l, noon.Add(-time.Hour)) }, serve, status.Failing, status.KindAway},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, l := newLedger(t)
			tt.prepare(t, l)
			r, err := status.Make(t.Context(), status.Options{Config: cfg, Ledger: l, Now: noon, Running: tt.running})
			must(t, err)
			if found := kinds(r); r.State != tt.state || tt.want == "" && len(found) > 0 || tt.want != "" && (len(found) != 1 || found[0] != tt.want) {
				t.Errorf("%s: %v, want %s: %s", r.State, found, tt.state, tt.want)
			}
			for _, f := range r.Findings {
				if f.Hint == "" || f.Message == "" || f.Decide != (r.State == status.Held) {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// Editions take turns: the short one is done long before the long one.
func TestExpectedEnd(t *testing.T) {
	cfg, l := newLedger(t)
	must(t, l.CloseEditions(t.Context(), &ledger.Edition{Cadence: "daily", Subject: "More", Closed: noon, Through: 1, Recipients: 600}))
	must(t, l.LogSends(t.Context(), noon.Add(-59*time.Second), 59))
	r, err := status.Make(t.Context(), status.Options{Config: cfg, Ledger: l, Now: noon, Running: "publisher run"})
	must(t, err)
	if len(r.Editions) != 2 || r.Rate != 1 {
		t.Fatalf("%+v", r)
	}
	for i, want := range []time.Duration{4 * time.Second, 602 * time.Second} {
		if got := r.Editions[i].End; got != noon.Add(want).Format(time.RFC3339) {
			t.Errorf("edition %d ends at %s, want after %v", i+1, got, want)
		}
	}
}
