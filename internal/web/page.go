package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"publisher/templates"
)

const htmlType = "text/html; charset=utf-8"

// cachePages is how long a page that is the same for everyone is cached, here and by
// clients.
const cachePages = time.Minute

func (s *site) frame() templates.Frame { return s.frameIn("") }

// frameIn returns the frame of a page in the language of a subscriber or feed.
func (s *site) frameIn(language string) templates.Frame {
	site := s.Config.SiteIn(s.Config.LanguageOf(language))
	return templates.Frame{
		Site: templates.Site{Title: site.Title, URL: site.URL.String(), Description: site.Description,
			Author: site.Author.Name, Language: site.Language, Location: site.Timezone},
		Base: s.base,
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

// common sends a page that is the same for everyone, and caches it. make returns nil if
// there is no such page.
func (s *site) common(w http.ResponseWriter, r *http.Request, key string, make func(context.Context) ([]byte, error)) {
	k, err := s.cache.get(key, s.Now(), func() (*cachedBody, bool, error) {
		// Other clients may wait for it when this one has left.
		page, err := make(context.WithoutCancel(r.Context()))
		if err != nil || page == nil {
			return nil, false, err
		}
		return s.keep(page)
	})
	switch {
	case err != nil:
		s.fail(w, r, err, "")
	case k == nil:
		s.message(w, http.StatusNotFound, templates.MissingPage)
	default:
		w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(cachePages.Seconds())))
		servePage(w, r, k)
	}
}

// keep returns a page in the form that the cache holds for a while.
func (s *site) keep(page []byte) (*cachedBody, bool, error) {
	k, _, err := represent(htmlType, int64(len(page)), bytes.NewReader(page))
	if err != nil {
		return nil, false, err
	}
	k.plain, k.expires = page, s.Now().Add(cachePages)
	return k, true, nil
}

// servePage sends a page that keep returned.
func servePage(w http.ResponseWriter, r *http.Request, k *cachedBody) {
	(&cachedResponse{cachedBody: k, mediaType: htmlType, body: bytes.NewReader(k.plain), size: int64(len(k.plain))}).serve(w, r)
}

// render renders a page for common.
func (s *site) render(name string, data templates.Framed) ([]byte, error) {
	var b bytes.Buffer
	err := s.Templates.Page(&b, name, data)
	return b.Bytes(), err
}
