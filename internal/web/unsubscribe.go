package web

import (
	"context"
	"net/http"

	"publisher/internal/ledger"
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
// one-click. Whatever the body says but undo, who posts here wants no mail. What the link
// may do is for the ledger to say.
func (s *site) unsubscribe(w http.ResponseWriter, r *http.Request) {
	if !s.genuine(w, r, ledger.Unsubscribe) {
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	token, act := r.PathValue("token"), ledger.Leave
	if form.Get("undo") == "1" {
		act = ledger.Undo
	}
	s.change(w, r, func(ctx context.Context) (answer, error) {
		b, found, err := s.bearerOf(ctx, ledger.Unsubscribe, token)
		if err != nil || !found {
			return s.answerBadLink, err
		}
		return s.act(ctx, b, act)
	})
}

// act does what the link may, and answers with where the subscription then stands.
func (s *site) act(ctx context.Context, b bearer, act ledger.Action) (answer, error) {
	before, email := b.Status, b.Email
	after, changed, err := s.Ledger.Do(ctx, ledger.Request{Subscriber: b.ID, Proof: ledger.Unsubscribe, Action: act,
		DefaultCadence: s.Config.Digest.Default, At: s.Now()})
	if err != nil || after == nil {
		return s.answerBadLink, about(email, err)
	}
	b.Subscriber = after
	if changed {
		s.Log.Info("a subscriber changed the subscription", "subscriber", b.ID, "from", before, "to", b.Status)
	}
	state := templates.Ended
	if act == ledger.Undo && b.subscribed() {
		state = templates.Resumed
	}
	return s.answerSubscription(b, state), nil
}

func (s *site) answerSubscription(b bearer, state templates.State) answer {
	return func(w http.ResponseWriter, r *http.Request) { s.subscription(w, r, b, state) }
}

// subscription shows where the subscription stands.
func (s *site) subscription(w http.ResponseWriter, r *http.Request, b bearer, state templates.State) {
	data := &templates.UnsubscribePage{
		Frame: s.frameIn(b.Language), State: state, Address: masked(b.Email), URL: b.unsubscribeURL,
		CanUndo: b.CanUndo(s.Now()) && b.UndoTo != ledger.Removed,
	}
	if b.subscribed() {
		data.PreferencesURL = b.preferencesURL
	}
	s.page(w, r, "page-unsubscribe.html", data)
}
