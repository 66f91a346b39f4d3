package web

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/templates"
)

// pressScript presses the button of a page.
const pressScript = `document.forms[0].submit()`

// showConfirm shows a button and changes nothing, because scanners follow links. In the browser
// that asked for the subscription the page presses it itself.
func (s *site) showConfirm(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	c, err := signups.FindConfirmable(r.Context(), s.Ledger, token, s.Now())
	switch {
	case err != nil:
		s.fail(w, r, err, "")
		return
	case c == nil:
		s.expiredLink(w, r)
		return
	case c.Pending == nil:
		s.answerConfirmed(c.Subscriber)(w, r)
		return
	}
	data := &templates.ConfirmPage{Frame: s.frameIn(c.Pending.Language), Address: masked(c.Pending.Email), URL: s.confirmURL(token)}
	if cookie, err := r.Cookie(signupCookie); err == nil && mailtoken.IsSecret(cookie.Value) {
		started, err := signups.StartedBy(r.Context(), s.Ledger, cookie.Value, c.Pending)
		if err != nil {
			s.fail(w, r, err, c.Pending.Email)
			return
		}
		if started {
			runsScript(w, data, pressScript)
		}
	}
	s.page(w, r, "page-confirm.html", data)
}

// confirm confirms by the token of a mail's link, or, where the form has a code, by the code for
// the request in the path.
func (s *site) confirm(w http.ResponseWriter, r *http.Request) {
	fields, _, ok := s.signupFields(w, r)
	if !ok {
		return
	}
	token, asJSON := r.PathValue("token"), wantsJSON(r)
	if !fields.Has("code") {
		s.change(w, r, func(ctx context.Context) (answer, error) {
			confirmed, err := signups.ConfirmToken(ctx, s.Ledger, token, "link", s.confirmOptions())
			if err != nil || confirmed == nil {
				return s.expiredLink, err
			}
			s.signedUp()
			return s.answerConfirmed(confirmed), nil
		})
		return
	}
	code, ok := cleanCode(fields.Get("code"))
	if !ok {
		s.answerCode(signups.CodeWrong, token, asJSON)(w, r)
		return
	}
	s.change(w, r, func(ctx context.Context) (answer, error) {
		result, confirmed, err := signups.ConfirmCode(ctx, s.Ledger, token, code, s.confirmOptions())
		switch {
		case err != nil:
			return nil, err
		case result == signups.CodeRight:
			s.signedUp()
			return s.answerConfirmed(confirmed), nil
		}
		return s.answerCode(result, token, asJSON), nil
	})
}

func (s *site) confirmOptions() signups.ConfirmOptions {
	return signups.ConfirmOptions{DefaultCadence: s.Config.Digest.Default, Welcome: s.Config.Signup.Welcome, Now: s.Now()}
}

// cleanCode returns the six digits of a code as people type or paste it: with spaces or dashes
// between them, and in the digits of their language.
func cleanCode(text string) (code string, ok bool) {
	if len(text) > 100 {
		return "", false
	}
	var digits strings.Builder
	for _, r := range text {
		switch value := digit(r); {
		case value >= 0:
			digits.WriteByte('0' + byte(value))
		case !unicode.IsSpace(r) && !unicode.Is(unicode.Dash, r) && !unicode.Is(unicode.Cf, r):
			return "", false
		}
	}
	return digits.String(), digits.Len() == 6
}

// digit returns the value of a decimal digit of any script, or -1. Each script has its ten
// digits in a row.
func digit(r rune) int {
	if !unicode.Is(unicode.Nd, r) {
		return -1
	}
	for _, run := range unicode.Nd.R16 {
		if lo, hi := rune(run.Lo), rune(run.Hi); lo <= r && r <= hi {
			return int(r-lo) % 10
		}
	}
	for _, run := range unicode.Nd.R32 {
		if lo, hi := rune(run.Lo), rune(run.Hi); lo <= r && r <= hi {
			return int(r-lo) % 10
		}
	}
	return -1
}

// answerConfirmed says that the subscription holds.
func (s *site) answerConfirmed(b *ledger.Subscriber) answer {
	s.CountSignup("confirmed")
	return func(w http.ResponseWriter, r *http.Request) {
		frame := s.frameIn(b.Language)
		if wantsJSON(r) {
			s.say(w, r, http.StatusOK, frame, "page_confirmed_text", map[string]any{"confirmed": true}, "title", frame.Site.Title, "address", masked(b.Email))
			return
		}
		tokens, err := s.Ledger.Tokens(r.Context())
		if err != nil {
			s.fail(w, r, err, b.Email)
			return
		}
		s.page(w, r, "page-confirm.html", &templates.ConfirmPage{Frame: frame, Confirmed: true, Address: masked(b.Email),
			Cadence: s.cadenceOf(tokenHolder{Subscriber: b}), PreferencesURL: s.base + "/preferences/" + tokens.Link(mailtoken.Preferences, b.ID)})
	}
}

// answerCode says that a code was not right.
func (s *site) answerCode(result signups.CodeResult, request string, asJSON bool) answer {
	key, status := "signup_fault_code", http.StatusUnprocessableEntity
	switch result {
	case signups.CodeTooMany:
		key, status = "signup_fault_tries", http.StatusTooManyRequests
	case signups.CodeUnknown:
		return s.expiredLink
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "86400")
		}
		frame := s.frame()
		if asJSON {
			s.say(w, r, status, frame, key, map[string]any{"field": "code"})
			return
		}
		said, err := s.Templates.Phrase(frame.Site.Language, key)
		if err != nil {
			s.fail(w, r, err, "")
			return
		}
		s.pageWith(w, r, status, "page-code.html", &templates.CodePage{Frame: frame, URL: s.confirmURL(request), Fault: said})
	}
}

// expiredLink answers links and requests that are unknown or too old, all in the same way, with
// the form to begin again.
func (s *site) expiredLink(w http.ResponseWriter, r *http.Request) {
	if wantsJSON(r) {
		s.say(w, r, http.StatusNotFound, s.frame(), "page_expired_text", nil)
		return
	}
	form, err := s.signupForm(r.Context(), "")
	if err != nil {
		s.fail(w, r, err, "")
		return
	}
	form.Made = 0
	s.pageWith(w, r, http.StatusNotFound, "page-subscribe.html", &templates.SubscribePage{Frame: s.frame(), Form: *form, Expired: true})
}
