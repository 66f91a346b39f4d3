package sanitize

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// embed replaces what neither a feed nor a mail can show (frames, players, objects) by
// a link. A video that has a picture becomes that picture.
func (c *Cleaner) embed(n *html.Node) {
	to := c.Links.Follow(embeddedSource(n))
	if to.URL == "" {
		if !htmldom.HasText(n) && !containsVisible(n, "img") {
			c.Warn(n.Data, "a frame or a player without a valid address was left out; give it a src")
		}
		c.children(n)
		htmldom.Unwrap(n)
		return
	}
	watch, picture := videoPage(to.URL)
	var size []html.Attribute
	if picture != "" {
		size = youtubeSize
	}
	if poster := c.Links.Follow(htmldom.Attr(n, "poster")); poster.URL != "" {
		picture, size = poster.URL, nil
		c.remember(poster)
	}
	label := strings.Join(strings.Fields(htmldom.Attr(n, "title")), " ")
	if label == "" {
		label = embedLabel(n.Data, watch)
	}
	link := htmldom.Element(atom.A, html.Attribute{Key: "href", Val: watch})
	if picture != "" {
		img := htmldom.Element(atom.Img, append([]html.Attribute{{Key: "src", Val: picture}, {Key: "alt", Val: xmltext.Clean(label)}}, size...)...)
		link.AppendChild(img)
		c.image(img)
	} else {
		link.AppendChild(textNode(label))
	}
	if n.Parent.DataAtom == atom.P {
		htmldom.Replace(n, link)
		return
	}
	paragraph := htmldom.Element(atom.P)
	paragraph.AppendChild(link)
	htmldom.Replace(n, paragraph)
}

// embeddedSource returns the address of a frame, a player or an object, or of its first source.
func embeddedSource(n *html.Node) string {
	if src := loadedSource(n); src != "" {
		return src
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "source" {
			if src := loadedSource(d); src != "" {
				return src
			}
		}
	}
	return ""
}

// loadedSource returns an element's own address, or the one that a script loads if its own is
// only a placeholder.
func loadedSource(n *html.Node) string {
	src := strings.TrimSpace(htmldom.Attr(n, "src"))
	if src == "" {
		src = strings.TrimSpace(htmldom.Attr(n, "data"))
	}
	if isPlaceholder(src) {
		return firstAttr(n, lazySources)
	}
	return src
}

func isPlaceholder(src string) bool {
	return src == "" || strings.HasPrefix(src, "about:") || strings.HasPrefix(src, "data:") || strings.HasPrefix(src, "javascript:")
}

// youtubeSize is the size of the pictures named hqdefault.
var youtubeSize = []html.Attribute{{Key: "width", Val: "480"}, {Key: "height", Val: "360"}}

var (
	youtube  = regexp.MustCompile(`^/(?:embed|v|shorts|live)/([\w-]{6,20})/?$`)
	simpleID = regexp.MustCompile(`^[\w@.-]+$`)
	vimeo    = regexp.MustCompile(`^/video/(\d+)$`)
)

// videoPage returns the page of an embedded video, and its picture if the platform
// has one at a known address.
func videoPage(src string) (page, picture string) {
	u, err := url.Parse(src)
	if err != nil {
		return src, ""
	}
	switch host := strings.TrimPrefix(u.Hostname(), "www."); host {
	case "youtube.com", "m.youtube.com", "youtube-nocookie.com":
		return youtubePage(u)
	case "player.vimeo.com":
		if m := vimeo.FindStringSubmatch(u.Path); m != nil {
			page := "https://vimeo.com/" + m[1]
			if hash := u.Query().Get("h"); simpleID.MatchString(hash) {
				page += "/" + hash // an unlisted video's
			}
			return page, ""
		}
	}
	return src, ""
}

// youtubePage returns the page of a video, a playlist or a live stream. Playlists and
// streams are embedded with a name in place of a video's id.
func youtubePage(u *url.URL) (page, picture string) {
	const site = "https://www.youtube.com/"
	query := u.Query()
	list, channel := query.Get("list"), query.Get("channel")
	id := ""
	if m := youtube.FindStringSubmatch(u.Path); m != nil {
		id = m[1]
	}
	player := strings.TrimSuffix(u.Path, "/") == "/embed"
	switch {
	case id == "live_stream" && simpleID.MatchString(channel):
		return site + "channel/" + channel + "/live", ""
	case player && query.Get("listType") == "user_uploads" && simpleID.MatchString(list):
		return site + "user/" + list, ""
	case (player && (!query.Has("listType") || query.Get("listType") == "playlist") || id == "videoseries") && simpleID.MatchString(list):
		return site + "playlist?list=" + list, ""
	case id == "" || id == "live_stream" || id == "videoseries":
		return u.String(), ""
	}
	page = site + "watch?v=" + id
	if simpleID.MatchString(list) {
		page += "&list=" + list
	}
	return page, "https://i.ytimg.com/vi/" + id + "/hqdefault.jpg"
}

func embedLabel(kind, to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	switch {
	case u.Hostname() == "www.youtube.com":
		return "▶ YouTube"
	case kind == "video" || kind == "audio":
		return "▶ " + path.Base(u.Path)
	}
	return "▶ " + u.Hostname() + strings.TrimSuffix(u.Path, "/")
}
