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
	"publisher/templates"
)

// bearer is the subscriber whose link was followed.
type bearer struct {
	*ledger.Subscriber
	unsubscribeURL, preferencesURL string
}

// bearer finds out whose token the request's path has. Where it is nobody's it
// answers, the same whether there ever was such a subscriber or not.
//
// The token is all that counts, and no browser sends it of itself: a guard
// against cross-origin posts would protect nothing, and lock out mail programs
// that post from a page of their own.
func (s *site) bearer(w http.ResponseWriter, r *http.Request, p ledger.Purpose) (bearer, bool) {
	b, found, err := s.bearerOf(r.Context(), p, r.PathValue("token"))
	switch {
	case err != nil:
		s.fail(w, r, err, "")
	case !found:
		s.badLink(w)
	}
	return b, found && err == nil
}

// bearerOf is bearer for who answers later.
func (s *site) bearerOf(ctx context.Context, p ledger.Purpose, token string) (b bearer, found bool, err error) {
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
	return bearer{
		Subscriber:     subscriber,
		unsubscribeURL: s.base + "/unsubscribe/" + tokens.Link(ledger.Unsubscribe, id),
		preferencesURL: s.base + "/preferences/" + tokens.Link(ledger.Preferences, id),
	}, true, nil
}

// genuine answers for a token that nobody has, before the request's body is waited for. A
// ledger that cannot be read decides nothing.
func (s *site) genuine(w http.ResponseWriter, r *http.Request, p ledger.Purpose) bool {
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

// answerBadLink is badLink as an answer.
func (s *site) answerBadLink(w http.ResponseWriter, _ *http.Request) { s.badLink(w) }

// subscribed tells whether there is a subscription that can end.
func (b bearer) subscribed() bool {
	return b.Status == ledger.Active || b.Status == ledger.Pending
}

// masked shows an address to its owner and nobody else.
func masked(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "…"
	}
	_, first := utf8.DecodeRuneInString(email)
	return email[:first] + "…" + email[at:]
}

// form reads the body, urlencoded or multipart (RFC 8058 §3.1). It answers where
// the body is too large or breaks off; one that makes no sense is an empty form.
func (s *site) form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "the request's body is too large", http.StatusRequestEntityTooLarge)
		return nil, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		http.Error(w, "the request's body came too slowly", http.StatusRequestTimeout)
		return nil, false
	case err != nil:
		http.Error(w, "the request's body broke off", http.StatusBadRequest)
		return nil, false
	}
	w.Header().Del("Connection") // see limited
	r.Body = io.NopCloser(bytes.NewReader(body))
	// It reads both kinds; what it makes nothing of leaves the form empty.
	_ = r.ParseMultipartForm(maxBody)
	return r.PostForm, true
}
