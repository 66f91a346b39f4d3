package feed

import (
	"io"
	"time"

	"github.com/gorilla/feeds"
)

// atomDocument is gorilla's with what RFC 4287 requires beyond it. Titles are of type
// "text" (§3.1.1.1), even those about HTML: of type "html" most readers show the escapes.
type atomDocument struct {
	*feeds.AtomFeed
	Language  string            `xml:"xml:lang,attr,omitempty"`
	Media     string            `xml:"xmlns:media,attr"`
	History   string            `xml:"xmlns:fh,attr,omitempty"`
	Generator string            `xml:"generator"`
	Links     []atomLink        `xml:"link"`
	Archive   *struct{}         `xml:"fh:archive"`
	Author    *feeds.AtomAuthor `xml:"author"`
	Entries   []*atomEntry      `xml:"entry"` // empty: they are written one by one

	stylesheet string
}

// FeedXml implements feeds.XmlFeed.
func (d *atomDocument) FeedXml() any { return styled{d.stylesheet, d} }

// atomLink is gorilla's with the language of its target.
type atomLink struct {
	feeds.AtomLink
	Language string `xml:"hreflang,attr,omitempty"`
}

type atomEntry struct {
	*feeds.AtomEntry
	Language   string              `xml:"xml:lang,attr,omitempty"`
	Authors    []*feeds.AtomAuthor `xml:"author"`
	Categories []atomCategory      `xml:"category"`
	Summary    *atomHTML           `xml:"summary"`
	Content    *atomHTML           `xml:"content"`
	Thumbnail  *thumbnail          `xml:"media:thumbnail"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// atomHTML has the post's address as its base, in case an address in it is relative.
type atomHTML struct {
	Type string `xml:"type,attr"`
	Base string `xml:"xml:base,attr,omitempty"`
	cdata
}

func newAtom(m *model, f format) encoder {
	document := &atomDocument{
		AtomFeed:   (&feeds.Atom{Feed: m.Feed}).AtomFeed(),
		Language:   m.plan.collection.site.Language,
		Media:      mediaNamespace,
		Generator:  generator,
		Links:      []atomLink{{AtomLink: feeds.AtomLink{Href: m.home, Rel: "alternate", Type: "text/html"}}},
		stylesheet: m.stylesheet(f),
	}
	document.Id = m.plan.id
	document.Icon, document.Logo = m.logo, m.logo
	if document.Updated == "" {
		document.Updated = time.Unix(0, 0).UTC().Format(time.RFC3339) // required, also without posts
	}
	if document.Subtitle == m.Title {
		document.Subtitle = ""
	}
	for _, l := range append(m.links(f), m.alternates(f)...) {
		document.Links = append(document.Links, atomLink{feeds.AtomLink{Href: l.Href, Rel: l.Rel, Type: l.Type}, l.Language})
	}
	document.Author = document.AtomFeed.Author
	if document.Author == nil {
		document.Author = atomAuthor(m.Title) // required (RFC 4287 §4.1.1)
	}
	if m.isArchive() {
		document.History, document.Archive = historyNamespace, &struct{}{}
	}
	return encoder{
		write: func(w io.Writer) error { return writeXML(w, document) },
		items: func(w io.Writer) func(int) error {
			encoder := newXMLItems(w, "entry", 1)
			return func(i int) error { return encoder.encode(m.atomEntry(document.AtomFeed.Entries[i], i)) }
		},
		end: "\n</feed>\n", tail: "\n</feed>\n",
	}
}

func (m *model) atomEntry(from *feeds.AtomEntry, i int) *atomEntry {
	item, e := m.Items[i], m.entries[i]
	entry := &atomEntry{
		AtomEntry: from,
		Language:  e.language,
		Summary:   newAtomHTML(item.Description, item.Link.Href),
		Content:   newAtomHTML(item.Content, item.Link.Href),
		Thumbnail: newThumbnail(e.image),
	}
	if item.Title == "" {
		entry.Title = firstWords(e.summary, item.Created) // required (RFC 4287 §4.1.2)
	}
	entry.Published = item.Created.Format(time.RFC3339)
	for _, name := range e.authors {
		entry.Authors = append(entry.Authors, atomAuthor(name))
	}
	for _, tag := range e.tags {
		entry.Categories = append(entry.Categories, atomCategory{tag})
	}
	for j := range entry.Links {
		if entry.Links[j].Length == "0" {
			entry.Links[j].Length = "" // unknown
		}
	}
	if item.Source != nil {
		entry.Links = append(entry.Links, feeds.AtomLink{Href: item.Source.Href, Rel: "via"})
	}
	return entry
}

func newAtomHTML(html, base string) *atomHTML {
	if html == "" {
		return nil
	}
	return &atomHTML{Type: "html", Base: base, cdata: cdata{html}}
}

func atomAuthor(name string) *feeds.AtomAuthor {
	return &feeds.AtomAuthor{AtomPerson: feeds.AtomPerson{Name: name}}
}
