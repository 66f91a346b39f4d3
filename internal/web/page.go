package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/web/httpcache"
	"publisher/templates"
)

const htmlType = "text/html; charset=utf-8"

// cachePages is how long a page that is the same for everyone is cached by clients, and here if
// nothing new is published.
const cachePages = time.Minute

func (s *site) frame() templates.Frame { return s.frameIn("") }

// frameIn returns the frame of a page in the language of a subscriber or feed.
func (s *site) frameIn(language string) templates.Frame {
	site := s.Config.SiteIn(s.Config.LanguageOf(language))
	return templates.Frame{
		Site: templates.Site{Title: site.Title, URL: site.URL.String(), Description: site.Description,
			Author: site.Author.Name, Language: site.Language, Location: site.Timezone},
		Base: s.base, Archive: s.publicArchive(),
	}
}

// page sends a page that is for one subscriber.
func (s *site) page(w http.ResponseWriter, r *http.Request, name string, data templates.Framed) {
	s.pageWith(w, r, http.StatusOK, name, data)
}

// pageWith is page with a status.
func (s *site) pageWith(w http.ResponseWriter, r *http.Request, status int, name string, data templates.Framed) {
	var b bytes.Buffer
	if err := s.Templates.Page(&b, name, data); err != nil {
		s.fail(w, r, err, "")
		return
	}
	send(w, status, b.Bytes())
}

// runsScript puts a script of ours into a page, and allows the browser to run only that.
func runsScript(w http.ResponseWriter, data templates.Scripted, script string) {
	data.SetScript(script)
	sum := sha256.Sum256([]byte(script))
	w.Header().Set("Content-Security-Policy", pagePolicy+"; script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
}

// message sends a page that says why the request cannot be fulfilled.
func (s *site) message(w http.ResponseWriter, status int, m templates.Message) {
	var b bytes.Buffer
	if err := s.Templates.Page(&b, "page-message.html", &templates.MessagePage{Frame: s.frame(), Message: m}); err != nil {
		s.Log.Error("a page's template failed", "error", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	send(w, status, b.Bytes())
}

func send(w http.ResponseWriter, status int, page []byte) {
	w.Header().Set("Content-Type", htmlType)
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	w.Write(page) //nolint:errcheck // the client may have left
}

// moved sends clients to another path of this server for good. Unlike http.Redirect it sends no
// page, which nobody sees and which would have neither a title nor a language.
func moved(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusMovedPermanently)
}

// common sends a page that is the same for everyone, and caches it. make returns nil if
// there is no such page.
func (s *site) common(w http.ResponseWriter, r *http.Request, key string, make func(context.Context) ([]byte, error)) {
	s.shared(w, r, httpcache.Key{Kind: "page", Name: key}, func(ctx context.Context) (*httpcache.Response, error) {
		page, err := make(ctx)
		if err != nil || page == nil {
			return nil, err
		}
		return pageResponse(page, "", pageCache)
	})
}

// pageCache lets clients keep a page as long as the cache does.
var pageCache = httpcache.Header("Cache-Control", "public, max-age="+strconv.Itoa(int(cachePages.Seconds())))

// shared sends a response that make makes, and caches it for cachePages, unless there is something
// new meanwhile. make returns nil if there is none: then the client gets 404.
func (s *site) shared(w http.ResponseWriter, r *http.Request, key httpcache.Key, make func(context.Context) (*httpcache.Response, error)) {
	// Other clients may wait for it when this one has left.
	ctx := context.WithoutCancel(r.Context())
	state, err := s.publishedNow(ctx)
	var res *httpcache.Response
	if err == nil {
		key.Name += ", " + state
		res, err = s.cache.Get(key, s.Now, cachePages, func() (*httpcache.Response, error) { return make(ctx) })
	}
	if kept := s.cache.Find(key); ledger.IsAway(err) && kept != nil { // from before the ledger was away
		res, err = kept.Response, nil
	}
	switch {
	case err != nil:
		s.fail(w, r, err, "")
	case res == nil:
		s.message(w, http.StatusNotFound, templates.MissingPage)
	default:
		res.Serve(w, r, nil)
	}
}

// pageResponse returns the response of a page. vary is as for newResponse.
func pageResponse(page []byte, vary string, headers ...httpcache.Field) (*httpcache.Response, error) {
	return httpcache.BodyResponse(page, htmlType, time.Time{}, vary, headers...)
}

// render renders a page for common.
func (s *site) render(name string, data templates.Framed) ([]byte, error) {
	var b bytes.Buffer
	err := s.Templates.Page(&b, name, data)
	return b.Bytes(), err
}
