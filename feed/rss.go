package feed

import (
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/gorilla/feeds"
)

// refreshMinutes is the ttl element: how long a reader may cache the feed.
const refreshMinutes = 60

// rssDocument is gorilla's with the namespaces and elements that the profile of the RSS
// Advisory Board recommends.
type rssDocument struct {
	*feeds.RssFeedXml
	Atom    string      `xml:"xmlns:atom,attr"`
	DC      string      `xml:"xmlns:dc,attr"`
	Media   string      `xml:"xmlns:media,attr"`
	History string      `xml:"xmlns:fh,attr,omitempty"`
	Channel *rssChannel `xml:"channel"`

	stylesheet string
}

// FeedXml implements feeds.XmlFeed.
func (d *rssDocument) FeedXml() any { return styled{d.stylesheet, d} }

type rssChannel struct {
	Title       rssText `xml:"title"`
	Description rssText `xml:"description"`
	*feeds.RssFeed
	Links   []link     `xml:"atom:link"`
	Archive *struct{}  `xml:"fh:archive"`
	Items   []*rssItem `xml:"item"` // empty: they are written one by one
}

type rssItem struct {
	Title *rssText `xml:"title"` // nil for a note: RSS requires title or description
	*feeds.RssItem
	Description *cdata     `xml:"description"`
	Content     *cdata     `xml:"content:encoded"` // after the description: some readers take the first
	Creators    []rssText  `xml:"dc:creator"`
	Language    string     `xml:"dc:language,omitempty"`
	Categories  []rssText  `xml:"category"`
	Source      *rssSource `xml:"source"`
	Thumbnail   *thumbnail `xml:"media:thumbnail"`
}

type rssSource struct {
	URL  string `xml:"url,attr"`
	Name string `xml:",chardata"`
}

// rssText is plain text where some readers expect HTML. The profile recommends to write
// "&" and "<" as hexadecimal references, which more of them leave alone than &amp; and
// &lt;.
type rssText struct {
	XML string `xml:",innerxml"`
}

var rssEscaper = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;")

func newRSSText(s string) rssText { return rssText{rssEscaper.Replace(s)} }

func newRSSTexts(in []string) []rssText {
	out := make([]rssText, len(in))
	for i, s := range in {
		out[i] = newRSSText(s)
	}
	return out
}

func newRSS(m *model, f format) encoder {
	channel := &rssChannel{
		Title: newRSSText(m.Title), Description: newRSSText(m.Description),
		RssFeed: (&feeds.Rss{Feed: m.Feed}).RssFeed(), Links: append(m.links(f), m.alternates(f)...),
	}
	channel.Language = m.plan.collection.site.Language
	channel.Generator = generator
	channel.Docs = "https://www.rssboard.org/rss-specification"
	channel.Ttl = refreshMinutes
	channel.Image = m.rssImage()
	if m.Author == nil || m.Author.Email == "" {
		channel.ManagingEditor = "" // it must have a mail address
	}
	document := &rssDocument{
		RssFeedXml: channel.RssFeed.FeedXml().(*feeds.RssFeedXml),
		Atom:       atomNamespace,
		DC:         "http://purl.org/dc/elements/1.1/",
		Media:      mediaNamespace,
		Channel:    channel,
		stylesheet: m.stylesheet(f),
	}
	if m.isArchive() {
		document.History, channel.Archive = historyNamespace, &struct{}{}
	}
	return encoder{
		write: func(w io.Writer) error { return writeXML(w, document) },
		items: func(w io.Writer) func(int) error {
			encoder := newXMLItems(w, "item", 2)
			return func(i int) error { return encoder.encode(m.rssItem(channel.RssFeed.Items[i], i)) }
		},
		end: "\n  </channel>\n</rss>\n", tail: "\n  </channel>\n</rss>\n",
	}
}

// rssImage returns the site's logo if it is a GIF, JPEG or PNG, the only ones that RSS
// allows. Title and link must be those of the channel.
func (m *model) rssImage() *feeds.RssImage {
	u, err := url.Parse(m.logo)
	if err != nil {
		return nil
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".gif", ".jpg", ".jpeg", ".png":
		return &feeds.RssImage{Url: m.logo, Title: m.Title, Link: m.home}
	}
	return nil
}

func (m *model) rssItem(from *feeds.RssItem, i int) *rssItem {
	e := m.entries[i]
	item := &rssItem{
		RssItem:     from,
		Description: newCDATA(m.Items[i].Description),
		Content:     newCDATA(m.Items[i].Content),
		Creators:    newRSSTexts(m.creators(e)),
		Language:    e.language,
		Categories:  newRSSTexts(e.tags),
		Thumbnail:   newThumbnail(e.image),
	}
	if from.Title != "" {
		title := newRSSText(from.Title)
		item.Title = &title
	}
	if source := m.Items[i].Source; source != nil {
		item.Source = &rssSource{URL: source.Href, Name: hostOf(source.Href)}
	}
	return item
}

// hostOf returns the host of an address, as the name of a publication of which only the
// address is known.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Hostname()
	}
	return address
}
