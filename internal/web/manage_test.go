package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/web"
)

// token stores a token as a mail has it, and returns its secret.
func (w *world) token(subscriber int64, p ledger.TokenPurpose, data string) string {
	w.t.Helper()
	secret, lasts := mailtoken.NewSecret(), 7*24*time.Hour
	if p == ledger.TokenManage {
		lasts = time.Hour
	}
	added, err := w.ledger.AddToken(w.t.Context(), ledger.Token{Secret: secret, Purpose: p, Subscriber: subscriber, Data: data, Expires: w.now.Add(lasts)}, w.now)
	if err != nil || !added {
		w.t.Fatal(added, err)
	}
	return secret
}

// notices returns the kinds of the notices that are due and their addresses, and forgets them.
func (w *world) notices() (all []string) {
	w.t.Helper()
	due, err := noticequeue.Due(w.t.Context(), w.ledger, w.now, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range due {
		all = append(all, string(n.Kind)+" "+n.Email)
		if err := noticequeue.End(w.t.Context(), w.ledger, noticequeue.Result{ID: n.ID, Status: noticequeue.Sent, At: w.now}); err != nil {
			w.t.Fatal(err)
		}
	}
	return all
}

func (w *world) wantNotices(want ...string) {
	w.t.Helper()
	if got := strings.Join(w.notices(), ", "); got != strings.Join(want, ", ") {
		w.t.Errorf("due are the mails %q, want %q", got, want)
	}
}

// ann adds Ann and returns her links.
func (w *world) ann() (id int64, preferences, unsubscribe string) {
	w.t.Helper()
	id = w.subscribe(imports.Row{Email: "ann@example.com", Cadence: "daily", Tags: []string{"go"}})
	return id, "/preferences/" + w.tokens.Link(mailtoken.Preferences, id), "/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id)
}

// wantPage checks a page for one person: its status, that nobody keeps it, and what it says.
func wantPage(t *testing.T, res response, status int, texts ...string) {
	t.Helper()
	wantStatus(t, res, status)
	if res.Header.Get("Cache-Control") != "no-store" || !strings.Contains(res.Header.Get("X-Robots-Tag"), "noindex") || res.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", res.Header)
	}
	for _, text := range texts {
		if !strings.Contains(res.body, text) {
			t.Errorf("the page has no %q:\n%s", text, res.body)
		}
	}
	if strings.Contains(res.body, "ann@") {
		t.Errorf("the page shows an address:\n%s", res.body)
	}
}

func TestPause(t *testing.T) {
	w := start(t, settings, nil)
	_, preferences, _ := w.ann()
	wantPage(t, w.get(preferences), 200, `value="week"`, `min="2026-11-23" max="2027-11-22"`)
	for _, test := range []struct {
		form  string
		until time.Time
	}{
		{"pause=week", day.AddDate(0, 0, 7)}, {"pause=month", day.AddDate(0, 1, 0)},
		{"pause=day&until=2027-11-22", time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC)},
		{"pause=day&until=2026-11-23", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)},
	} {
		wantPage(t, w.post(preferences, test.form), 200, "No mail comes until", `value="end"`)
		if got := w.subscriber("ann@example.com").PausedUntil; !got.Equal(test.until) {
			t.Errorf("%s: until %s, want %s", test.form, got, test.until)
		}
	}
	before := *w.subscriber("ann@example.com")
	w.get(preferences + "?pause=end")
	for _, form := range []string{"pause=day", "pause=day&until=", "pause=day&until=2026-11-22", "pause=day&until=2027-11-23", "pause=day&until=soon", "pause=year"} {
		wantStatus(t, w.post(preferences, form), 422)
	}
	if after := *w.subscriber("ann@example.com"); !after.PausedUntil.Equal(before.PausedUntil) || after.Cadence != "daily" {
		t.Errorf("%+v", after)
	}
	wantPage(t, w.post(preferences, "pause=end"), 200, "The pause is over")
	wantPage(t, w.post(preferences, "pause=day&until=2026-11-22"), 422, `role="alert"`, `aria-invalid="true"`)
	if got := w.subscriber("ann@example.com").PausedUntil; !got.IsZero() {
		t.Errorf("until %s", got)
	}
}

// After leaving, one press brings less mail instead of none, and a line tells the owner why.
func TestLeavingInstead(t *testing.T) {
	w := start(t, strings.Replace(settings, "default: weekly", `default: weekly, cadences: {immediate: "", daily: 0 8 * * *, weekly: 0 8 * * MON, monthly: 0 8 1 * *}`, 1), nil)
	_, _, unsubscribe := w.ann()
	left := w.post(unsubscribe, "List-Unsubscribe=One-Click")
	wantPage(t, left, 200, `name="instead" value="weekly"`, `name="instead" value="monthly"`, "Once a month", `name="pause" value="month"`, `name="reason"`)
	if strings.Contains(left.body, `value="immediate"`) || strings.Contains(left.body, `value="daily"`) {
		t.Errorf("more mail is offered:\n%s", left.body)
	}
	w.wantNotices()
	wantPage(t, w.post(unsubscribe, "instead=monthly"), 200, "You are subscribed again")
	if ann := w.subscriber("ann@example.com"); ann.Status != ledger.Active || ann.Cadence != "monthly" || ann.Paused(w.now) {
		t.Errorf("%+v", ann)
	}
	w.post(unsubscribe, "")
	wantPage(t, w.post(unsubscribe, "pause=month"), 200, "You are subscribed again")
	if ann := w.subscriber("ann@example.com"); ann.Status != ledger.Active || !ann.PausedUntil.Equal(day.AddDate(0, 1, 0)) {
		t.Errorf("%+v", ann)
	}
	// What no page offers is one-click.
	w.post(unsubscribe, "instead=never")
	wantSubscription(t, w, ledger.Unsubscribed)
	w.now = w.now.Add(8 * 24 * time.Hour)
	if late := w.post(unsubscribe, "instead=monthly"); strings.Contains(late.body, `name="instead"`) {
		t.Errorf("too late, and offered again:\n%s", late.body)
	}
	wantSubscription(t, w, ledger.Unsubscribed)
	w.wantNotices()
}

// A cadence is not rarer than itself, however long the page takes to make, nor than one at another
// hour of the same days.
func TestRarer(t *testing.T) {
	w := start(t, strings.Replace(settings, "default: weekly", "default: weekly, cadences: {early: 0 6 * * *, daily: 0 8 * * *, late: 0 23 * * *, weekly: 0 8 * * MON}", 1),
		func(o *web.Options) { o.Now = time.Now })
	_, _, unsubscribe := w.ann()
	left := w.post(unsubscribe, "")
	if !strings.Contains(left.body, `name="instead" value="weekly"`) || strings.Count(left.body, `name="instead"`) != 1 {
		t.Errorf("daily has other rarer cadences than weekly:\n%s", left.body)
	}
}

func TestReasonForLeaving(t *testing.T) {
	w := start(t, settings, nil)
	id, _, unsubscribe := w.ann()
	w.post(unsubscribe, "")
	for _, reason := range []string{"first", "Too%00 much%0D%0Amail%E2%80%AE<script>alert(1)</script>" + strings.Repeat("%C3%A9", 300)} {
		wantPage(t, w.post(unsubscribe, "reason="+reason), 200, "That has been passed on", `name="undo"`)
	}
	events, err := w.ledger.Events(t.Context(), "reason", day)
	if err != nil || len(events) != 1 || events[0].Subscriber != id {
		t.Fatalf("%+v, %v", events, err)
	}
	text := events[0].Data["text"]
	if !strings.HasPrefix(text, "Too much mail<script>alert(1)</script>\u00e9") || len([]rune(text)) != 200 {
		t.Errorf("%q", text)
	}
	if strings.Contains(w.log.String(), "alert") {
		t.Error("the log has it")
	}
	w.wantNotices()
}

// A fresh link goes to the address on file, three times a day, and the page says no more.
func TestFreshLink(t *testing.T) {
	w := start(t, settings, nil)
	id, preferences, unsubscribe := w.ann()
	w.get(preferences + "?manage=1")
	w.wantNotices()
	for range 2 {
		wantPage(t, w.post(preferences, "manage=1"), 200, "on its way to a…@example.com")
		w.wantNotices("manage ann@example.com")
	}
	w.post(unsubscribe, "")
	wantPage(t, w.post(preferences, "manage=1"), 200, "on its way to a…@example.com", "You are unsubscribed")
	w.wantNotices("manage ann@example.com")
	wantPage(t, w.post(preferences, "manage=1"), 200, "Three links went")
	w.wantNotices()

	link := "/manage/" + w.token(id, ledger.TokenManage, "")
	for range 2 { // looking does not use it up, nor does what is not understood
		wantPage(t, w.get(link), 200, `value="data"`, `value="erase"`)
		wantStatus(t, w.post(link, "act=x"), 400)
		wantStatus(t, w.post(link, "act=erase"), 422)
	}
	if page := w.get(link).body; strings.Contains(page, `value="move"`) {
		t.Errorf("who has left is asked for another address:\n%s", page)
	}
	w.now = w.now.Add(time.Hour)
	unknown := w.get("/manage/" + mailtoken.NewSecret())
	for _, res := range []response{w.get(link), w.post(link, "act=erase&sure=1"), w.get("/manage/x"), w.post("/manage/x", "act=data"), w.get("/manage/"), w.get(link + "/x"), w.get("/manage/%00%ff")} {
		wantPage(t, res, 404, "This link no longer works")
		if res.body != unknown.body {
			t.Error("old and unknown links get different pages")
		}
	}
	if w.subscriber("ann@example.com").Status != ledger.Unsubscribed {
		t.Error("an old link did something")
	}
}

func TestMyData(t *testing.T) {
	w := start(t, settings, nil)
	id, _, _ := w.ann()
	link := "/manage/" + w.token(id, ledger.TokenManage, "")
	res := w.post(link, "act=data")
	wantStatus(t, res, 200)
	if res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Content-Disposition") != `attachment; filename="my-data.json"` || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", res.Header)
	}
	var data map[string][]map[string]any
	if err := json.Unmarshal([]byte(res.body), &data); err != nil {
		t.Fatal(err)
	}
	if len(data["subscription"]) != 1 || data["subscription"][0]["email"] != "ann@example.com" || data["subscription"][0]["cadence"] != "daily" {
		t.Errorf("%s", res.body)
	}
	wantPage(t, w.post(link, "act=data"), 404, "This link no longer works")
	wantPage(t, w.get(link), 404)
}

func TestEraseMe(t *testing.T) {
	w := start(t, settings, nil)
	id, preferences, unsubscribe := w.ann()
	link := "/manage/" + w.token(id, ledger.TokenManage, "")
	wantPage(t, w.post(link, "act=erase"), 422, `role="alert"`)
	wantPage(t, w.post(link, "act=erase&sure=1"), 200, "Everything is erased")
	if s, err := w.ledger.SubscriberByID(t.Context(), id); s != nil || err != nil {
		t.Errorf("%+v, %v", s, err)
	}
	if erased, err := erasure.Erased(t.Context(), w.ledger, "ann@example.com"); !erased || err != nil {
		t.Error(erased, err)
	}
	w.wantNotices()
	for _, path := range []string{preferences, unsubscribe} {
		wantPage(t, w.get(path), 404, "This link does not work")
		wantPage(t, w.post(path, ""), 404, "This link does not work")
	}
	wantPage(t, w.post(link, "act=erase&sure=1"), 404)
	if log := w.log.String(); strings.Contains(log, "ann@") || strings.Contains(log, link[len("/manage/"):]) {
		t.Errorf("the log has the address or the token:\n%s", log)
	}
}

// A change of address takes two mailboxes, and can be taken back from the old one.
func TestChangeOfAddress(t *testing.T) {
	w := start(t, settings, nil)
	id, _, unsubscribe := w.ann()
	link := "/manage/" + w.token(id, ledger.TokenManage, "")
	for _, form := range []string{"act=move", "act=move&email=", "act=move&email=x", "act=move&email=a@b%0D%0ABcc:c@d", "act=move&email=ANN@example.com", "act=move&email=" + strings.Repeat("a", 300) + "@example.com"} {
		res := w.post(link, form)
		wantStatus(t, res, 422)
		if !strings.Contains(res.body, `aria-invalid="true"`) {
			t.Errorf("%s:\n%s", form, res.body)
		}
	}
	w.wantNotices()
	wantPage(t, w.post(link, "act=move&email=eve@example.net"), 200, "A mail to e…@example.net asks")
	w.wantNotices("address eve@example.net")
	if w.subscriber("ann@example.com").ID != id {
		t.Error("it changed at once")
	}
	wantPage(t, w.post(link, "act=move&email=eve@example.net"), 404)

	confirm := "/address/" + w.token(id, ledger.TokenAddress, "eve@example.net")
	for range 2 {
		wantPage(t, w.get(confirm), 200, "Is this your new address?", "e…@example.net")
		w.do("HEAD", confirm, "")
	}
	w.wantNotices()
	for range 2 { // once more does no harm
		wantPage(t, w.post(confirm, ""), 200, "Your address is changed", `/preferences/`)
	}
	w.wantNotices("moved ann@example.com")
	if w.subscriber("eve@example.net").ID != id || w.subscriber("ann@example.com").Status != ledger.Unsubscribed {
		t.Error("it did not change")
	}
	back := "/take-back/" + w.token(id, ledger.TokenTakeBack, "ann@example.com")
	wantPage(t, w.get(back), 200, "Do you want to take the change back?", "a…@example.com")
	wantPage(t, w.post(back, ""), 200, "The change is taken back")
	if ann := w.subscriber("ann@example.com"); ann.ID != id || ann.Status != ledger.Active {
		t.Errorf("%+v", ann)
	}
	wantPage(t, w.post(confirm, ""), 404, "This link no longer works")
	// Links in mails to any of the addresses go on to work.
	wantPage(t, w.post(unsubscribe, ""), 200, "You are unsubscribed")
}

// What is known of the new address cannot be learned from the answer.
func TestChangeOfAddressRevealsNothing(t *testing.T) {
	w := start(t, settings, nil)
	id, _, _ := w.ann()
	w.subscribe(imports.Row{Email: "known@example.net"})
	w.subscribe(imports.Row{Email: "kloft@example.net", Status: ledger.Unsubscribed})
	w.subscribe(imports.Row{Email: "krase@example.net"})
	if _, err := erasure.Erase(t.Context(), w.ledger, []string{"krase@example.net"}, w.now); err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, email := range []string{"knobo@example.net", "known@example.net", "kloft@example.net", "krase@example.net"} {
		res := w.post("/manage/"+w.token(id, ledger.TokenManage, ""), "act=move&email="+email)
		wantStatus(t, res, http.StatusOK)
		pages = append(pages, res.body)
		w.wantNotices("address " + email)
	}
	for _, page := range pages[1:] {
		if page != pages[0] {
			t.Errorf("pages differ:\n%s\n%s", pages[0], page)
		}
	}
}
