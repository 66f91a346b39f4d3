package web

import (
	"net/http"

	"publisher/ledger"
	"publisher/templates"
)

// showUnsubscribe shows a button and changes nothing: scanners follow links.
func (s *site) showUnsubscribe(w http.ResponseWriter, r *http.Request) {
	b, ok := s.bearer(w, r, ledger.Unsubscribe)
	if !ok {
		return
	}
	state := templates.Ended
	if b.subscribed() {
		state = templates.Ask
	}
	s.subscription(w, r, b, state)
}

// unsubscribe acts at once and sends no redirect, as RFC 8058 §3.2 demands of
// one-click. Whatever the body says but undo, who posts here wants no mail.
func (s *site) unsubscribe(w http.ResponseWriter, r *http.Request) {
	b, ok := s.bearer(w, r, ledger.Unsubscribe)
	if !ok {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	if form.Get("undo") == "1" {
		s.resume(w, r, b)
		return
	}
	// Removed too: that the file may revive, this not. Bounces and complaints
	// are ends that no undo may take back.
	if b.subscribed() || b.Status == ledger.Removed {
		if !s.setStatus(w, r, b, ledger.Unsubscribed) {
			return
		}
		b.Status = ledger.Unsubscribed
	}
	s.subscription(w, r, b, templates.Ended)
}

// resume takes an unsubscribing back.
func (s *site) resume(w http.ResponseWriter, r *http.Request, b bearer) {
	if b.Status == ledger.Unsubscribed {
		if !s.setStatus(w, r, b, ledger.Active) {
			return
		}
		b.Status = ledger.Active
	}
	state := templates.Ended
	if b.subscribed() {
		state = templates.Resumed
	}
	s.subscription(w, r, b, state)
}

// setStatus answers where it fails.
func (s *site) setStatus(w http.ResponseWriter, r *http.Request, b bearer, status ledger.Status) bool {
	found, err := s.Ledger.SetStatus(r.Context(), b.Email, status, s.Config.Digest.Default, s.Now())
	switch {
	case err != nil:
		s.fail(w, r, err, b.Email)
	case !found:
		s.badLink(w)
	default:
		s.Log.Info("a subscriber changed the subscription", "subscriber", b.ID, "from", b.Status, "to", status)
	}
	return err == nil && found
}

// subscription shows where the subscription stands.
func (s *site) subscription(w http.ResponseWriter, r *http.Request, b bearer, state templates.State) {
	data := &templates.UnsubscribePage{
		Frame: s.frameIn(b.Language), State: state, Address: masked(b.Email), URL: b.unsubscribeURL,
		CanUndo: b.Status == ledger.Unsubscribed,
	}
	if b.subscribed() {
		data.PreferencesURL = b.preferencesURL
	}
	s.page(w, r, "page-unsubscribe.html", data)
}
