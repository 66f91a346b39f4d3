package web

import (
	"context"
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
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	token, undo := r.PathValue("token"), form.Get("undo") == "1"
	s.change(w, r, func(ctx context.Context) (answer, error) {
		b, found, err := s.bearerOf(ctx, ledger.Unsubscribe, token)
		if err != nil || !found {
			return s.answerBadLink, err
		}
		if undo {
			return s.resume(ctx, b)
		}
		// Removed too: that the file may revive, this not. Bounces and complaints
		// are ends that no undo may take back.
		if b.subscribed() || b.Status == ledger.Removed {
			return s.setStatus(ctx, b, ledger.Unsubscribed, templates.Ended)
		}
		return s.answerSubscription(b, templates.Ended), nil
	})
}

// resume takes an unsubscribing back.
func (s *site) resume(ctx context.Context, b bearer) (answer, error) {
	if b.Status == ledger.Unsubscribed {
		return s.setStatus(ctx, b, ledger.Active, templates.Resumed)
	}
	state := templates.Ended
	if b.subscribed() {
		state = templates.Resumed
	}
	return s.answerSubscription(b, state), nil
}

func (s *site) setStatus(ctx context.Context, b bearer, status ledger.Status, state templates.State) (answer, error) {
	found, err := s.Ledger.SetStatus(ctx, b.Email, status, s.Config.Digest.Default, s.Now())
	if err != nil || !found {
		return s.answerBadLink, about(b.Email, err)
	}
	s.Log.Info("a subscriber changed the subscription", "subscriber", b.ID, "from", b.Status, "to", status)
	b.Status = status
	return s.answerSubscription(b, state), nil
}

func (s *site) answerSubscription(b bearer, state templates.State) answer {
	return func(w http.ResponseWriter, r *http.Request) { s.subscription(w, r, b, state) }
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
