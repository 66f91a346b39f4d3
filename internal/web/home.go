package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"publisher/templates"
)

// home shows the publication and its feeds.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.common(w, r, "home", func(context.Context) ([]byte, error) {
		return s.render("page-home.html", &templates.HomePage{Frame: s.frame(), Feeds: s.feedLinks(""), Languages: s.languageFeeds()})
	})
}

// languageFeeds returns the feeds in languages other than the site's.
func (s *site) languageFeeds() []templates.LanguageFeeds {
	var all []templates.LanguageFeeds
	for _, l := range s.Config.Languages {
		all = append(all, templates.LanguageFeeds{Title: l.Title, URL: l.URL.String(), Language: l.Tag, Feeds: s.feedLinks(l.Folder)})
	}
	return all
}

// feedLinks returns links to the feeds on this server, whether or not the output folder is
// also published elsewhere.
func (s *site) feedLinks(folder string) []templates.FeedLink {
	links := s.feedFiles()
	for i := range links {
		path := url.URL{Path: path.Join(folder, links[i].URL)}
		links[i].URL = s.base + "/" + path.EscapedPath()
	}
	return links
}

// feedFiles returns the formats, with their file names as addresses.
func (s *site) feedFiles() []templates.FeedLink {
	feeds := s.Config.Feeds
	var links []templates.FeedLink
	for _, f := range []struct{ name, file string }{
		{"RSS", feeds.RSS}, {"Atom", feeds.Atom}, {"JSON Feed", feeds.JSON},
	} {
		if f.file == "" {
			continue
		}
		mediaType, _, _ := strings.Cut(s.types[f.file], ";")
		links = append(links, templates.FeedLink{Name: f.name, URL: f.file, Type: mediaType})
	}
	return links
}

// health answers whether the program does its work.
func (s *site) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.Healthy != nil {
		if err := s.Healthy(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	io.WriteString(w, "ok\n") //nolint:errcheck // the client may have left
}
