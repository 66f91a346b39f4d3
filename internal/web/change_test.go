package web_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/web"
)

// lock locks the ledger as another program does, until unlock is called.
func (w *world) lock() (unlock func()) {
	w.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(filepath.Dir(w.dir), "publisher.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if _, err := db.Exec("ROLLBACK"); err != nil {
			w.t.Error(err)
		}
		db.Close()
	}
}

// hangUp posts a form and leaves at once; it returns when the server knows that.
func (w *world) hangUp(addr, path, form string) {
	w.t.Helper()
	before := strings.Count(w.log.String(), "msg=request")
	conn := dial(w.t, addr)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(form), form)
	conn.Close()
	w.await(func() bool { return strings.Count(w.log.String(), "msg=request") > before })
}

func (w *world) await(there func() bool) {
	w.t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(patience); !there(); <-poll.C {
		if time.Now().After(end) {
			w.t.Fatal("it does not come")
		}
	}
}

// Who asks for a change and hangs up while the ledger is locked gets it, also when the
// server is told to end meanwhile.
func TestChangesOutliveTheirClients(t *testing.T) {
	w := start(t, settings, nil)
	w.level.Set(slog.LevelDebug) // it awaits lines of the log
	addr, stop := serve(t, w.handler, web.Timeouts{Grace: patience})
	ids := map[string]int64{}
	for _, name := range []string{"one-click", "undo", "preferences"} {
		ids[name] = w.subscribe(imports.Row{Email: name + "@example.com", Cadence: "daily"})
	}
	w.post("/unsubscribe/"+w.tokens.Link(mailtoken.Unsubscribe, ids["undo"]), "")
	unlock := w.lock()
	w.hangUp(addr, "/unsubscribe/"+w.tokens.Link(mailtoken.Unsubscribe, ids["one-click"]), "List-Unsubscribe=One-Click")
	w.hangUp(addr, "/unsubscribe/"+w.tokens.Link(mailtoken.Unsubscribe, ids["undo"]), "undo=1")
	w.hangUp(addr, "/preferences/"+w.tokens.Link(mailtoken.Preferences, ids["preferences"]), "cadence=immediate")
	if got := w.subscriber("one-click@example.com").Status; got != ledger.Active {
		t.Fatalf("the ledger is not locked: %s", got)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	unlock()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	for name, want := range map[string]ledger.Status{"one-click": ledger.Unsubscribed, "undo": ledger.Active} {
		if got := w.subscriber(name + "@example.com").Status; got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := w.subscriber("preferences@example.com").Cadence; got != "immediate" {
		t.Errorf("preferences: %s", got)
	}
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Error(w.log.String())
	}
}

// What cannot be done is logged, without the address and the token.
func TestChangeThatCannotBeDone(t *testing.T) {
	w := start(t, settings, nil)
	w.level.Set(slog.LevelDebug) // it awaits lines of the log
	addr, stop := serve(t, w.handler, brief)
	link := unsubscribeLink(w, ledger.Active)
	unlock := w.lock()
	w.hangUp(addr, link, "List-Unsubscribe=One-Click")
	if err := stop(); err != nil {
		t.Error(err)
	}
	log := w.log.String()
	if !strings.Contains(log, `level=ERROR msg="cannot make a subscriber's change"`) {
		t.Errorf("the log does not say so:\n%s", log)
	}
	if strings.Contains(log, "ann@") || strings.Contains(log, link[len("/unsubscribe/"):]) {
		t.Errorf("the log names who it was:\n%s", log)
	}
	unlock()
	wantSubscription(t, w, ledger.Active)
}

// No more than a bounded number waits; who comes then is asked to come again.
func TestTooManyChanges(t *testing.T) {
	w := start(t, settings, nil)
	w.level.Set(slog.LevelDebug) // it awaits lines of the log
	link := unsubscribeLink(w, ledger.Active)
	unlock := w.lock()
	const most = 1000
	addr, _ := serve(t, w.handler, web.Timeouts{})
	for range most {
		conn := dial(t, addr)
		io.WriteString(conn, "POST "+link+" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
		conn.Close()
	}
	w.await(func() bool { return strings.Count(w.log.String(), "msg=request") == most })
	res := w.post(link, "List-Unsubscribe=One-Click")
	wantStatus(t, res, 503)
	if res.Header.Get("Retry-After") == "" || !strings.Contains(w.log.String(), "too many are pending") {
		t.Errorf("%v", res.Header)
	}
	unlock()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w.handler.(*web.Handler).Drain(ctx)
	wantSubscription(t, w, ledger.Unsubscribed)
	wantStatus(t, w.post(link, "undo=1"), 200)
}

func TestAPanicEndsOneChangeOnly(t *testing.T) {
	broken := true
	w := start(t, settings, func(o *web.Options) {
		o.Tags = func(context.Context, string) ([]string, error) {
			if broken {
				panic("broken")
			}
			return []string{"go"}, nil
		}
	})
	id := w.subscribe(imports.Row{Email: "ann@example.com"})
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	form := url.Values{"tags": {"1"}, "tag": {"go"}}.Encode()
	wantStatus(t, w.post(link, form), 500)
	broken = false
	wantStatus(t, w.post(link, form), 200)
	if got := w.subscriber("ann@example.com").Tags; len(got) != 1 {
		t.Errorf("%q", got)
	}
}
