package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
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
	token, request := r.PathValue("token"), s.leaving(form)
	s.change(w, r, func(ctx context.Context) (answer, error) {
		tokens, err := s.Ledger.Tokens(ctx)
		if err != nil {
			return nil, err
		}
		request.Subscriber, _ = tokens.OpenLink(mailtoken.Unsubscribe, token) // 0, nobody, if it is invalid
		return s.act(ctx, tokens, request)
	})
}

// leaving returns what the form asks for.
func (s *site) leaving(form url.Values) subscription.Request {
	r := subscription.Request{Proof: mailtoken.Unsubscribe, Action: subscription.Leave, DefaultCadence: s.Config.Digest.Default, At: s.Now(), Reason: cleanReason(form.Get("reason"))}
	switch instead := form.Get("instead"); {
	case form.Get("undo") == "1":
		r.Action = subscription.Undo
	case instead != "":
		if _, known := s.Config.Cadence(instead); known {
			r.Action, r.Cadence = subscription.Undo, instead
		}
	case form.Get("pause") == "month":
		r.Action = subscription.Undo
		r.Until, _ = s.pauseEnd(form)
	}
	return r
}

// maxReason limits a line for the owner, in characters.
const maxReason = 200

// cleanReason returns a line for the owner as plain text on one line.
func cleanReason(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	runes := []rune(strings.Map(func(r rune) rune {
		if unprintable(r) && r != ' ' {
			return -1
		}
		return r
	}, text))
	return string(runes[:min(len(runes), maxReason)])
}

// act does what the link allows, and answers with the resulting state of the subscription. It asks
// the ledger once: all mail waits for each time.
func (s *site) act(ctx context.Context, tokens *mailtoken.Codec, request subscription.Request) (answer, error) {
	after, changed, err := subscription.Do(ctx, s.Ledger, request)
	if err != nil || after == nil {
		return s.answerBadLink, err
	}
	b := s.holder(tokens, after)
	if changed {
		before := ledger.Unsubscribed
		if request.Action == subscription.Leave {
			before = b.UndoTo
		}
		s.Log.Info("a subscriber changed the subscription", "subscriber", b.ID, "from", before, "to", b.Status)
	}
	data := &templates.UnsubscribePage{State: templates.Ended, Said: request.Reason != ""}
	if request.Action == subscription.Undo && b.subscribed() {
		data.State = templates.Resumed
	}
	return func(w http.ResponseWriter, r *http.Request) { s.endedPage(w, r, b, data) }, nil
}

// subscription shows the state of the subscription.
func (s *site) subscription(w http.ResponseWriter, r *http.Request, b tokenHolder, state templates.State) {
	s.endedPage(w, r, b, &templates.UnsubscribePage{State: state})
}

// endedPage shows the state of the subscription; data has what came of a request.
func (s *site) endedPage(w http.ResponseWriter, r *http.Request, b tokenHolder, data *templates.UnsubscribePage) {
	data.Frame, data.Address, data.URL = s.frameIn(b.Language), masked(b.Email), b.unsubscribeURL
	data.CanUndo = b.CanUndo(s.Now()) && b.UndoTo != ledger.Removed
	if b.subscribed() {
		data.PreferencesURL = b.preferencesURL
	} else {
		data.CanSay, data.ManageURL, data.FeedURL = b.Status == ledger.Unsubscribed, b.preferencesURL, s.ownFeedsURL(b)
	}
	if data.CanUndo {
		data.Rarer = s.rarer(b)
	}
	s.page(w, r, "page-unsubscribe.html", data)
}

// rarer returns the cadences that send less often than the subscriber's.
func (s *site) rarer(b tokenHolder) (all []templates.Choice) {
	own, _ := s.Config.Cadence(s.cadenceOf(b))
	now := s.Now()
	for _, c := range s.Config.Digest.Cadences {
		if interval(c, now) > interval(own, now) {
			all = append(all, templates.Choice{Value: c.Name})
		}
	}
	return all
}

// interval returns the average time between the first editions of a cadence after now; 0 for one
// with every new post.
func interval(c config.Cadence, now time.Time) time.Duration {
	if c.Schedule == nil {
		return 0
	}
	const fires = 12
	start := c.Schedule.Next(now)
	at := start
	for range fires {
		if at = c.Schedule.Next(at); at.IsZero() {
			return 0 // never again
		}
	}
	return at.Sub(start) / fires
}
