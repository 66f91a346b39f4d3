package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger/signups"
	"publisher/internal/web"
)

// A sign-up is stored as it was sent, in any form.
func TestSubscribe(t *testing.T) {
	fields := url.Values{"email": {" Ada+news@Example.com "}, "cadence": {"daily"}, "tag": {"GO", "Feeds & mail"}, "name": {"Ada  L."},
		"page": {"https://blog.example/a?b=c"}, "language": {"en-GB"}, "website": {""}, "extra": {"x"}}
	asMultipart, contentType := multipartForm(t, fields)
	const asJSON = `{"email":"Ada+news@Example.com","cadence":"daily","tags":["GO","Feeds & mail"],"name":"Ada L.","page":"https://blog.example/a?b=c","language":null,"extra":{}}`
	for _, test := range []struct{ name, body, contentType, how string }{
		{"form", fields.Encode(), "application/x-www-form-urlencoded", "form"},
		{"multipart", asMultipart, contentType, "form"},
		{"JSON", asJSON, "application/json; charset=utf-8", "json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			woken := make(chan struct{}, 10)
			w := start(t, signupSettings, func(o *web.Options) {
				offer("go", "feeds & mail", "other")(o)
				o.SignedUp = func() { woken <- struct{}{} }
			})
			res := w.do("POST", "/subscribe", test.body, "Content-Type", test.contentType, "Accept", "text/html", "X-Forwarded-For", "203.0.113.9")
			wantStatus(t, res, 200)
			checkMarkup(t, res.body, "en")
			wantAll(t, res.body, `name="code"`, `autocomplete="one-time-code"`, `action="/confirm/`)
			if strings.Contains(strings.ToLower(res.body), "ada") {
				t.Error("the page says what was typed")
			}
			<-woken
			all := w.pending()
			if len(all) != 1 {
				t.Fatalf("pending: %+v", all)
			}
			p := all[0]
			got := []string{p.Email, p.Name, p.Cadence, strings.Join(p.Tags, ";"), p.Language, p.Page, p.How, p.IP}
			want := []string{"Ada+news@Example.com", "Ada L.", "daily", "feeds & mail;go", "", "https://blog.example/a?b=c", test.how, ""}
			slices.Sort(p.Tags)
			got[3] = strings.Join(p.Tags, ";")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if log := w.log.String(); strings.Contains(log, "xample.com") || strings.Contains(log, "203.0.113") {
				t.Errorf("the log has an address:\n%s", log)
			}
		})
	}
}

func TestSubscribeRecordsConsent(t *testing.T) {
	w := start(t, signupSettings+"languages: {de: {title: Notizen}}\n", func(o *web.Options) { o.Config.Signup.RecordIP = true })
	request := w.signUp("email=ada@example.com&language=de&name=ignored", "X-Forwarded-For", "203.0.113.9")
	w.confirmMail()
	wantStatus(t, w.post("/confirm/"+request, "code=482913"), 200)
	ada := w.subscriber("ada@example.com")
	agreed, err := w.ledger.Consents(t.Context(), ada.ID)
	if err != nil || len(agreed) != 1 {
		t.Fatalf("%v, %v", agreed, err)
	}
	c := agreed[0]
	if c.IP != "203.0.113.9" || c.How != "code" || c.Wording.Language != "de" || !strings.Contains(c.Wording.Text, "Notizen per Mail") || ada.Language != "de" {
		t.Errorf("%+v, language %q", c, ada.Language)
	}
	if form := w.get("/").body; !strings.Contains(form, "I would like to get new posts of Notes on feeds by mail.") {
		t.Error("the form does not show the sentence")
	}
}

func TestFaultyFields(t *testing.T) {
	w := start(t, signupSettings+"languages: {de: {title: Notizen}}\n", offer("go"))
	long := strings.Repeat("x", 255)
	for form, field := range map[string]string{
		"":                    "email",
		"email=":              "email",
		"email=ada":           "email",
		"email=ada%40example": "", // a domain may have one label
		"email=" + long:       "email",
		"email=a%40b.example%0d%0aBcc%3a+all%40example.com":                "email",
		"email=%22a%22%40b.example":                                        "email",
		"email=a%00b%40b.example":                                          "email",
		"email=%ff%40b.example":                                            "email",
		"email=a%40b.example&email=x":                                      "",
		"email=a%40b.example&cadence=hourly":                               "cadence",
		"email=a%40b.example&cadence=%3Cscript%3E":                         "cadence",
		"email=a%40b.example&tag=x":                                        "tag",
		"email=a%40b.example&tag=go&tag=x":                                 "tag",
		"email=a%40b.example&tag=go&tag=":                                  "",
		"email=a%40b.example" + strings.Repeat("&tag=go", 101):             "tag",
		"email=a%40b.example&language=fr":                                  "language",
		"email=a%40b.example&language=de-AT":                               "",
		"email=a%40b.example&name=" + long:                                 "name",
		"email=a%40b.example&name=a%00":                                    "name",
		"email=a%40b.example&name=%E2%80%AEabc":                            "name",
		"email=a%40b.example&page=javascript:alert(1)":                     "", // dropped
		"email=%E7%94%A8%E6%88%B7%40%E4%BE%8B%E5%AD%90.%E4%B8%AD%E5%9B%BD": "",
	} {
		headers := append([]string{"X-Forwarded-For", fmt.Sprintf("10.0.%d.1", len(form)%250)}, wantsJSON...)
		res := w.do("POST", "/subscribe", form, headers...)
		if field == "" {
			if res.StatusCode != 202 {
				t.Errorf("%.80s: %s %s", form, res.Status, res.body)
			}
			continue
		}
		var answer map[string]string
		if err := json.Unmarshal([]byte(res.body), &answer); err != nil || res.StatusCode != 422 || answer["field"] != field || answer["error"] == "" {
			t.Errorf("%.80s: %s %s, want the field %s", form, res.Status, res.body, field)
		}
		page := w.post("/subscribe", form)
		wantStatus(t, page, 422)
		checkMarkup(t, page.body, "en")
		wantAll(t, page.body, `role="alert">`+answer["error"], `action="/subscribe"`)
		if field == "email" && !strings.Contains(page.body, `aria-invalid="true" aria-describedby="fault"`) {
			t.Errorf("%.80s: the field is not marked:\n%s", form, page.body)
		}
	}
	if got := w.pending(); slices.ContainsFunc(got, func(p signups.Pending) bool { return p.Page != "" }) {
		t.Errorf("a page that is none is stored: %+v", got)
	}
}

// A publication in one language takes no other.
func TestLanguageOfASignup(t *testing.T) {
	w := start(t, strings.Replace(signupSettings, "language: en", "language: pt-BR", 1), nil)
	for n, test := range []struct {
		language string
		status   int
	}{{"", 202}, {"pt-BR", 202}, {"PT-br", 202}, {"pt", 202}, {"pt-PT", 422}, {"fr", 422}, {"klingon", 422}, {"%3Cscript%3E", 422}} {
		form := fmt.Sprintf("email=a%d@d%d.example&language=%s", n, n, test.language)
		res := w.do("POST", "/subscribe", form, append([]string{"X-Forwarded-For", fmt.Sprintf("10.0.%d.1", n)}, wantsJSON...)...)
		wantStatus(t, res, test.status)
		if test.status == 422 {
			wantAll(t, res.body, `"field":"language"`, `"error":"Não há`)
		}
	}
	for _, p := range w.pending() {
		if p.Language != "" {
			t.Errorf("stored in %q", p.Language)
		}
	}
}

// What was typed is shown again, and never as markup.
func TestFaultyFormIsRefilled(t *testing.T) {
	w := start(t, signupSettings, offer("go"))
	const script = `"><script>alert(1)</script>`
	form := url.Values{"email": {"ada"}, "name": {script}, "cadence": {"daily"}, "tag": {"go", script}, "page": {script}}
	page := w.post("/subscribe", form.Encode()).body
	if strings.Contains(page, "<script") {
		t.Errorf("a script:\n%s", page)
	}
	wantAll(t, page, `value="ada"`, `<option value="daily" selected>`, `name="tag" value="go" checked`, `value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`)
	if strings.Contains(page, `name="time"`) {
		t.Error("correcting a field must not be refused as too fast")
	}
}

func TestBodiesThatAreNoForm(t *testing.T) {
	w := start(t, signupSettings, nil)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte("email=a%40b.example&"), 100_000))
	z.Close()
	for _, test := range []struct {
		body, contentType, encoding string
		status                      int
	}{
		{packed.String(), "application/x-www-form-urlencoded", "gzip", 415},
		{strings.Repeat("x", 70_000), "application/x-www-form-urlencoded", "", 413},
		{strings.Repeat("x", 70_000), "application/json", "", 413},
		{"{", "application/json", "", 400},
		{"null", "application/json", "", 400},
		{`["email"]`, "application/json", "", 400},
		{`{"email":7}`, "application/json", "", 400},
		{`{"email":["a@b.example"]}`, "application/json", "", 400},
		{`{"email":"a@b.example","tag":{"a":1}}`, "application/json", "", 400},
		{"{\"email\":\"\xff\"}", "application/json", "", 400},
		{strings.Repeat("[", 60_000), "application/json", "", 400},
		{"--x\r\n", "multipart/form-data; boundary=x", "", 422},
		{"email=a%40b.example", "text/plain", "", 422},
		{"email=%zz", "application/x-www-form-urlencoded", "", 422},
	} {
		headers := []string{"Content-Type", test.contentType}
		if test.encoding != "" {
			headers = append(headers, "Content-Encoding", test.encoding)
		}
		// Without a socket, which the server may close before a large body is sent.
		if res := w.serve("POST", "/subscribe", test.body, headers...); res.Code != test.status {
			t.Errorf("%s %.40q: %d, want %d", test.contentType, test.body, res.Code, test.status)
		}
	}
	if got := w.pendingEmails(); got != nil {
		t.Errorf("stored: %q", got)
	}
}

// A body of a gigabyte is refused before it has arrived.
func TestEndlessSignup(t *testing.T) {
	w := start(t, signupSettings, nil)
	var sent atomic.Int64
	for _, size := range []int64{1 << 30, -1} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/subscribe", endless{&sent})
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.ContentLength = size
		res, err := new(http.Transport).RoundTrip(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode != 413 {
				t.Errorf("%s", res.Status)
			}
		}
	}
	if sent.Load() > 32<<20 {
		t.Errorf("%d bytes were read", sent.Load())
	}
}

// Scripts of all origins may send the form, also those without one, and no cookie matters.
func TestOrigins(t *testing.T) {
	w := start(t, signupSettings, nil)
	for i, origin := range []string{"", "null", "https://blog.example", "https://evil.example"} {
		headers := append([]string{"Origin", origin, "Sec-Fetch-Site", "cross-site"}, wantsJSON...)
		if origin == "" {
			headers = headers[2:]
		}
		res := w.do("POST", "/subscribe", fmt.Sprintf("email=a%d@example.com", i), headers...)
		wantStatus(t, res, 202)
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != "*" || res.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%q: %v", origin, res.Header)
		}
	}
	for _, path := range []string{"/subscribe", "/confirm/x"} {
		res := w.do("OPTIONS", path, "", "Origin", "null", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
		wantStatus(t, res, 204)
		got := []string{res.Header.Get("Access-Control-Allow-Origin"), res.Header.Get("Access-Control-Allow-Methods"), res.Header.Get("Access-Control-Allow-Headers")}
		if diff := cmp.Diff([]string{"*", "POST", "Content-Type"}, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		wantStatus(t, w.do("POST", path, "{}", "Content-Type", "application/json", "Origin", "null"), map[string]int{"/subscribe": 422, "/confirm/x": 404}[path])
	}
}

func TestSignupCookie(t *testing.T) {
	for base, want := range map[string]string{
		"https://news.example":     "Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax",
		"http://news.example/mail": "Path=/mail/; Max-Age=604800; HttpOnly; SameSite=Lax",
	} {
		w := start(t, settings+"server: {url: \""+base+"\"}\n", nil)
		cookie := func(headers ...string) string {
			res := w.do("POST", "/subscribe", "email=ada@example.com", append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
			wantStatus(t, res, 200)
			pair, attributes, _ := strings.Cut(res.Header.Get("Set-Cookie"), "; ")
			if attributes != want {
				t.Errorf("%s: %s", base, attributes)
			}
			value, _ := strings.CutPrefix(pair, "publisher_signup=")
			return value
		}
		first, second := cookie(), cookie()
		if len(first) != 26 || first == second {
			t.Errorf("cookies %q and %q", first, second)
		}
		if again := cookie("Cookie", "publisher_signup="+first); again != first {
			t.Errorf("a browser with a cookie gets another one")
		}
		if other := cookie("Cookie", "publisher_signup=chosen-by-somebody-else"); len(other) != 26 {
			t.Errorf("a cookie that is not ours is kept: %q", other)
		}
	}
}

// Sign-ups that arrive together are all stored, each once.
func TestManySignupsAtOnce(t *testing.T) {
	w := start(t, signupSettings, nil)
	const each, clients = 25, 16
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for n := range each {
				form := fmt.Sprintf("email=a%d@d%d-%d.example", n%2, c, n)
				if got := w.signUpStatus(client, form, fmt.Sprintf("10.%d.%d.1", c, n)); got != 202 {
					t.Errorf("status %d", got)
				}
			}
		})
	}
	all.Wait()
	if n, err := signups.Handle(t.Context(), w.ledger, 1_000_000, w.now); err != nil || n != each*clients {
		t.Errorf("%d sign-ups, %v", n, err)
	}
}

// The same address in other spellings, at one moment, gets one mail.
func TestTwoAtOneMoment(t *testing.T) {
	w := start(t, signupSettings, nil)
	var both sync.WaitGroup
	for _, email := range []string{"ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.Com"} {
		both.Go(func() { w.post("/subscribe", "email="+email) })
	}
	both.Wait()
	if due := w.handled(); len(due) != 1 {
		t.Errorf("%d mails", len(due))
	}
}

func TestSignupWithALockedLedger(t *testing.T) {
	w := start(t, signupSettings, nil)
	w.ledger.Close()
	res := w.post("/subscribe", "email=ada@example.com")
	wantStatus(t, res, 500)
	if strings.Contains(w.log.String(), "ada@") {
		t.Errorf("the log has the address:\n%s", w.log.String())
	}
}

func FuzzSubscribe(f *testing.F) {
	w := start(f, signupSettings, offer("go"))
	for _, seed := range []struct{ contentType, body string }{
		{"application/x-www-form-urlencoded", "email=ada%40example.com&tag=go&name=A&cadence=daily&time=1&page=/x&work=a.1"},
		{"application/json", `{"email":"ada@example.com","tags":["go"]}`},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@b.example\r\n--x--\r\n"},
	} {
		f.Add(seed.contentType, seed.body, "203.0.113.1")
	}
	f.Fuzz(func(t *testing.T, contentType, body, forwarded string) {
		res := w.serve("POST", "/subscribe", body, "Content-Type", contentType, "X-Forwarded-For", forwarded)
		switch res.Code {
		case 200, 202, 400, 413, 422, 428, 429, 503:
		default:
			t.Errorf("%q %q: %d %s", contentType, body, res.Code, res.Body)
		}
		if strings.Contains(res.Body.String(), "<script") && res.Code != 428 {
			t.Errorf("%q: a script in the answer", body)
		}
	})
}
