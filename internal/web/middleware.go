package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"publisher/internal/httpstatus"
	"publisher/internal/ledger"
	"publisher/internal/web/httpcache"
	"publisher/templates"
)

// maxBody is far larger than any of our forms.
const maxBody = 64 << 10

// Content security policies (CSP level 3). No page may run scripts but our own.
const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// %[1]s is the origin of the publication, which may be http.
	editionPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data: %[1]s; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

// securityHeaders are those of every response. Handlers may replace them.
var securityHeaders = []httpcache.Field{
	httpcache.Header("Content-Security-Policy", pagePolicy),
	httpcache.Header("Cross-Origin-Opener-Policy", "same-origin"),
	httpcache.Header("Cross-Origin-Resource-Policy", "same-origin"),
	httpcache.Header("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
	httpcache.Header("Referrer-Policy", "no-referrer"),
	httpcache.Header("X-Content-Type-Options", "nosniff"),
	httpcache.Header("X-Frame-Options", "DENY"),
}

// secured sets securityHeaders.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpcache.SetHeaders(w.Header(), securityHeaders)
		next.ServeHTTP(w, r)
	})
}

// policy returns a policy with the publication's origin filled in.
func (s *site) policy(format string) string {
	u := s.Config.Site.URL
	return fmt.Sprintf(format, u.Scheme+"://"+u.Host)
}

// private keeps a page about one subscriber out of caches and search engines.
func private(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		next(w, r)
	}
}

// limited limits the size of a request's body, to what its route takes. A handler that answers
// without reading it closes the connection: otherwise net/http would wait for the rest before
// it answers.
func limited(next *router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			most := next.bodyLimit(r)
			if r.ContentLength > most {
				http.Error(w, "the request's body is too large", http.StatusRequestEntityTooLarge)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		next.ServeHTTP(w, r)
	})
}

// router is a ServeMux that knows which routes take larger bodies than maxBody.
type router struct {
	http.ServeMux
	bodies map[string]int64 // bytes, by pattern
}

// bodyLimit returns how large the body of a request may be.
func (m *router) bodyLimit(r *http.Request) int64 {
	if _, pattern := m.Handler(r); m.bodies[pattern] > 0 {
		return m.bodies[pattern]
	}
	return maxBody
}

// shortened answers from memory what can be answered so, without the handlers after it.
func (s *site) shortened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := s.fileAsked(r); !ok || !s.files.ServeRecent(w, r, name) {
			next.ServeHTTP(w, r)
		}
	})
}

// fileAsked returns the name of the file that a request asks for, if that is sure without the routes.
func (s *site) fileAsked(r *http.Request) (name string, ok bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.ContentLength != 0 || r.URL.RawPath != "" || r.URL.Path == "" || s.base != s.plainBase {
		return "", false
	}
	name = r.URL.Path[1:]
	if s.base != "" {
		if below, found := strings.CutPrefix(r.URL.Path, s.base+"/"); found {
			name = below
		}
	}
	return name, true
}

// recovered turns a panic into an error page. If a response is already partly sent, it
// breaks the connection instead, so that no client takes the part for the whole.
func (s *site) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			switch {
			case fault == nil:
				return
			case fault == http.ErrAbortHandler:
				panic(fault)
			}
			s.Log.Error("internal error: a request made the web server panic", "route", r.Pattern, "fault", fault, "stack", string(debug.Stack()))
			if rec, ok := w.(*httpstatus.Recorder); ok && rec.Status != 0 {
				panic(http.ErrAbortHandler)
			}
			s.message(w, http.StatusInternalServerError, templates.Failure)
		}()
		next.ServeHTTP(w, r)
	})
}

// logged logs each request by its route, because paths contain tokens.
func (s *site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &httpstatus.Recorder{ResponseWriter: w}
		defer func() {
			s.Log.Debug("request", "method", r.Method, "route", r.Pattern, "status", rec.Status, "took", time.Since(start))
		}()
		next.ServeHTTP(rec, r)
	})
}

// fail logs an error and answers with an error page. secret is an address that the error
// may contain and the log must not, or "".
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error, secret string) {
	if r.Context().Err() != nil {
		return // the client left
	}
	what := err.Error()
	if secret != "" {
		what = strings.ReplaceAll(what, secret, "a subscriber")
	}
	if !ledger.IsAway(err) {
		s.Log.Error("a request failed", "route", r.Pattern, "error", what)
		s.message(w, http.StatusInternalServerError, templates.Failure)
		return
	}
	if s.away.mayLog(s.Now()) {
		s.Log.Warn("requests are answered with 503, since the ledger cannot be reached", "error", what)
	}
	w.Header().Set("Retry-After", awayPause)
	if wantsJSON(r) {
		s.say(w, r, http.StatusServiceUnavailable, s.frame(), "page_error_text", nil)
		return
	}
	s.message(w, http.StatusServiceUnavailable, templates.Failure)
}
