package web

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"publisher/internal/signup"
)

// saveReaders is how often the counts of readers are written.
const saveReaders = 5 * time.Minute

// counted counts who fetches feeds. It does so after the response was sent.
func (s *site) counted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		next(w, r)
		if r.Method != http.MethodGet || !wasFeed(w) {
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if _, feed := s.types.of(name); feed && !isMonth(name) {
			s.readers.Note(name, r.UserAgent(), signup.Client(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), s.Config.Server.Proxies), s.Now())
		}
	}
}

// wasFeed reports whether the response was a feed, or that it has not changed: not a page for a
// browser, and no error.
func wasFeed(w http.ResponseWriter) bool {
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return false
	}
	for {
		if rec, ok := w.(*recorder); ok {
			return rec.status == http.StatusOK || rec.status == http.StatusNotModified
		}
		wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = wrapped.Unwrap()
	}
}

// isMonth reports whether a feed is the archive of a month, to which nobody subscribes.
func isMonth(name string) bool { return path.Base(path.Dir(path.Dir(name))) == "months" }

// saveReaders writes how many read the feeds, now and then until ctx ends.
func (h *Handler) saveReaders(ctx context.Context) {
	tick := time.NewTicker(saveReaders)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.SaveReaders(ctx)
		}
	}
}

// SaveReaders writes how many read the feeds. What cannot be written waits for the next call.
func (h *Handler) SaveReaders(ctx context.Context) {
	if err := h.site.readers.Save(ctx, h.site.Ledger, h.site.Now()); err != nil && ctx.Err() == nil {
		h.site.Log.Warn("cannot store how many read the feeds; trying again later", "error", err)
	}
}
