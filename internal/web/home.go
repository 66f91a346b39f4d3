package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"publisher/internal/web/files"
	"publisher/templates"
)

// newestPosts is how many posts the home page lists.
const newestPosts = 5

// home shows the publication: the form to subscribe, what came last, and the feeds.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.common(w, r, "home", func(ctx context.Context) ([]byte, error) {
		form, err := s.signupForm(ctx, "")
		if err != nil {
			return nil, err
		}
		latest, err := s.latestEdition(ctx)
		if err != nil {
			return nil, err
		}
		return s.render("page-home.html", &templates.HomePage{Frame: s.frame(), Form: form, Latest: latest, Posts: s.latestPosts(),
			Feeds: s.feedLinks(""), Languages: s.languageFeeds()})
	})
}

// latestEdition returns the newest edition of the archive, or nil.
func (s *site) latestEdition(ctx context.Context) (*templates.EditionLink, error) {
	newest, err := s.editionLinks(ctx, 1)
	if err != nil || len(newest) == 0 {
		return nil, err
	}
	return &newest[0], nil
}

// latestPosts returns the newest posts of the site's feed; none if there is no feed that can be
// read.
func (s *site) latestPosts() []templates.FeedPost {
	for _, link := range s.feedFiles() {
		f, info, err := s.files.Open(link.URL)
		if err != nil {
			continue
		}
		var posts []templates.FeedPost
		if info.Size() <= files.MaxFeed {
			_, posts, err = s.parseFeed(f)
		}
		f.Close()
		if err == nil && len(posts) > 0 {
			return posts[:min(len(posts), newestPosts)]
		}
	}
	return nil
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
