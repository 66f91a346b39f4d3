package web

import (
	"context"
	"net/http"
	"path"
	"time"

	"publisher/internal/signup"
)

// saveReaders is how often the counts of readers are written.
const saveReaders = 5 * time.Minute

// countReader counts who fetched a feed at a time, except archives of months and parts of feeds.
func (s *site) countReader(r *http.Request, name string, at time.Time) {
	if _, part := r.Header["Range"]; part || r.Method != http.MethodGet || isMonth(name) {
		return
	}
	s.readers.Note(name, r.UserAgent(), signup.Client(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), s.Config.Server.Proxies), at)
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
