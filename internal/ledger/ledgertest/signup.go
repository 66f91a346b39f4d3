package ledgertest

import (
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
)

var confirmOptions = signups.ConfirmOptions{DefaultCadence: "weekly", Welcome: true, Now: Noon}

// ask signs an address up, and returns the request's secret.
func ask(t *testing.T, l *ledger.Ledger, email string, at time.Time) (request string) {
	t.Helper()
	request = mailtoken.NewSecret()
	Must(t, signups.Add(ctx, l, signups.Signup{Email: email, Cadence: "daily", Tags: []string{"Go"}, Page: "https://blog.example/", How: signups.ByForm,
		Wording: ledger.Wording{Language: "en", Text: "Mail me new posts"}, At: at, Request: request, Browser: "cookie of " + email}))
	_, err := signups.Handle(ctx, l, 1000, at)
	Must(t, err)
	return request
}

// notices sends the notices that are due, and returns them by address.
func notices(t *testing.T, l *ledger.Ledger, at time.Time) (all []noticequeue.Notice) {
	t.Helper()
	due, err := noticequeue.Due(ctx, l, at, 100)
	Must(t, err)
	for _, n := range due {
		begun, err := noticequeue.Begin(ctx, l, n.ID, nil, at)
		Must(t, err)
		if !begun {
			t.Errorf("notice %s to %s: not begun", n.Kind, n.Email)
		}
		Must(t, noticequeue.End(ctx, l, noticequeue.Result{ID: n.ID, Status: noticequeue.Sent, Code: 250, Reply: "Ok", At: at}))
	}
	return due
}

func kinds(all []noticequeue.Notice) (kinds []string) {
	for _, n := range all {
		kinds = append(kinds, string(n.Kind)+" to "+n.Email)
	}
	return kinds
}

func testSignup(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 3)
	request := ask(t, l, "Ada@example.com", Noon)
	due, err := noticequeue.Due(ctx, l, Noon, 10)
	Must(t, err)
	if len(due) != 1 || due[0].Kind != noticequeue.Confirm || due[0].Email != "Ada@example.com" || due[0].Pending == 0 {
		t.Fatalf("notices %+v", due)
	}
	link := mailtoken.NewSecret()
	Want(t, true)(noticequeue.Begin(ctx, l, due[0].ID, signups.ConfirmTokens(due[0].Pending, link, "482913", Noon), Noon))
	Want(t, false)(noticequeue.Begin(ctx, l, due[0].ID, nil, Noon))
	Must(t, noticequeue.End(ctx, l, noticequeue.Result{ID: due[0].ID, Status: noticequeue.Sent, Code: 250, At: Noon}))
	if s, err := l.Subscriber(ctx, "ada@example.com"); err != nil || s != nil {
		t.Fatalf("before confirming: %v, %v", s, err)
	}

	c, err := signups.FindConfirmable(ctx, l, link, Noon)
	Must(t, err)
	if c == nil || c.Pending == nil {
		t.Fatalf("the link leads to %+v", c)
	}
	Want(t, true)(signups.StartedBy(ctx, l, "cookie of Ada@example.com", c.Pending))
	Want(t, false)(signups.StartedBy(ctx, l, "another", c.Pending))

	result, _, err := signups.ConfirmCode(ctx, l, request, "000000", confirmOptions)
	Want(t, signups.CodeWrong)(result, err)
	result, s, err := signups.ConfirmCode(ctx, l, request, "482913", confirmOptions)
	Want(t, signups.CodeRight)(result, err)
	if s == nil || s.Status != ledger.Active || s.Cursor != 3 || s.Cadence != "daily" || !s.Confirmed.Equal(Noon) {
		t.Errorf("confirmed: %+v", s)
	}
	Want(t, []string{"welcome to Ada@example.com"})(kinds(notices(t, l, Noon)), nil)
	agreed, err := l.Consents(ctx, s.ID)
	Want(t, []ledger.Consent{{Subscriber: s.ID, At: Noon, What: "subscribe", How: "code", Page: "https://blog.example/",
		Wording: ledger.Wording{Language: "en", Text: "Mail me new posts"}}})(agreed, err)

	// The link goes on to work, and changes nothing.
	again, err := signups.ConfirmToken(ctx, l, link, "link", confirmOptions)
	Must(t, err)
	if again == nil || again.ID != s.ID {
		t.Errorf("confirmed again: %+v", again)
	}
	if agreed, err := l.Consents(ctx, s.ID); err != nil || len(agreed) != 1 {
		t.Errorf("consents %v, %v", agreed, err)
	}
	late, err := signups.ConfirmToken(ctx, l, link, "link", signups.ConfirmOptions{Now: Noon.Add(8 * 24 * time.Hour)})
	Want(t, (*ledger.Subscriber)(nil))(late, err)
}

func testSignupNotices(t *testing.T, open Open) {
	l := open(t)
	Add(t, l, imports.Row{Email: "active@example.com"}, imports.Row{Email: "left@example.com", Status: ledger.Unsubscribed})
	for hour, want := range [][]string{
		{"already to active@example.com", "confirm to left@example.com", "confirm to new@example.com"},
		{"confirm to left@example.com", "confirm to new@example.com"},
		{"confirm to left@example.com", "confirm to new@example.com"},
		nil, // the fourth
	} {
		at := Noon.Add(time.Duration(hour) * 61 * time.Minute)
		for range 2 {
			for _, email := range []string{"active@example.com", "left@example.com", "new@example.com"} {
				ask(t, l, email, at)
			}
		}
		Want(t, want)(kinds(notices(t, l, at)), nil)
	}
	Want(t, []string{"already to active@example.com"})(func() ([]string, error) {
		at := Noon.Add(25 * time.Hour)
		ask(t, l, "active@example.com", at)
		return kinds(notices(t, l, at)), nil
	}())
	if s := Subscriber(t, l, "left@example.com"); s.Status != ledger.Unsubscribed {
		t.Errorf("status %s before confirming", s.Status)
	}
}

func testSignupExpires(t *testing.T, open Open) {
	l := open(t)
	ask(t, l, "ada@example.com", Noon)
	after := Noon.Add(7*24*time.Hour + time.Second)
	Want(t, 0)(signups.Expire(ctx, l, Noon.Add(time.Hour)))
	count := func(at time.Time) (n int) {
		for _, err := range signups.AllPending(ctx, l, at) {
			Must(t, err)
			n++
		}
		return n
	}
	Want(t, 1)(count(Noon), nil)
	Want(t, 0)(signups.Expire(ctx, l, after))
	Want(t, 0)(count(Noon), nil)
	due, err := noticequeue.Due(ctx, l, after, 10)
	Must(t, err)
	for _, n := range due {
		Want(t, false)(noticequeue.Begin(ctx, l, n.ID, nil, after)) // nobody waits for it
	}
}

func testCodes(t *testing.T, open Open) {
	l := open(t)
	// Whether a code was mailed or not, the answers are the same.
	Add(t, l, imports.Row{Email: "active@example.com"})
	for _, email := range []string{"new@example.com", "active@example.com"} {
		for n := range 5 {
			request := ask(t, l, email, Noon)
			for try := range 7 {
				want := signups.CodeWrong
				if try >= 5 || n == 4 {
					want = signups.CodeTooMany
				}
				result, _, err := signups.ConfirmCode(ctx, l, request, "123456", confirmOptions)
				Want(t, want)(result, err)
			}
		}
	}
	result, _, err := signups.ConfirmCode(ctx, l, "unknown", "123456", confirmOptions)
	Want(t, signups.CodeUnknown)(result, err)
}

func testTokens(t *testing.T, open Open) {
	l := open(t)
	once := ledger.Token{Secret: mailtoken.NewSecret(), Purpose: ledger.TokenHook, Expires: Noon.Add(time.Minute)}
	Want(t, true)(l.AddToken(ctx, once, Noon))
	Want(t, false)(l.AddToken(ctx, once, Noon))
	found, err := l.FindToken(ctx, ledger.TokenManage, once.Secret, Noon)
	Want(t, (*ledger.Token)(nil))(found, err)
	used, err := l.UseToken(ctx, ledger.TokenHook, once.Secret, Noon)
	Want(t, &ledger.Token{Purpose: ledger.TokenHook, Created: Noon, Expires: once.Expires})(used, err)
	used, err = l.UseToken(ctx, ledger.TokenHook, once.Secret, Noon)
	Want(t, (*ledger.Token)(nil))(used, err)
}
