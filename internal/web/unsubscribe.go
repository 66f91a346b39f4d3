package web

import (
	"context"
	"net/http"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/templates"
)

// showUnsubscribe shows a button and changes nothing, because scanners follow links.
func (s *site) showUnsubscribe(w http.ResponseWriter, r *http.Request) {
	b, ok := s.tokenHolder(w, r, mailtoken.Unsubscribe)
	if !ok {
		return
	}
	state := templates.Ended
	if b.subscribed() {
		state = templates.Ask
	}
	s.subscription(w, r, b, state)
}

// unsubscribe acts at once and does not redirect, as RFC 8058 §3.2 requires for one-click.
// Any body but an undo unsubscribes. The ledger decides what the link may do.
func (s *site) unsubscribe(w http.ResponseWriter, r *http.Request) {
	if !s.hasValidToken(w, r, mailtoken.Unsubscribe) {
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
		b, found, err := s.findTokenHolder(ctx, mailtoken.Unsubscribe, token)
		if err != nil || !found {
			return s.answerBadLink, err
		}
		return s.act(ctx, b, act)
	})
}

// act does what the link allows, and answers with the resulting state of the subscription.
func (s *site) act(ctx context.Context, b tokenHolder, act ledger.Action) (answer, error) {
	before, email := b.Status, b.Email
	after, changed, err := s.Ledger.Do(ctx, ledger.Request{Subscriber: b.ID, Proof: mailtoken.Unsubscribe, Action: act,
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

func (s *site) answerSubscription(b tokenHolder, state templates.State) answer {
	return func(w http.ResponseWriter, r *http.Request) { s.subscription(w, r, b, state) }
}

// subscription shows the state of the subscription.
func (s *site) subscription(w http.ResponseWriter, r *http.Request, b tokenHolder, state templates.State) {
	data := &templates.UnsubscribePage{
		Frame: s.frameIn(b.Language), State: state, Address: masked(b.Email), URL: b.unsubscribeURL,
		CanUndo: b.CanUndo(s.Now()) && b.UndoTo != ledger.Removed,
	}
	if b.subscribed() {
		data.PreferencesURL = b.preferencesURL
	}
	s.page(w, r, "page-unsubscribe.html", data)
}
