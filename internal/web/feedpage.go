package web

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/mmcdole/gofeed"

	"publisher/internal/htmldom"
	"publisher/internal/web/files"
	"publisher/internal/web/httpcache"
	"publisher/templates"
)

// filePages are the pages that are shown instead of files.
type filePages struct{ *site }

// Missing says that there is no such file.
func (s filePages) Missing(w http.ResponseWriter) {
	s.message(w, http.StatusNotFound, templates.MissingPage)
}

// Failed says that a file could not be read.
func (s filePages) Failed(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err, "") }

// Feed shows a feed as a page. If the file is not a feed, it sends nothing and returns
// false.
func (s filePages) Feed(w http.ResponseWriter, r *http.Request, name, hash string, feed io.Reader) bool {
	page, err := s.cache.Get(httpcache.Key{Kind: "feed page", Name: name + " " + hash}, s.Now, cachePages, func() (*httpcache.Response, error) {
		page, err := s.makeFeedPage(name, feed)
		if err != nil {
			return nil, err
		}
		return pageResponse(page, "Accept", httpcache.Header("Cache-Control", files.CacheControl))
	})
	if err != nil {
		s.Log.Warn("cannot show a feed as a page; sending the file", "file", name, "error", err)
		return false
	}
	page.Serve(w, r, nil)
	return true
}

func (s *site) makeFeedPage(name string, f io.Reader) ([]byte, error) {
	title, posts, err := s.parseFeed(f)
	if err != nil {
		return nil, err
	}
	return s.render("page-feed.html", &templates.FeedPage{Frame: s.frameIn(s.languageIn(name)), Title: title, Posts: posts, Feeds: s.feedsBeside(name)})
}

// parseFeed returns the title and the posts of a feed in any format.
func (s *site) parseFeed(f io.Reader) (title string, posts []templates.FeedPost, err error) {
	parsed, err := gofeed.NewParser().Parse(io.LimitReader(f, files.MaxFeed))
	if err != nil {
		return "", nil, err
	}
	for _, item := range parsed.Items {
		post := templates.FeedPost{Title: item.Title, URL: item.Link, Excerpt: plainText(item.Description)}
		if item.PublishedParsed != nil {
			post.Date = item.PublishedParsed.In(s.Config.Site.Timezone)
		}
		posts = append(posts, post)
	}
	return parsed.Title, posts, nil
}

// languageIn returns the language whose folder a feed is in, or "" for the site's.
func (s *site) languageIn(name string) string {
	folder, _, _ := strings.Cut(name, "/")
	for _, l := range s.Config.Languages {
		if l.Folder == folder {
			return l.Tag
		}
	}
	return ""
}

// feedsBeside returns all formats of a feed with their public addresses, which feed readers
// should use.
func (s *site) feedsBeside(name string) []templates.FeedLink {
	folder := ""
	for _, link := range s.feedFiles() {
		if rest, ok := strings.CutSuffix(name, link.URL); ok && (rest == "" || strings.HasSuffix(rest, "/")) {
			folder = rest
		}
	}
	links := s.feedFiles()
	for i := range links {
		below := url.URL{Path: path.Join("/", folder, links[i].URL)}
		links[i].URL = strings.TrimSuffix(s.Config.Site.URL.String(), "/") + below.EscapedPath()
	}
	return links
}

// plainText returns the text of HTML without its markup.
func plainText(text string) string {
	root, err := htmldom.ParseFragment(text)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for n := range root.ChildNodes() {
		b.WriteString(htmldom.TextContent(n) + " ")
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
