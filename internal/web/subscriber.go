package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/templates"
)

// tokenHolder is the subscriber whose link was followed.
type tokenHolder struct {
	*ledger.Subscriber
	unsubscribeURL, preferencesURL string
}

// tokenHolder returns the subscriber whose token is in the request's path. If there is none,
// it answers, in the same way whether there ever was such a subscriber or not.
//
// Only the token matters, and no browser sends it on its own. Protection against
// cross-origin posts would protect nothing and lock out mail programs that post from a page
// of their own.
func (s *site) tokenHolder(w http.ResponseWriter, r *http.Request, p mailtoken.Purpose) (tokenHolder, bool) {
	b, found, err := s.findTokenHolder(r.Context(), p, r.PathValue("token"))
	switch {
	case err != nil:
		s.fail(w, r, err, "")
	case !found:
		s.badLink(w)
	}
	return b, found && err == nil
}

// findTokenHolder is like tokenHolder, but does not answer.
func (s *site) findTokenHolder(ctx context.Context, p mailtoken.Purpose, token string) (b tokenHolder, found bool, err error) {
	tokens, err := s.Ledger.Tokens(ctx)
	if err != nil {
		return b, false, err
	}
	id, ok := tokens.OpenLink(p, token)
	if !ok {
		return b, false, nil
	}
	subscriber, err := s.Ledger.SubscriberByID(ctx, id)
	if err != nil || subscriber == nil { // erased
		return b, false, err
	}
	return s.holder(tokens, subscriber), true, nil
}

func (s *site) holder(tokens *mailtoken.Codec, subscriber *ledger.Subscriber) tokenHolder {
	return tokenHolder{
		Subscriber:     subscriber,
		unsubscribeURL: s.base + "/unsubscribe/" + tokens.Link(mailtoken.Unsubscribe, subscriber.ID),
		preferencesURL: s.base + "/preferences/" + tokens.Link(mailtoken.Preferences, subscriber.ID),
	}
}

// hasValidToken answers requests whose token is invalid before their body is read. If the
// ledger cannot be read, it returns true and leaves the decision to later steps.
func (s *site) hasValidToken(w http.ResponseWriter, r *http.Request, p mailtoken.Purpose) bool {
	tokens, err := s.Ledger.Tokens(r.Context())
	if err != nil {
		return true
	}
	_, ok := tokens.OpenLink(p, r.PathValue("token"))
	if !ok {
		s.badLink(w)
	}
	return ok
}

func (s *site) badLink(w http.ResponseWriter) {
	s.message(w, http.StatusNotFound, templates.BadLink)
}

// answerBadLink is badLink as an answer to a change.
func (s *site) answerBadLink(w http.ResponseWriter, _ *http.Request) { s.badLink(w) }

// subscribed reports whether there is a subscription that can end.
func (b tokenHolder) subscribed() bool {
	return b.Status == ledger.Active || b.Status == ledger.Pending
}

// masked returns an address in a form that only its owner recognizes.
func masked(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "…"
	}
	_, first := utf8.DecodeRuneInString(email)
	return email[:first] + "…" + email[at:]
}

// body reads the body. It answers if it is too large or incomplete.
func (s *site) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "the request's body is too large", http.StatusRequestEntityTooLarge)
		return nil, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		http.Error(w, "the request's body arrived too slowly", http.StatusRequestTimeout)
		return nil, false
	case err != nil:
		http.Error(w, "the request's body is incomplete", http.StatusBadRequest)
		return nil, false
	}
	w.Header().Del("Connection") // see limited
	return body, true
}

// form reads the body, urlencoded or multipart (RFC 8058 §3.1). A body that cannot be parsed is
// an empty form.
func (s *site) form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	body, ok := s.body(w, r)
	if !ok {
		return nil, false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	// It parses both kinds. After an error the form is empty.
	_ = r.ParseMultipartForm(maxBody)
	return r.PostForm, true
}
