// Package hooks receives what mail services post: bounces and complaints, each handled once.
package hooks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"publisher/internal/ledger"
	"publisher/mailer/bounce"
	"publisher/mailer/events"
)

const (
	// MaxBody limits the posts of mail services, each of which has a smaller limit of its own.
	MaxBody = 2 << 20
	// maxMemory limits how much of them is in memory.
	maxMemory = 16 << 20
	// workTime is how long a post is worked on. Services wait 10 to 15 seconds, and come again
	// after a 503.
	workTime = 8 * time.Second
	// remembered is how long a post that was handled is known.
	remembered = 24 * time.Hour
	// logPause is how often a refused post of a service is logged.
	logPause = time.Minute
)

// Options are what New needs.
type Options struct {
	Ledger *ledger.Ledger
	// Services verify and read the posts, by the name of the service.
	Services map[string]*events.Hook
	// Returned handles what they report.
	Returned func(context.Context, *bounce.Report) error
	Now      func() time.Time
	Log      *slog.Logger
}

// Handler answers posts of mail services; the route names the service. The answers are for machines.
type Handler struct {
	Options
	memory *semaphore.Weighted
	turn   chan struct{} // one at a time is looked up, handled and remembered

	mu     sync.Mutex
	logged map[string]time.Time // when a refused post was logged, by service
}

// New returns the handler of posts.
func New(o Options) *Handler {
	return &Handler{Options: o, memory: semaphore.NewWeighted(maxMemory), turn: make(chan struct{}, 1), logged: map[string]time.Time{}}
}

// ServeHTTP takes what a mail service reports.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service := r.PathValue("service")
	hook := h.Services[service]
	if hook == nil {
		http.Error(w, "no such service", http.StatusNotFound)
		return
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		http.Error(w, "the body must not be encoded", http.StatusUnsupportedMediaType)
		return
	}
	if err := hook.Early(r.Header); err != nil {
		h.failed(w, service, err)
		return
	}
	size := hook.Limit()
	if r.ContentLength > size {
		http.Error(w, "the request's body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if r.ContentLength > 0 {
		size = r.ContentLength
	}
	if !h.memory.TryAcquire(size) {
		h.later(w)
		return
	}
	defer h.memory.Release(size)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, size))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		http.Error(w, "the request's body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the request's body is incomplete", http.StatusBadRequest)
		return
	}
	w.Header().Del("Connection") // the body was read
	ctx, cancel := context.WithTimeout(r.Context(), workTime)
	defer cancel()
	if err := h.takePost(ctx, hook, r.Header, body); err != nil {
		h.failed(w, service, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// takePost verifies a post and does what it reports, once.
func (h *Handler) takePost(ctx context.Context, hook *events.Hook, header http.Header, body []byte) error {
	post, err := hook.Read(ctx, header, body, h.Now())
	if err != nil {
		return err
	}
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.turn }()
	now := h.Now()
	known, err := h.Ledger.FindToken(ctx, ledger.TokenHook, post.Once, now)
	if err != nil || known != nil {
		return err
	}
	for _, report := range post.Reports {
		if err := h.Returned(ctx, report); err != nil {
			return err
		}
	}
	_, err = h.Ledger.AddToken(ctx, ledger.Token{Secret: post.Once, Purpose: ledger.TokenHook, Expires: now.Add(remembered)}, now)
	return err
}

// failed answers a post that was not handled. What is refused may come from anybody, and
// must not fill the log.
func (h *Handler) failed(w http.ResponseWriter, service string, err error) {
	if refused, ok := errors.AsType[*events.RefusedError](err); ok {
		if h.mayLog(service, h.Now()) {
			h.Log.Warn("refused a post to a hook", "service", service, "reason", refused.Reason)
		}
		http.Error(w, "refused: "+refused.Reason, http.StatusForbidden)
		return
	}
	if malformed, ok := errors.AsType[*events.MalformedError](err); ok {
		h.Log.Warn("cannot read a post of a mail service", "service", service, "reason", malformed.Reason)
		http.Error(w, malformed.Reason, http.StatusBadRequest)
		return
	}
	h.Log.Error("cannot handle a post of a mail service", "service", service, "error", err)
	h.later(w)
}

func (h *Handler) later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "60")
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}

func (h *Handler) mayLog(service string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.logged[service]; ok && now.Sub(last).Abs() < logPause {
		return false
	}
	h.logged[service] = now
	return true
}
