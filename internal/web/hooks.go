package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"publisher/internal/ledger"
	"publisher/mailer/events"
)

const (
	// maxHook limits the posts of mail services, each of which has a smaller limit of its own.
	maxHook = 2 << 20
	// hookMemory limits how much of them is in memory.
	hookMemory = 16 << 20
	// hookTime is how long a post is worked on. Services wait 10 to 15 seconds, and come again
	// after a 503.
	hookTime = 8 * time.Second
	// hookRemembered is how long a post that was handled is known.
	hookRemembered = 24 * time.Hour
	// hookLogPause is how often a refused post of a service is logged.
	hookLogPause = time.Minute
)

// hooks is what is going on with the posts of mail services.
type hooks struct {
	memory *semaphore.Weighted
	turn   chan struct{} // one at a time is looked up, handled and remembered

	mu     sync.Mutex
	logged map[string]time.Time // when a refused post was logged, by service
}

func newHooks() *hooks {
	return &hooks{memory: semaphore.NewWeighted(hookMemory), turn: make(chan struct{}, 1), logged: map[string]time.Time{}}
}

// hook takes what a mail service reports. The answers are for machines.
func (s *site) hook(w http.ResponseWriter, r *http.Request) {
	service := r.PathValue("service")
	hook := s.Hooks[service]
	if hook == nil {
		http.Error(w, "no such service", http.StatusNotFound)
		return
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		http.Error(w, "the body must not be encoded", http.StatusUnsupportedMediaType)
		return
	}
	if err := hook.Early(r.Header); err != nil {
		s.hookFailed(w, service, err)
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
	if !s.hooks.memory.TryAcquire(size) {
		s.hookLater(w)
		return
	}
	defer s.hooks.memory.Release(size)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, size))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		http.Error(w, "the request's body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the request's body is incomplete", http.StatusBadRequest)
		return
	}
	w.Header().Del("Connection") // see limited
	ctx, cancel := context.WithTimeout(r.Context(), hookTime)
	defer cancel()
	if err := s.takePost(ctx, hook, r.Header, body); err != nil {
		s.hookFailed(w, service, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// takePost verifies a post and does what it reports, once.
func (s *site) takePost(ctx context.Context, hook *events.Hook, header http.Header, body []byte) error {
	post, err := hook.Read(ctx, header, body, s.Now())
	if err != nil {
		return err
	}
	select {
	case s.hooks.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.hooks.turn }()
	now := s.Now()
	known, err := s.Ledger.FindToken(ctx, ledger.TokenHook, post.Once, now)
	if err != nil || known != nil {
		return err
	}
	for _, report := range post.Reports {
		if err := s.Returned(ctx, report); err != nil {
			return err
		}
	}
	_, err = s.Ledger.AddToken(ctx, ledger.Token{Secret: post.Once, Purpose: ledger.TokenHook, Expires: now.Add(hookRemembered)}, now)
	return err
}

// hookFailed answers a post that was not handled. What is refused may come from anybody, and
// must not fill the log.
func (s *site) hookFailed(w http.ResponseWriter, service string, err error) {
	if refused, ok := errors.AsType[*events.RefusedError](err); ok {
		if s.hooks.mayLog(service, s.Now()) {
			s.Log.Warn("refused a post to a hook", "service", service, "reason", refused.Reason)
		}
		http.Error(w, "refused: "+refused.Reason, http.StatusForbidden)
		return
	}
	if malformed, ok := errors.AsType[*events.MalformedError](err); ok {
		s.Log.Warn("cannot read a post of a mail service", "service", service, "reason", malformed.Reason)
		http.Error(w, malformed.Reason, http.StatusBadRequest)
		return
	}
	s.Log.Error("cannot handle a post of a mail service", "service", service, "error", err)
	s.hookLater(w)
}

func (s *site) hookLater(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "60")
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}

func (h *hooks) mayLog(service string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.logged[service]; ok && now.Sub(last).Abs() < hookLogPause {
		return false
	}
	h.logged[service] = now
	return true
}
