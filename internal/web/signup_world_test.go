package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"regexp"
	"sync/atomic"
	"testing"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
)

const signupSettings = settings + `
server: {url: "https://news.example"}
signup: {ask_name: true, mails_per_hour: 1000000}
`

// wantsJSON are the headers of a script that sends a form.
var wantsJSON = []string{"Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded"}

// signUp sends a form as a script does, from a network of its own, and returns the request.
func (w *world) signUp(form string, headers ...string) string {
	w.t.Helper()
	res := w.do("POST", "/subscribe", form, append(append([]string{}, wantsJSON...), headers...)...)
	if res.StatusCode != 202 {
		w.t.Fatalf("%s: %s\n%s", form, res.Status, res.body)
	}
	var answer map[string]string
	if err := json.Unmarshal([]byte(res.body), &answer); err != nil || len(answer) != 1 || len(answer["request"]) != 26 {
		w.t.Fatalf("%s: %v\n%s", form, err, res.body)
	}
	return answer["request"]
}

// handled handles the sign-ups, and returns the notices that are due.
func (w *world) handled() []noticequeue.Notice {
	w.t.Helper()
	if _, err := signups.Handle(w.t.Context(), w.ledger, 1_000_000, w.now); err != nil {
		w.t.Fatal(err)
	}
	due, err := noticequeue.Due(w.t.Context(), w.ledger, w.now, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return due
}

// confirmMail does what sending the one confirmation that is due does, and returns the token of
// its link. Its code is 482913.
func (w *world) confirmMail() string {
	w.t.Helper()
	due := w.handled()
	if len(due) != 1 || due[0].Kind != noticequeue.Confirm {
		w.t.Fatalf("notices: %+v", due)
	}
	link := mailtoken.NewSecret()
	begun, err := noticequeue.Begin(w.t.Context(), w.ledger, due[0].ID, signups.ConfirmTokens(due[0].Pending, link, "482913", w.now), w.now)
	if err != nil || !begun {
		w.t.Fatalf("%v, %v", begun, err)
	}
	if err := noticequeue.End(w.t.Context(), w.ledger, noticequeue.Result{ID: due[0].ID, Status: noticequeue.Sent, At: w.now}); err != nil {
		w.t.Fatal(err)
	}
	return link
}

// pending returns the addresses that were asked to confirm.
func (w *world) pending() (all []signups.Pending) {
	w.t.Helper()
	w.handled()
	for p, err := range signups.AllPending(w.t.Context(), w.ledger, w.now) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func (w *world) pendingEmails() (all []string) {
	w.t.Helper()
	for _, p := range w.pending() {
		all = append(all, p.Email)
	}
	return all
}

func multipartForm(t *testing.T, fields url.Values) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, values := range fields {
		for _, value := range values {
			if err := m.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), m.FormDataContentType()
}

type endless struct{ sent *atomic.Int64 }

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.sent.Add(int64(len(p)))
	return len(p), nil
}
func (endless) Close() error { return nil }

var secretPattern = regexp.MustCompile(`[a-z2-7]{26}`)

// blanked returns an answer without what is random.
func blanked(res response) string {
	for _, name := range []string{"Date", "Set-Cookie"} {
		res.Header.Set(name, secretPattern.ReplaceAllString(res.Header.Get(name), "SECRET"))
	}
	res.Header.Del("Date")
	return fmt.Sprint(res.StatusCode, res.Header, secretPattern.ReplaceAllString(res.body, "SECRET"))
}
