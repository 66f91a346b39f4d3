// Package events verifies and reads what mail services post about the mails that went through
// them: Amazon SES, Postmark, Mailgun and SendGrid. What they report is returned in the form
// of package bounce, and says by our Message-ID or return path which mail it is about, never by
// an address.
package events

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"publisher/internal/config"
	"publisher/mailer/bounce"
)

// maxAge is how far the time of a post may be from ours.
const maxAge = 15 * time.Minute

// Post is a verified post.
type Post struct {
	// Once identifies the post: one that was handled before is not handled again.
	Once    string
	Reports []*bounce.Report
}

// RefusedError means that a post is not from the service. Its text may be logged.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// MalformedError means that a verified post cannot be understood.
type MalformedError struct{ Reason string }

func (e *MalformedError) Error() string { return e.Reason }

func refused(format string, args ...any) error {
	return &RefusedError{fmt.Sprintf(format, args...)}
}

// Hook receives the posts of one service, under any of several keys.
type Hook struct {
	readers []reader
	limit   int64
}

// reader verifies the posts of one entry of mail.events.
type reader interface {
	// early checks what needs no body.
	early(http.Header) error
	read(ctx context.Context, header http.Header, body []byte, now time.Time) (*Post, error)
}

// New returns the hooks that mail.events names, by service. client fetches certificates and
// confirms subscriptions; nil for a client of its own.
func New(entries []config.Events, client *http.Client) (map[string]*Hook, error) {
	hooks := map[string]*Hook{}
	for _, e := range entries {
		hook := hooks[e.From]
		if hook == nil {
			hook = &Hook{limit: limits[e.From]}
			hooks[e.From] = hook
		}
		var r reader
		switch e.From {
		case "ses":
			r = newSNS(e.Topic, client)
		case "postmark":
			r = newPostmark(e.Username, e.Password)
		case "mailgun":
			r = &mailgun{key: []byte(e.Key)}
		case "sendgrid":
			key, err := e.PublicKey()
			if err != nil {
				return nil, fmt.Errorf("mail.events: the key of sendgrid: %w", err)
			}
			r = &sendGrid{key: key}
		default:
			return nil, fmt.Errorf("mail.events: unknown service %q", e.From)
		}
		hook.readers = append(hook.readers, r)
	}
	return hooks, nil
}

// limits are the largest posts of each service in octets, with room to spare.
var limits = map[string]int64{"ses": 512 << 10, "postmark": 2 << 20, "mailgun": 256 << 10, "sendgrid": 2 << 20}

// Limit returns how long a post may be.
func (h *Hook) Limit() int64 { return h.limit }

// Early refuses posts by their header alone, before the body is read.
func (h *Hook) Early(header http.Header) error {
	return h.first(func(r reader) error { return r.early(header) })
}

// Read verifies a post and reads it. The error is a *RefusedError, a *MalformedError, or what
// kept the post from being verified, so that a retry helps.
func (h *Hook) Read(ctx context.Context, header http.Header, body []byte, now time.Time) (post *Post, err error) {
	err = h.first(func(r reader) error {
		if err := r.early(header); err != nil {
			return err
		}
		post, err = r.read(ctx, header, body, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	return post, nil
}

// first calls try for each entry until one does not refuse the post.
func (h *Hook) first(try func(reader) error) (err error) {
	for _, r := range h.readers {
		err = try(r)
		if _, no := errors.AsType[*RefusedError](err); !no {
			return err
		}
	}
	return err
}

// inTime refuses a time that is too far from now.
func inTime(at, now time.Time) error {
	if off := now.Sub(at); off > maxAge || off < -maxAge {
		return refused("its time is more than %v away from now", maxAge)
	}
	return nil
}

// unixTime reads a number of seconds since 1970.
func unixTime(text string) (time.Time, error) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) > 12 {
		return time.Time{}, refused("it has no time")
	}
	return time.Unix(seconds, 0), nil
}

// once returns what identifies a post, of whatever length its parts are.
func once(service string, parts ...string) string {
	hash := sha256.New()
	for _, part := range slices.Concat([]string{service}, parts) {
		fmt.Fprintf(hash, "%d %s", len(part), part)
	}
	return base32.StdEncoding.EncodeToString(hash.Sum(nil))
}
