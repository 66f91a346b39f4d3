package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
)

// serve calls the handler without a socket.
func (w *world) serve(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, req)
	return res
}

// solveWork answers a challenge as the script does.
func solveWork(challenge string, zeros int) string {
	for n := uint32(0); ; n++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(challenge), n))
		if bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:])) >= zeros {
			return challenge + "." + strconv.FormatUint(uint64(n), 10)
		}
	}
}

// status returns the status of a subscriber, "" for none.
func (w *world) status(email string) ledger.Status {
	w.t.Helper()
	s, err := w.ledger.Subscriber(w.t.Context(), email)
	if err != nil {
		w.t.Fatal(err)
	}
	if s == nil {
		return ""
	}
	return s.Status
}

func TestConfirmByCode(t *testing.T) {
	w := start(t, signupSettings, nil)
	request := w.signUp("email=ada@example.com&cadence=daily")
	w.confirmMail()
	for _, wrong := range []string{"000000", "48291", "4829133", "", "abcdef", "48291a", strings.Repeat("4", 1000)} {
		res := w.post("/confirm/"+request, "code="+wrong)
		wantStatus(t, res, 422)
		checkMarkup(t, res.body, "en")
		wantAll(t, res.body, "This code is not right", `action="/confirm/`+request+`"`, `aria-invalid="true"`)
		asJSON := w.do("POST", "/confirm/"+request, "code="+wrong, wantsJSON...)
		if asJSON.StatusCode != 422 || !strings.Contains(asJSON.body, `"field":"code"`) {
			t.Errorf("%s %s", asJSON.Status, asJSON.body)
		}
	}
	if got := w.status("ada@example.com"); got != "" {
		t.Fatalf("status %q", got)
	}
	res := w.post("/confirm/"+request, "code=482+913")
	wantStatus(t, res, 200)
	checkMarkup(t, res.body, "en")
	wantAll(t, res.body, "You are subscribed", "a…@example.com", "It comes once a day", `href="/preferences/`)
	ada := w.subscriber("ada@example.com")
	if ada.Status != ledger.Active || ada.Cadence != "daily" || ada.Confirmed.IsZero() {
		t.Errorf("%+v", ada)
	}
	link := regexp.MustCompile(`/preferences/[a-z2-7]+`).FindString(res.body)
	wantStatus(t, w.get(link), 200)
	if due := w.handled(); len(due) != 1 || due[0].Kind != noticequeue.Welcome {
		t.Errorf("notices %+v", due)
	}
}

// Codes are taken as people type and paste them.
func TestSpellingsOfCodes(t *testing.T) {
	w := start(t, signupSettings, nil)
	for i, code := range []string{"482913", " 482 913 ", "482-913", "482\u00a0913", "482\u2009913", "４８２９１３", "٤٨٢٩١٣", "۴۸۲ ۹۱۳", "\u200e482913\u200f", "४८२९१३"} {
		email := fmt.Sprintf("a%d@d%d.example", i, i)
		body, contentType := multipartForm(t, map[string][]string{"code": {code}})
		request := w.signUp("email="+email, "X-Forwarded-For", fmt.Sprintf("10.0.%d.1", i))
		for _, n := range w.handled() {
			if n.Kind != noticequeue.Confirm {
				continue
			}
			if _, err := noticequeue.Begin(t.Context(), w.ledger, n.ID, signups.ConfirmTokens(n.Pending, mailtoken.NewSecret(), "482913", w.now), w.now); err != nil {
				t.Fatal(err)
			}
		}
		if res := w.do("POST", "/confirm/"+request, body, "Content-Type", contentType); res.StatusCode != 200 || w.status(email) != ledger.Active {
			t.Errorf("%q: %s", code, res.Status)
		}
	}
}

func TestTooManyCodes(t *testing.T) {
	w := start(t, signupSettings, nil)
	request := w.signUp("email=ada@example.com")
	link := w.confirmMail()
	for range 5 {
		wantStatus(t, w.post("/confirm/"+request, "code=000000"), 422)
	}
	res := w.do("POST", "/confirm/"+request, `{"code":"482913"}`, "Content-Type", "application/json")
	wantStatus(t, res, 429)
	if res.Header.Get("Retry-After") == "" || !strings.Contains(res.body, "too often") {
		t.Errorf("%v %s", res.Header, res.body)
	}
	wantStatus(t, w.post("/confirm/"+request, "code=482913"), 429)
	wantStatus(t, w.post("/confirm/"+link, ""), 200) // which goes on to work
}

// A script gets JSON, and the code may be sent as JSON too.
func TestConfirmByScript(t *testing.T) {
	w := start(t, signupSettings, nil)
	request := w.signUp("email=ada@example.com")
	w.confirmMail()
	res := w.do("POST", "/confirm/"+request, `{"code":"482913"}`, "Content-Type", "application/json", "Accept", "*/*", "Origin", "null")
	wantStatus(t, res, 200)
	var answer struct {
		Confirmed bool
		Message   string
	}
	if err := json.Unmarshal([]byte(res.body), &answer); err != nil || !answer.Confirmed || !strings.Contains(answer.Message, "a…@example.com") {
		t.Errorf("%v %s", err, res.body)
	}
	if strings.Contains(res.body, "preferences") || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v %s", res.Header, res.body)
	}
}

// Following the link changes nothing; pressing its button confirms, any number of times.
func TestConfirmByLink(t *testing.T) {
	w := start(t, signupSettings, nil)
	w.signUp("email=ada@example.com")
	link := "/confirm/" + w.confirmMail()
	for range 3 {
		page := w.get(link)
		wantStatus(t, page, 200)
		checkMarkup(t, page.body, "en")
		wantAll(t, page.body, `<button aria-describedby="what">Confirm</button>`, "a…@example.com", `action="`+link+`"`)
		if strings.Contains(page.body, "<script") || strings.Contains(page.Header.Get("Content-Security-Policy"), "script-src") {
			t.Error("without the cookie there is a script")
		}
		if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", page.Header)
		}
		wantStatus(t, w.do("HEAD", link, ""), 200)
		if got := w.status("ada@example.com"); got != "" {
			t.Fatalf("a GET led to %q", got)
		}
	}
	for range 3 {
		res := w.post(link, "")
		wantStatus(t, res, 200)
		wantAll(t, res.body, "You are subscribed")
	}
	wantAll(t, w.get(link).body, "You are subscribed")
	if got := w.status("ada@example.com"); got != ledger.Active {
		t.Errorf("status %q", got)
	}
	if due := w.handled(); len(due) != 1 {
		t.Errorf("welcomed %d times", len(due))
	}
}

// In the browser that signed up, and only there, the page presses the button itself.
func TestConfirmInTheSameBrowser(t *testing.T) {
	w := start(t, signupSettings, nil)
	res := w.post("/subscribe", "email=ada@example.com")
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	link := "/confirm/" + w.confirmMail()
	page := w.get(link, "Cookie", cookie)
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(page.body)
	if script == nil {
		t.Fatalf("no script:\n%s", page.body)
	}
	sum := sha256.Sum256([]byte(script[1]))
	if want := "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.HasSuffix(page.Header.Get("Content-Security-Policy"), want) {
		t.Errorf("policy %q, want %s", page.Header.Get("Content-Security-Policy"), want)
	}
	if got := w.status("ada@example.com"); got != "" {
		t.Fatalf("a GET led to %q", got)
	}
	for _, other := range []string{"", "publisher_signup=x", "publisher_signup=" + mailtoken.NewSecret(), "other=" + strings.TrimPrefix(cookie, "publisher_signup=")} {
		if page := w.get(link, "Cookie", other); strings.Contains(page.body, "<script") {
			t.Errorf("with the cookie %q there is a script", other)
		}
	}
}

// Links that are too old, made up or mangled all lead to one and the same page.
func TestExpiredAndForgedLinks(t *testing.T) {
	w := start(t, signupSettings, nil)
	request := w.signUp("email=ada@example.com")
	late := w.confirmMail()
	forged := w.get("/confirm/" + mailtoken.NewSecret())
	wantStatus(t, forged, 404)
	checkMarkup(t, forged.body, "en")
	wantAll(t, forged.body, "This link no longer works", `action="/subscribe"`, `name="email"`)
	want := blanked(forged)
	w.now = w.now.Add(7*24*time.Hour + time.Second)
	for _, path := range []string{late, request, "x", "x/y", "", strings.Repeat("a", 5000), "%00", "%3Cscript%3E"} {
		if diff := cmp.Diff(want, blanked(w.get("/confirm/"+path))); diff != "" {
			t.Errorf("%.30s (-want +got):\n%s", path, diff)
		}
		for _, form := range []string{"", "code=482913"} {
			if res := w.post("/confirm/"+path, form); res.StatusCode != 404 || res.body != forged.body {
				t.Errorf("POST %.30s %s: %s", path, form, res.Status)
			}
		}
		res := w.do("POST", "/confirm/"+path, "", wantsJSON...)
		wantStatus(t, res, 404)
		if !strings.Contains(res.body, `"error"`) {
			t.Errorf("%s", res.body)
		}
	}
	if got := w.status("ada@example.com"); got != "" {
		t.Errorf("status %q", got)
	}
}

func TestConfirmInTheirLanguage(t *testing.T) {
	w := start(t, signupSettings+"languages: {de: {title: Notizen}}\n", nil)
	wantAll(t, w.post("/subscribe", "email=ada@example.com&language=de").body, `<html lang="de"`, "Sieh bitte in dein Postfach")
	link := "/confirm/" + w.confirmMail()
	wantAll(t, w.get(link).body, `<html lang="de"`, "Mails von Notizen sollen an a…@example.com gehen")
	wantAll(t, w.post(link, "").body, `<html lang="de"`, "Das Abo läuft")
}

func FuzzConfirm(f *testing.F) {
	w := start(f, signupSettings, nil)
	request := w.signUp("email=ada@example.com")
	w.confirmMail()
	for _, seed := range [][2]string{{request, "000000"}, {"x", "48 29-1"}, {"%2e%2e", "٤"}, {strings.ToUpper(request), "\x00"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, token, code string) {
		if strings.Contains(code, "482913") {
			return
		}
		path := "/confirm/" + url.PathEscape(token)
		body, contentType := multipartForm(t, map[string][]string{"code": {code}})
		res := w.serve("POST", path, body, "Content-Type", contentType)
		if res.Code == 500 || res.Code == 200 {
			t.Errorf("%q %q: %d", token, code, res.Code)
		}
		if res := w.serve("GET", path, ""); res.Code == 500 {
			t.Errorf("%q: %d", token, res.Code)
		}
	})
}
