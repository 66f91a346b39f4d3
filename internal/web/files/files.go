// Package files serves the files of the output folder, from memory where it can, and decides which of
// them nobody may have.
package files

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/private"
	"publisher/internal/web/accept"
	"publisher/internal/web/httpcache"
)

const (
	// CacheControl makes caches revalidate files after five minutes.
	CacheControl = "public, max-age=300"
	// MaxFeed is far larger than usual feeds. A larger file is sent as it is.
	MaxFeed = 8 << 20

	// lookAgain is how long a file is served from memory without a look at the disk, and
	// lookAhead is when one that is asked for is looked at meanwhile, so that nobody has to
	// wait for the disk.
	lookAgain = time.Second
	lookAhead = lookAgain / 2
)

// Options are what New needs.
type Options struct {
	Config *config.Config
	Cache  *httpcache.Cache
	// Pages are shown instead of files.
	Pages Pages
	// Fetched is called when a client has fetched a feed.
	Fetched func(r *http.Request, name string, at time.Time)
	// Headers are those of every response of the server. Files replace some of them.
	Headers []httpcache.Field
	Now     func() time.Time
	Log     *slog.Logger
}

// Pages are what people see instead of a file.
type Pages interface {
	// Missing says that there is no such file.
	Missing(http.ResponseWriter)
	// Failed says that a file could not be read.
	Failed(http.ResponseWriter, *http.Request, error)
	// Feed shows a feed, whose content has a hash, as a page. It sends nothing and returns false
	// for a file that is no feed.
	Feed(w http.ResponseWriter, r *http.Request, name, hash string, feed io.Reader) bool
}

// Folder is the output folder.
type Folder struct {
	Options
	dir   string
	types Types
	owned *private.List // never served
}

// New returns the output folder of a config.
func New(o Options) *Folder {
	return &Folder{Options: o, dir: o.Config.Path(o.Config.Feeds.Dir), types: FeedTypes(o.Config.Feeds), owned: o.Config.Private()}
}

// ServeRecent answers requests for a file that was looked at less than a second ago, and
// reports whether it did. It is a shortcut past the routes: only names that have led to ServeHTTP
// are in the cache, and only such that have one spelling.
func (d *Folder) ServeRecent(w http.ResponseWriter, r *http.Request, name string) bool {
	k, now := d.Cache.Find(httpcache.Key{Kind: fileKind, Name: name}), d.Now()
	if k == nil || !k.InMemory() || !k.File.IsFresh(now, lookAgain) || k.Feed && accept.PrefersHTML(r.Header["Accept"], k.ContentType()) {
		return false
	}
	if d.Log.Enabled(r.Context(), slog.LevelDebug) {
		return false // so that the request is logged
	}
	if !k.File.IsFresh(now, lookAhead) {
		k.File.LookAhead(func() { _, _ = d.look(k.Key) }) // a fault is for the request that meets it
	}
	d.sendFile(w, r, k, nil, now)
	return true
}

// Names of files come from paths in their usual spelling or in others, which may have taken
// other routes.
const (
	fileKind        = "file"
	encodedFileKind = "encoded file"
)

// ServeHTTP serves a regular file of the folder.
func (d *Folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := httpcache.Key{Kind: fileKind, Name: strings.TrimPrefix(r.URL.Path, "/")}
	if r.URL.RawPath != "" {
		key.Kind = encodedFileKind
	}
	k, err := d.look(key)
	var f *os.File
	if err == nil && !k.InMemory() {
		if k, f, err = d.open(key, k); err == nil {
			defer f.Close()
		}
	}
	switch {
	case err != nil && MachineFault(err):
		d.Pages.Failed(w, r, fmt.Errorf("reading a file of feeds.dir: %w", err))
	case err != nil:
		d.Pages.Missing(w)
	case k.Feed && k.File.Size() <= MaxFeed && accept.PrefersHTML(r.Header["Accept"], k.ContentType()) && d.Pages.Feed(w, r, key.Name, k.Hash(), k.Reader(f, k.File.Size())):
	default:
		d.sendFile(w, r, k, f, d.Now())
	}
}

// sendFile sends a file, from memory, or from f if it is not there, and counts who reads feeds
// at the time of the request. All responses with the content of a file go through it.
func (d *Folder) sendFile(w http.ResponseWriter, r *http.Request, k *httpcache.Entry, f *os.File, at time.Time) {
	if f == nil {
		k.Serve(w, r, nil) // not f, which would be an io.ReadSeeker that is not nil
	} else {
		k.Serve(w, r, f)
	}
	if k.Feed {
		d.Fetched(r, k.Key.Name, at)
	}
}

// look returns a file as it was less than a second ago: from the cache if it is still there, in
// the same state, and not private.
func (d *Folder) look(key httpcache.Key) (*httpcache.Entry, error) {
	return d.Cache.Once(key, func() (*httpcache.Entry, error) {
		now := d.Now()
		before := d.Cache.Find(key)
		if before != nil && before.File.IsFresh(now, lookAhead) {
			return before, nil
		}
		f, info, err := d.Open(key.Name)
		if err != nil {
			d.Cache.Remove(key)
			return nil, err
		}
		defer f.Close()
		if before != nil && before.File.SeenAgain(info, now) {
			return before, nil
		}
		k, err := d.read(key, f, info, before)
		if err == nil {
			d.Cache.Put(k)
		}
		return k, err
	})
}

// open opens a file that is too large for memory. If it has changed since it was looked at,
// the response is that of the file as it is now.
func (d *Folder) open(key httpcache.Key, k *httpcache.Entry) (*httpcache.Entry, *os.File, error) {
	f, info, err := d.Open(key.Name)
	if err != nil {
		return nil, nil, err
	}
	if !k.File.IsOf(info) {
		if k, err = d.read(key, f, info, nil); err != nil || k.InMemory() {
			f.Close()
			return k, nil, err
		}
	}
	return k, f, nil
}

// read reads an open file. before is what the cache had of it, or nil.
func (d *Folder) read(key httpcache.Key, f *os.File, info fs.FileInfo, before *httpcache.Entry) (*httpcache.Entry, error) {
	mediaType, feed := d.types.of(key.Name)
	size := info.Size()
	c, read, err := httpcache.ReadFile(mediaType, size, f)
	if err != nil {
		return nil, err
	}
	var seen *httpcache.File
	if before != nil {
		seen = before.File
	}
	state := httpcache.NewFile(info, read == size, d.Now(), seen)
	vary := ""
	if feed {
		vary = "Accept"
	}
	res := httpcache.NewResponse(c, mediaType, info.ModTime(), vary, d.headersOf(feed)...)
	if before != nil {
		res.Reuse(before.Response)
	}
	return &httpcache.Entry{Key: key, Response: res, File: state, Feed: feed}, nil
}

// policy is the content security policy of files. %[1]s is the origin of the publication, which may
// be http.
const policy = "default-src 'none'; style-src 'self' 'unsafe-inline' %[1]s; img-src 'self' https: data: %[1]s; " +
	"media-src 'self' https: %[1]s; font-src 'self' %[1]s; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// Policy returns the content security policy (CSP level 3) of the files of a site. They may not
// run scripts, not even the owner's: they share their origin with the dashboard.
func Policy(site config.Site) string { return fmt.Sprintf(policy, site.URL.Scheme+"://"+site.URL.Host) }

// headersOf returns all headers of files, those of every response included, so that they need not
// be set twice.
func (d *Folder) headersOf(feed bool) []httpcache.Field {
	own := []httpcache.Field{
		httpcache.Header("Cache-Control", CacheControl),
		httpcache.Header("Content-Security-Policy", Policy(d.Config.Site)),
		httpcache.Header("Cross-Origin-Resource-Policy", "cross-origin"),
	}
	if feed {
		own = append(own, httpcache.Header("Access-Control-Allow-Origin", "*"))
	}
	return httpcache.Replace(d.Headers, own)
}
