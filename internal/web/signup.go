package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/internal/signup"
	"publisher/templates"
)

// signupCookie tells that a browser signed an address up. Whoever has it need not press the
// button of the confirmation's link.
const (
	signupCookie = "publisher_signup"
	cookieTime   = 7 * 24 * time.Hour
)

// fromAnywhere lets scripts of all origins send a form and read the answer. Nothing here
// depends on a cookie or on who is logged in, and blogs that send Referrer-Policy: no-referrer
// could not be told from others.
func fromAnywhere(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
		next(w, r)
	}
}

// preflight answers browsers that ask before they send JSON.
func preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// showSubscribe shows the form on a page of its own.
func (s *site) showSubscribe(w http.ResponseWriter, r *http.Request) {
	s.common(w, r, "subscribe", func(ctx context.Context) ([]byte, error) {
		form, err := s.signupForm(ctx, "")
		if err != nil {
			return nil, err
		}
		return s.render("page-subscribe.html", &templates.SubscribePage{Frame: s.frame(), Form: *form})
	})
}

// subscribe stores a request to subscribe. The answer is the same for all addresses: nobody
// has looked for it by then.
func (s *site) subscribe(w http.ResponseWriter, r *http.Request) {
	fields, how, ok := s.signupFields(w, r)
	if !ok {
		return
	}
	u, fault, err := s.readSignup(r.Context(), fields)
	if err != nil {
		s.fail(w, r, err, u.email)
		return
	}
	u.how = how
	if fault != "" {
		s.CountSignup("faulty")
		s.faulty(w, r, fields, u, fault, fault)
		return
	}
	client := signup.Client(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), s.Config.Server.Proxies)
	decision := s.gate.Decide(r.Context(), signup.Request{Client: client, Address: u.key, Trap: u.trap, Made: u.made, Work: u.work})
	if decision.Outcome != signup.Take {
		s.CountSignup(outcomes[decision.Outcome])
	}
	switch decision.Outcome {
	case signup.NoMail:
		s.faulty(w, r, fields, u, "email", "domain")
	case signup.Slow:
		s.tooMany(w, r, http.StatusTooManyRequests, decision.RetryAfter)
	case signup.Full:
		s.flooded()
		s.tooMany(w, r, http.StatusServiceUnavailable, decision.RetryAfter)
	case signup.Work:
		s.askWork(w, r, fields, u, decision.Challenge)
	case signup.Drop:
		s.signedUpAs(w, r, u, mailtoken.NewSecret(), browserOf(r))
	case signup.Take:
		ip := ""
		if s.Config.Signup.RecordIP && client.IsValid() {
			ip = client.String()
		}
		s.takeSignup(w, r, u, ip)
	}
}

// outcomes are what CountSignup is told of requests that are not taken.
var outcomes = map[signup.Outcome]string{signup.NoMail: "no_mail", signup.Slow: "slow", signup.Full: "full", signup.Work: "work", signup.Drop: "dropped"}

// takeSignup stores the request and answers.
func (s *site) takeSignup(w http.ResponseWriter, r *http.Request, u signupRequest, ip string) {
	wording, err := s.wording(u.language)
	if err != nil {
		s.fail(w, r, err, u.email)
		return
	}
	request, browser := mailtoken.NewSecret(), browserOf(r)
	err = s.storeSignup(r, signups.Signup{Email: u.email, Name: u.name, Cadence: u.cadence, Tags: u.tags, Language: u.language, Page: u.page,
		How: u.how, Wording: wording, IP: ip, At: s.Now(), Request: request, Browser: browser})
	switch {
	case errors.Is(err, errPending):
		s.CountSignup("busy")
		s.Log.Error("refused a sign-up: too many changes are pending", "waiting", maxChanges)
		s.tooMany(w, r, http.StatusServiceUnavailable, 5*time.Minute)
	case err != nil:
		s.CountSignup("failed")
		s.fail(w, r, err, u.email)
	default:
		s.CountSignup("taken")
		s.signedUpAs(w, r, u, request, browser)
	}
}

// wording returns the sentence that forms show in a language.
func (s *site) wording(language string) (ledger.Wording, error) {
	site := s.frameIn(language).Site
	text, err := s.Templates.Wording(site)
	return ledger.Wording{Language: site.Language, Text: text}, err
}

// browserOf returns the content of the browser's cookie, or a new one.
func browserOf(r *http.Request) string {
	if c, err := r.Cookie(signupCookie); err == nil && mailtoken.IsSecret(c.Value) {
		return c.Value
	}
	return mailtoken.NewSecret()
}

// signedUpAs answers a request that was taken, or looks so.
func (s *site) signedUpAs(w http.ResponseWriter, r *http.Request, u signupRequest, request, browser string) {
	http.SetCookie(w, &http.Cookie{Name: signupCookie, Value: browser, Path: s.base + "/", MaxAge: int(cookieTime.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: s.Config.Server.URL != nil && s.Config.Server.URL.Scheme == "https"})
	if wantsJSON(r) {
		writeJSON(w, http.StatusAccepted, map[string]any{"request": request})
		return
	}
	s.page(w, r, "page-code.html", &templates.CodePage{Frame: s.frameIn(u.language), URL: s.confirmURL(request)})
}

// confirmURL returns where a code for a request, or a press of a link's button, is posted to.
func (s *site) confirmURL(secret string) string { return s.base + "/confirm/" + url.PathEscape(secret) }

// faulty answers that a field is wrong, with a form that has the others as they were typed.
// reason is the key of the words that say why.
func (s *site) faulty(w http.ResponseWriter, r *http.Request, fields url.Values, u signupRequest, field, reason string) {
	frame, key := s.frameIn(u.language), "signup_fault_"+reason
	if wantsJSON(r) {
		s.say(w, r, http.StatusUnprocessableEntity, frame, key, map[string]any{"field": field})
		return
	}
	said, err := s.Templates.Phrase(frame.Site.Language, key)
	if err != nil {
		s.fail(w, r, err, u.email)
		return
	}
	form, err := s.signupForm(r.Context(), u.language)
	if err != nil {
		s.fail(w, r, err, u.email)
		return
	}
	refill(form, fields)
	form.Made = 0 // correcting a field takes no time
	form.Fault, form.Says = field, said
	s.pageWith(w, r, http.StatusUnprocessableEntity, "page-subscribe.html", &templates.SubscribePage{Frame: frame, Form: *form})
}

// tooMany answers that no more sign-ups are taken for now.
func (s *site) tooMany(w http.ResponseWriter, r *http.Request, status int, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	if wantsJSON(r) {
		s.say(w, r, status, s.frame(), "page_many_text", nil)
		return
	}
	s.message(w, status, templates.TooMany)
}

// askWork asks the client for a proof of work.
func (s *site) askWork(w http.ResponseWriter, r *http.Request, fields url.Values, u signupRequest, challenge string) {
	frame := s.frameIn(u.language)
	const status = http.StatusPreconditionRequired
	if wantsJSON(r) {
		s.say(w, r, status, frame, "page_work_text", map[string]any{"work": challenge, "bits": signup.WorkBits})
		return
	}
	data := &templates.WorkPage{Frame: frame, URL: s.base + "/subscribe", Challenge: challenge, MailURL: signup.MailURL(s.Config.Mail.BounceTo)}
	for _, name := range fieldNames() {
		for _, value := range fields[name] {
			if name != "work" {
				data.Fields = append(data.Fields, templates.Choice{Value: value, Label: name})
			}
		}
	}
	runsScript(w, data, signup.WorkScript())
	s.pageWith(w, r, status, "page-work.html", data)
}
