package web

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/mmcdole/gofeed"

	"publisher/internal/htmldom"
	"publisher/templates"
)

// maxFeed is far larger than usual feeds. A larger file is sent as it is.
const maxFeed = 8 << 20

// wantsPage reports whether a client prefers HTML to the feed's type, as browsers do and feed
// readers do not (RFC 9110 §12.5.1). Without a preference it gets the feed.
func wantsPage(accept []string, mediaType string) bool {
	if len(accept) == 0 || len(accept) == 1 && accept[0] == "*/*" {
		return false
	}
	essence, _, _ := strings.Cut(mediaType, ";")
	asHTML := quality(accept, "text/html")
	if asHTML == 0 {
		return false
	}
	if strings.HasSuffix(essence, "json") {
		return asHTML > max(quality(accept, essence), quality(accept, "application/json"))
	}
	return asHTML > max(quality(accept, essence), quality(accept, "application/xml"), quality(accept, "text/xml"))
}

// quality returns the quality value of a media type: that of the most specific range that
// contains it.
func quality(accept []string, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	best, specific := 0.0, 0
	for _, value := range accept {
		for value != "" {
			var item string
			item, value, _ = strings.Cut(value, ",")
			media, parameters, _ := strings.Cut(item, ";")
			if fits := fitting(strings.TrimSpace(media), kind, mediaType); fits > specific {
				best, specific = qualityIn(parameters), fits
			}
		}
	}
	return best
}

// fitting returns how specific a media range is that contains a media type of a kind, and 0
// for one that does not.
func fitting(media, kind, mediaType string) int {
	switch {
	case strings.EqualFold(media, mediaType):
		return 3
	case len(media) == len(kind)+2 && strings.EqualFold(media[:len(kind)], kind) && media[len(kind):] == "/*":
		return 2
	case media == "*/*":
		return 1
	}
	return 0
}

// feedPage shows a feed as a page. If the file is not a feed, it sends nothing and returns
// false.
func (s *site) feedPage(w http.ResponseWriter, r *http.Request, name, hash string, feed io.Reader) bool {
	page, err := s.cache.get(cacheKey{"feed page", name + " " + hash}, s.Now, cachePages, func() (*response, error) {
		page, err := s.makeFeedPage(name, feed)
		if err != nil {
			return nil, err
		}
		return pageResponse(page, "Accept", field{"Cache-Control", cacheFiles})
	})
	if err != nil {
		s.Log.Warn("cannot show a feed as a page; sending the file", "file", name, "error", err)
		return false
	}
	page.serve(w, r, nil)
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
	parsed, err := gofeed.NewParser().Parse(io.LimitReader(f, maxFeed))
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
