package feed

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/gorilla/feeds"

	"publisher/content/post"
)

const (
	generator = "publisher"

	atomNamespace    = "http://www.w3.org/2005/Atom"
	mediaNamespace   = "http://search.yahoo.com/mrss/"
	historyNamespace = "http://purl.org/syndication/history/1.0"
)

// cdata is HTML in a CDATA section; encoding/xml splits a "]]>".
type cdata struct {
	HTML string `xml:",cdata"`
}

func newCDATA(html string) *cdata {
	if html == "" {
		return nil
	}
	return &cdata{html}
}

// thumbnail is the picture of a post in Media RSS.
type thumbnail struct {
	URL    string `xml:"url,attr"`
	Width  int    `xml:"width,attr,omitempty"`
	Height int    `xml:"height,attr,omitempty"`
}

func newThumbnail(image *post.Image) *thumbnail {
	if image == nil {
		return nil
	}
	return &thumbnail{URL: image.URL, Width: image.Width, Height: image.Height}
}

// isArchive reports whether the document is marked as an archive. The only month of a
// blog is not, since a marked one must have a previous or next one.
func (m *model) isArchive() bool {
	return m.plan.archive && (m.plan.prev != "" || m.plan.next != "")
}

// stylesheet returns the address of the style sheet relative to the document, so that it
// is found whether the feed is on the web or opened from the disk.
func (m *model) stylesheet(f format) string {
	depth := strings.Count(f.file, "/")
	if m.plan.dir != "" {
		depth += strings.Count(m.plan.dir, "/") + 1
	}
	return strings.Repeat("../", depth) + stylesheetFile
}

// styled is a document with a style sheet for browsers.
type styled struct {
	stylesheet string
	document   any
}

// MarshalXML writes the processing instruction before the root element.
func (s styled) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	instruction := xml.ProcInst{Target: "xml-stylesheet", Inst: []byte(`type="text/css" href="` + s.stylesheet + `"`)}
	for _, token := range []xml.Token{xml.CharData("\n"), instruction, xml.CharData("\n")} {
		if err := e.EncodeToken(token); err != nil {
			return err
		}
	}
	return e.Encode(s.document)
}

// xmlItems encodes the items of a document, each on lines of its own.
type xmlItems struct {
	w       io.Writer
	encoder *xml.Encoder
	start   xml.StartElement
	begun   bool
}

func newXMLItems(w io.Writer, name string, depth int) *xmlItems {
	encoder := xml.NewEncoder(w)
	encoder.Indent(strings.Repeat("  ", depth), "  ")
	return &xmlItems{w: w, encoder: encoder, start: xml.StartElement{Name: xml.Name{Local: name}}}
}

func (x *xmlItems) encode(item any) error {
	if !x.begun { // the encoder breaks the line before all but its first
		x.begun = true
		if _, err := io.WriteString(x.w, "\n"); err != nil {
			return err
		}
	}
	return x.encoder.EncodeElement(item, x.start)
}

func writeXML(w io.Writer, document feeds.XmlFeed) error {
	if err := feeds.WriteXML(document, w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
