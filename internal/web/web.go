// Package web is the web server: the feeds and whatever else lies in the output
// folder, the pages that mails link to, and the archive of editions.
//
// A request passes guard.go, which bounds and protects it, to one of the handlers
// that are named after what they show; document.go sends what can be cached.
// Links that stand in mail carry their own proof, so that nothing here knows
// cookies or log-ins.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	owner "publisher/internal/private"
	"publisher/templates"
)

// Options are what the program around the handler provides.
type Options struct {
	Config    *config.Config
	Ledger    *ledger.Ledger
	Templates *templates.Set
	Archive   Archive
	// Tags are the tags that subscribers with a language may choose from; nil for
	// none but those that they have.
	Tags func(ctx context.Context, language string) ([]string, error)
	// Healthy returns why the program does not do its work, in words that
	// anybody may read; nil for always healthy.
	Healthy func() error
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log takes faults, and at debug level every request; nil discards it.
	Log *slog.Logger
}

// Archive composes the web version of editions.
type Archive interface {
	// Edition returns the edition's page, without anybody's own links. It may be
	// called from several goroutines at once.
	Edition(ctx context.Context, number int64) (html []byte, found bool, err error)
}

// site is the handler's state. Nothing in it changes but what the shelf keeps and which
// changes wait.
type site struct {
	Options
	base    string // path of server.url; "" for none
	types   mediaTypes
	shelf   *shelf
	changes *changes
	owned   *owner.List // what no path leads to
}

// Handler answers all requests.
type Handler struct {
	http.Handler
	changes *changes
}

// Drain waits for the changes that subscribers have asked for and that are not done,
// whether they still wait for the answer or not. When ctx ends it gives up what is left.
// No request may come any more.
func (h *Handler) Drain(ctx context.Context) { h.changes.drain(ctx) }

// New returns the handler of all pages and files.
func New(o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{Options: o, types: feedTypes(o.Config.Feeds), shelf: newShelf(shelfBytes), changes: newChanges(), owned: o.Config.Private()}
	if u := o.Config.Server.URL; u != nil {
		s.base = strings.TrimRight(u.EscapedPath(), "/")
	}
	return &Handler{underBase(s.base, s.logged(s.recovered(limited(s.secured(s.routes()))))), s.changes}
}

// routes name a method each, so that the others are answered by 405 with Allow.
// GET includes HEAD.
func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /healthz", s.health)
	// What follows the token, a mail program has mangled: the page says what to do.
	mux.HandleFunc("GET /unsubscribe/{token...}", private(s.showUnsubscribe))
	mux.HandleFunc("POST /unsubscribe/{token...}", private(s.unsubscribe))
	mux.HandleFunc("GET /preferences/{token...}", private(s.showPreferences))
	mux.HandleFunc("POST /preferences/{token...}", private(s.setPreferences))
	mux.HandleFunc("GET /archive", s.toArchive)
	mux.HandleFunc("GET /archive/{$}", s.archive)
	mux.HandleFunc("GET /archive/{number}", s.edition)
	mux.HandleFunc("GET /{path...}", s.file)
	return mux
}

// underBase takes the path of server.url off. A proxy may have done so already.
func underBase(base string, h http.Handler) http.Handler {
	if base == "" {
		return h
	}
	stripped := http.StripPrefix(base, h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.EscapedPath(); {
		case path == base:
			http.Redirect(w, r, base+"/", http.StatusMovedPermanently)
		case strings.HasPrefix(path, base+"/"):
			stripped.ServeHTTP(w, r)
		default:
			h.ServeHTTP(w, r)
		}
	})
}
