// Package web is the web server: it serves the feeds and other files of the output folder,
// the pages that mails link to, and the archive of editions.
//
// A request passes the middleware, which limits and protects it, to a handler named after
// what it shows. Responses that clients may cache are sent as a response. Links in mail
// carry their own proof, so there are no log-ins, and no right depends on a cookie.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/readers"
	"publisher/internal/signup"
	"publisher/internal/web/files"
	"publisher/internal/web/hooks"
	"publisher/internal/web/httpcache"
	"publisher/mailer/bounce"
	"publisher/mailer/events"
	"publisher/templates"
)

// Options are what New needs.
type Options struct {
	Config    *config.Config
	Ledger    *ledger.Ledger
	Templates *templates.Set
	Archive   Archive
	// Tags returns the tags that subscribers with a language may choose from. If it is nil,
	// they can only keep the tags they have.
	Tags func(ctx context.Context, language string) ([]string, error)
	// Resolver looks up the domains of addresses that sign up. If it is nil, they are taken
	// without.
	Resolver signup.Resolver
	// Erase removes everything about an address, also outside the ledger; nil for what the ledger
	// has alone.
	Erase func(ctx context.Context, email string) error
	// SignedUp is called soon after somebody has signed up, confirmed, asked for a fresh link or caused
	// an alarm, so that there may be a mail to send. It must not block; nil for nothing.
	SignedUp func()
	// CountSignup is told the outcome of each request to subscribe, one of a few words, and of
	// confirmations; nil for nobody.
	CountSignup func(outcome string)
	// Hooks receive what mail services post, by the name of the service, and Returned handles
	// what they report.
	Hooks    map[string]*events.Hook
	Returned func(context.Context, *bounce.Report) error
	// Healthy returns an error if the program does not do its work. Its text is public.
	// A nil Healthy means always healthy.
	Healthy func() error
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log receives errors, and at debug level every request; nil discards them.
	Log *slog.Logger
}

// Archive composes the web version of editions.
type Archive interface {
	// Edition returns the edition's page, without the links of any subscriber. It must be
	// safe for concurrent use.
	Edition(ctx context.Context, number int64) (html []byte, found bool, err error)
}

// cacheBytes limits the memory that cached responses take.
const cacheBytes = 32 << 20

// site is the state of the handler. Only its cache, its pending changes and what it counts of
// sign-ups change.
type site struct {
	Options
	base      string // path of server.url; "" for none
	plainBase string // the same, without escapes
	types     files.Types
	files     *files.Folder
	cache     *httpcache.Cache
	changes   *changes
	seen      published
	away      awayLog
	readers   *readers.Counter

	gate    *signup.Gate
	signups signupQueue
	alarm   sync.Mutex
	alarmed time.Time // when a flood of sign-ups was recorded last
}

// Handler answers all requests.
type Handler struct {
	http.Handler
	site    *site
	changes *changes
}

// Drain saves the counts of readers, and waits for pending changes of subscribers, whether their clients still wait for the
// answer or not. When ctx ends, it gives up the rest. No request may arrive after the call.
func (h *Handler) Drain(ctx context.Context) {
	var saving sync.WaitGroup
	saving.Go(func() { h.SaveReaders(ctx) })
	h.changes.drain(ctx)
	saving.Wait()
}

// LookAgain says that files of the output folder have changed, so that nobody gets an older
// one from memory.
func (h *Handler) LookAgain() {
	h.site.seen.feeds.Add(1)
	h.site.cache.LookAgain()
}

// New returns the handler of all pages and files.
func New(o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.CountSignup == nil {
		o.CountSignup = func(string) {}
	}
	s := &site{Options: o, types: files.FeedTypes(o.Config.Feeds), cache: httpcache.New(cacheBytes), changes: newChanges(),
		readers: readers.New(o.Config.Site.Timezone),
		gate: signup.NewGate(signup.Options{MailsPerHour: o.Config.Signup.MailsPerHour, RefuseDomains: o.Config.Signup.RefuseDomains,
			Resolver: o.Resolver, Now: o.Now})}
	s.files = files.New(files.Options{Config: o.Config, Cache: s.cache, Pages: filePages{s}, Fetched: s.countReader, Headers: securityHeaders, Now: o.Now, Log: o.Log})
	if u := o.Config.Server.URL; u != nil {
		s.base, s.plainBase = strings.TrimRight(u.EscapedPath(), "/"), strings.TrimRight(u.Path, "/")
	}
	return &Handler{s.shortened(underBase(s.base, s.logged(s.recovered(secured(limited(s.routes())))))), s, s.changes}
}

// routes returns the handler of all routes. Each names its method, so other methods are
// answered with 405 and Allow. GET includes HEAD.
func (s *site) routes() *router {
	mux := &router{bodies: map[string]int64{}}
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /healthz", s.health)
	// A longer path is a link that a mail program has mangled: the page says what to do.
	mux.HandleFunc("GET /unsubscribe/{token...}", private(s.showUnsubscribe))
	mux.HandleFunc("POST /unsubscribe/{token...}", private(s.unsubscribe))
	mux.HandleFunc("GET /preferences/{token...}", private(s.showPreferences))
	mux.HandleFunc("POST /preferences/{token...}", private(s.setPreferences))
	mux.HandleFunc("GET /manage/{token...}", private(s.showManage))
	mux.HandleFunc("POST /manage/{token...}", private(s.manage))
	mux.HandleFunc("GET /address/{token...}", private(s.showMove(newAddress)))
	mux.HandleFunc("POST /address/{token...}", private(s.moveBy(newAddress)))
	mux.HandleFunc("GET /take-back/{token...}", private(s.showMove(oldAddress)))
	mux.HandleFunc("POST /take-back/{token...}", private(s.moveBy(oldAddress)))
	mux.HandleFunc("GET /subscribe", s.showSubscribe)
	mux.HandleFunc("POST /subscribe", fromAnywhere(private(s.subscribe)))
	mux.HandleFunc("OPTIONS /subscribe", fromAnywhere(preflight))
	mux.HandleFunc("GET /confirm/{token...}", private(s.showConfirm))
	mux.HandleFunc("POST /confirm/{token...}", fromAnywhere(private(s.confirm)))
	mux.HandleFunc("OPTIONS /confirm/{token...}", fromAnywhere(preflight))
	mux.HandleFunc("GET /preferences/{token}/feed", private(s.showOwnFeeds))
	mux.HandleFunc("POST /preferences/{token}/feed", private(s.changeOwnFeeds))
	mux.HandleFunc("GET /feeds/{name}", s.ownFeed)
	fromServices := hooks.New(hooks.Options{Ledger: s.Ledger, Services: s.Hooks, Returned: s.Returned, Now: s.Now, Log: s.Log})
	mux.HandleFunc("POST /hooks/{service}", private(fromServices.ServeHTTP))
	mux.bodies["POST /hooks/{service}"] = hooks.MaxBody
	mux.HandleFunc("GET /archive", s.ifPublic(s.toArchive))
	mux.HandleFunc("GET /archive/{$}", s.ifPublic(s.archive))
	mux.HandleFunc("GET /archive/atom.xml", s.ifPublic(s.archiveFeed))
	mux.HandleFunc("GET /archive/{number}", s.edition)
	mux.HandleFunc("GET /{path...}", s.files.ServeHTTP)
	return mux
}

// underBase removes the path of server.url, unless a proxy has already removed it.
func underBase(base string, h http.Handler) http.Handler {
	if base == "" {
		return h
	}
	stripped := http.StripPrefix(base, h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.EscapedPath(); {
		case path == base:
			moved(w, base+"/")
		case strings.HasPrefix(path, base+"/"):
			stripped.ServeHTTP(w, r)
		default:
			h.ServeHTTP(w, r)
		}
	})
}
