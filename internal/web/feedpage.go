package web

import (
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
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
	essence, _, _ := strings.Cut(mediaType, ";")
	asHTML := quality(accept, "text/html")
	asFeed := max(quality(accept, essence), quality(accept, "application/xml"), quality(accept, "text/xml"))
	if strings.HasSuffix(essence, "json") {
		asFeed = max(quality(accept, essence), quality(accept, "application/json"))
	}
	return asHTML > asFeed
}

// quality returns the quality value of a media type: that of the most specific range that
// contains it.
func quality(accept []string, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	best, specific := 0.0, 0
	for _, item := range strings.Split(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		fits := map[string]int{mediaType: 3, kind + "/*": 2, "*/*": 1}[media]
		if fits <= specific {
			continue
		}
		best, specific = 1, fits
		if text, ok := parameters["q"]; ok {
			if best, err = strconv.ParseFloat(text, 64); err != nil {
				best = 0
			}
		}
	}
	return best
}

// feedPage shows a feed as a page. If the file is not a feed, it sends nothing and returns
// false.
func (s *site) feedPage(w http.ResponseWriter, r *http.Request, name string, f *os.File, info fs.FileInfo) bool {
	key := fmt.Sprintf("feed page %s %d %d", name, info.Size(), info.ModTime().UnixNano())
	k, err := s.cache.get(key, s.Now(), func() (*cachedBody, bool, error) {
		page, err := s.makeFeedPage(name, f)
		if err != nil {
			return nil, false, err
		}
		return s.keep(page)
	})
	if err != nil {
		s.Log.Warn("cannot show a feed as a page; sending the file", "file", name, "error", err)
		return false
	}
	w.Header().Set("Cache-Control", cacheFiles)
	servePage(w, r, k)
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
