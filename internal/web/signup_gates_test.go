package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger/noticequeue"
	"publisher/internal/web"
)

// A bot is answered as everybody else, and nothing comes of it.
func TestBots(t *testing.T) {
	w := start(t, signupSettings, nil)
	made := fmt.Sprint(day.Unix())
	seconds := func(n int64) string { return fmt.Sprint(day.Unix() - n) }
	human := blanked(w.post("/subscribe", "email=human@example.com&time="+seconds(10)))
	for _, form := range []string{"email=a@example.com&website=x", "email=b@example.com&time=" + made, "email=c@example.com&time=" + seconds(1),
		"email=d@example.com&time=" + seconds(25*3600)} {
		if diff := cmp.Diff(human, blanked(w.post("/subscribe", form))); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
	}
	if diff := cmp.Diff([]string{"human@example.com"}, w.pendingEmails()); diff != "" {
		t.Error(diff)
	}
	var answer map[string]string
	res := w.do("POST", "/subscribe", "email=e@example.com&website=x", wantsJSON...)
	if err := json.Unmarshal([]byte(res.body), &answer); err != nil || len(answer["request"]) != 26 {
		t.Errorf("%v %s", err, res.body)
	}
	// The form on our own page has a time; the page is cached for a minute.
	if !strings.Contains(w.get("/").body, `name="time" value="`+made+`"`) {
		t.Error("the form has no time")
	}
}

func TestTooManyOfAClient(t *testing.T) {
	w := start(t, signupSettings, nil)
	for n := range 10 {
		w.signUp(fmt.Sprintf("email=a@d%d.example", n), "X-Forwarded-For", "1.1.1.1, 203.0.113.9")
	}
	for _, forwarded := range []string{"203.0.113.9", "1.2.3.4, 203.0.113.9"} {
		res := w.do("POST", "/subscribe", "email=a@x.example", append([]string{"X-Forwarded-For", forwarded}, wantsJSON...)...)
		wantStatus(t, res, 429)
		if res.Header.Get("Retry-After") != "360" || !strings.Contains(res.body, `"error"`) {
			t.Errorf("%v %s", res.Header, res.body)
		}
	}
	page := w.do("POST", "/subscribe", "email=a@x.example", "X-Forwarded-For", "203.0.113.9", "Content-Type", "application/x-www-form-urlencoded")
	wantStatus(t, page, 429)
	checkMarkup(t, page.body, "en")
	w.signUp("email=a@x.example", "X-Forwarded-For", "203.0.113.10")
	w.now = w.now.Add(6*time.Minute + time.Second)
	w.signUp("email=a@y.example", "X-Forwarded-For", "203.0.113.9")
}

func TestRefusedDomain(t *testing.T) {
	w := start(t, settings+"signup: {refuse_domains: [throwaway.example]}\n", nil)
	res := w.do("POST", "/subscribe", "email=a@sub.throwaway.example", wantsJSON...)
	wantStatus(t, res, 422)
	wantAll(t, res.body, `"field":"email"`, "cannot receive mail")
}

// Above half of the limit a proof of work is asked for, above all of it nobody is taken, and
// the owner is told once.
func TestFlood(t *testing.T) {
	w := start(t, settings+"signup: {mails_per_hour: 4}\nmail: {from: News <news@blog.example>, bounce_to: bounces@blog.example}\n", nil)
	post := func(n int, more string, headers ...string) response {
		form := fmt.Sprintf("email=a@d%d.example&page=https%%3A%%2F%%2Fblog.example%%2F%s", n, more)
		return w.do("POST", "/subscribe", form, append([]string{"X-Forwarded-For", fmt.Sprintf("10.0.%d.1", n), "Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
	}
	wantStatus(t, post(0, ""), 200)
	wantStatus(t, post(1, ""), 200)
	page := post(2, "")
	wantStatus(t, page, 428)
	before, script, _ := strings.Cut(page.body, "<script>")
	_, after, _ := strings.Cut(script, "</script>")
	checkMarkup(t, before+after, "en")
	wantAll(t, page.body, `data-work="`, `<script>`, `name="email" value="a@d2.example"`, `name="page" value="https://blog.example/"`, `<noscript>`,
		`href="mailto:bounces+subscribe@blog.example?subject=subscribe"`)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'sha256-") || strings.Contains(policy, "script-src 'unsafe") {
		t.Errorf("policy %q", policy)
	}
	for n := 2; n < 4; n++ {
		var asked struct {
			Work string
			Bits int
		}
		res := post(n, "", "Accept", "application/json")
		wantStatus(t, res, 428)
		if err := json.Unmarshal([]byte(res.body), &asked); err != nil || asked.Bits != 18 {
			t.Fatalf("%v %s", err, res.body)
		}
		wantStatus(t, post(n, "&work="+asked.Work+".1", "Accept", "application/json"), 428)
		wantStatus(t, post(n, "&work="+solveWork(asked.Work, asked.Bits)), 200)
	}
	for n := 10; n < 20; n++ {
		res := post(n, "")
		wantStatus(t, res, 503)
		if res.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	alarms := func() (n int) {
		w.handler.(*web.Handler).Drain(t.Context())
		for _, notice := range w.handled() {
			if notice.Kind == noticequeue.Alarm {
				n++
				if notice.Email != "news@blog.example" || notice.Data["limit"] != "4" {
					t.Errorf("alarm %+v", notice)
				}
			}
		}
		return n
	}
	if n := alarms(); n != 1 {
		t.Errorf("%d alarms", n)
	}
	events, err := w.ledger.Events(t.Context(), "signup.flood", day.Add(-time.Hour))
	if err != nil || len(events) != 1 {
		t.Errorf("events %v, %v", events, err)
	}
	if got := len(w.pendingEmails()); got != 4 {
		t.Errorf("%d sign-ups", got)
	}
}
