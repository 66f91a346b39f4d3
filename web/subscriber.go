package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"publisher/ledger"
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
	tokens, err := s.Ledger.Tokens(r.Context())
	if err != nil {
		s.fail(w, r, err, "")
		return bearer{}, false
	}
	id, ok := tokens.OpenLink(p, r.PathValue("token"))
	if !ok {
		s.badLink(w)
		return bearer{}, false
	}
	subscriber, err := s.Ledger.SubscriberByID(r.Context(), id)
	switch {
	case err != nil:
		s.fail(w, r, err, "")
		return bearer{}, false
	case subscriber == nil: // erased
		s.badLink(w)
		return bearer{}, false
	}
	return bearer{
		Subscriber:     subscriber,
		unsubscribeURL: s.base + "/unsubscribe/" + tokens.Link(ledger.Unsubscribe, id),
		preferencesURL: s.base + "/preferences/" + tokens.Link(ledger.Preferences, id),
	}, true
}

func (s *site) badLink(w http.ResponseWriter) {
	s.message(w, http.StatusNotFound, templates.BadLink)
}

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
	r.Body = io.NopCloser(bytes.NewReader(body))
	// It reads both kinds; what it makes nothing of leaves the form empty.
	_ = r.ParseMultipartForm(maxBody)
	return r.PostForm, true
}
