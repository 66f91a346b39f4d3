package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"publisher/internal/config"
	"publisher/internal/xmltext"
)

// Entry is an entry of one of our Atom documents, as it is there.
type Entry struct {
	ID        string
	Published time.Time
	Updated   time.Time
	Tags      []string
	XML       []byte
}

// HasTag reports whether the entry has one of the tags, ignoring case. No tags mean all.
func (e Entry) HasTag(tags []string) bool {
	return len(tags) == 0 || slices.ContainsFunc(e.Tags, func(tag string) bool {
		return slices.ContainsFunc(tags, func(other string) bool { return strings.EqualFold(norm.NFC.String(tag), norm.NFC.String(other)) })
	})
}

// Entries returns the entries of an Atom document.
func Entries(document []byte) ([]Entry, error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	root, err := nextElement(d)
	if err != nil {
		return nil, err
	}
	if root.Name != (xml.Name{Space: atomNamespace, Local: "feed"}) {
		return nil, fmt.Errorf("it is no Atom feed, but begins with <%s>", root.Name.Local)
	}
	var all []Entry
	for {
		start := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			return all, nil
		case xml.StartElement:
			if t.Name != (xml.Name{Space: atomNamespace, Local: "entry"}) {
				if err := d.Skip(); err != nil {
					return nil, unexpectedEnd(err)
				}
				continue
			}
			e, err := readEntry(d, t)
			if err != nil {
				return nil, unexpectedEnd(err)
			}
			e.XML = document[start:d.InputOffset()]
			all = append(all, e)
		}
	}
}

// nextElement returns the next element that begins.
func nextElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return xml.StartElement{}, unexpectedEnd(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readEntry reads what is needed of an entry.
func readEntry(d *xml.Decoder, start xml.StartElement) (Entry, error) {
	var read struct {
		ID         string    `xml:"id"`
		Published  time.Time `xml:"published"`
		Updated    time.Time `xml:"updated"`
		Categories []struct {
			Term string `xml:"term,attr"`
		} `xml:"category"`
	}
	err := d.DecodeElement(&read, &start)
	e := Entry{ID: read.ID, Published: read.Published, Updated: read.Updated}
	for _, c := range read.Categories {
		e.Tags = append(e.Tags, c.Term)
	}
	return e, err
}

// Selection is an Atom document with entries of others. They have to be of one language.
type Selection struct {
	ID, Self string // addresses of its own
	Site     config.Site
	Tags     []string // that were selected; none for all
	Depth    int      // of its folder below that of the style sheet
	Entries  []Entry
}

// NewestEntries returns entries newest first, each once, at most limit.
func NewestEntries(entries []Entry, limit int) []Entry {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return b.Published.Compare(a.Published) })
	seen := map[string]bool{}
	sorted = slices.DeleteFunc(sorted, func(e Entry) bool {
		again := seen[e.ID]
		seen[e.ID] = true
		return again
	})
	return sorted[:min(limit, len(sorted))]
}

// Document returns the document.
func (s Selection) Document() []byte {
	title := headline(s.Site.Title)
	if len(s.Tags) > 0 {
		title += ": " + strings.Join(lines(s.Tags), ", ")
	}
	updated := time.Unix(0, 0).UTC()
	for _, e := range s.Entries {
		updated = latest(updated, e.Updated)
	}
	author := xmltext.Line(s.Site.Author.Name)
	if author == "" {
		author = headline(s.Site.Title)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s<?xml-stylesheet type=\"text/css\" href=\"%s\"?>\n", xml.Header, escaped(strings.Repeat("../", s.Depth)+stylesheetFile))
	fmt.Fprintf(&b, "<feed xmlns=\"%s\" xml:lang=\"%s\" xmlns:media=\"%s\">\n", atomNamespace, escaped(s.Site.Language), mediaNamespace)
	for _, element := range [][2]string{{"title", title}, {"id", s.ID}, {"updated", updated.Format(time.RFC3339)}, {"generator", generator}} {
		fmt.Fprintf(&b, "  <%[1]s>%[2]s</%[1]s>\n", element[0], escaped(element[1]))
	}
	fmt.Fprintf(&b, "  <link href=\"%s\" rel=\"alternate\" type=\"text/html\"></link>\n", escaped(under(s.Site.URL, "")))
	fmt.Fprintf(&b, "  <link href=\"%s\" rel=\"self\" type=\"application/atom+xml\"></link>\n", escaped(asURI(s.Self)))
	fmt.Fprintf(&b, "  <author>\n    <name>%s</name>\n  </author>\n", escaped(author))
	for _, e := range s.Entries {
		b.WriteString("  ")
		b.Write(e.XML)
		b.WriteByte('\n')
	}
	b.WriteString("</feed>\n")
	return b.Bytes()
}

func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(xmltext.Clean(text))) //nolint:errcheck // a Builder takes all
	return b.String()
}

// TagKey returns what makes two spellings one tag: how Memory.Tags has it.
func TagKey(tag string) string { return strings.ToLower(norm.NFC.String(xmltext.Line(tag))) }

// MainDocument returns the path below feeds.dir of a collection's main feed in a file.
func MainDocument(collection, file string) string { return path.Join(collection, file) }

// TagDocument returns the path below feeds.dir of the feed of a tag, whose folder Memory.Tags has.
func TagDocument(collection, folder, file string) string {
	return path.Join(collection, tagsDir, folder, file)
}

// MonthDocument returns the path below feeds.dir of the archive of a month.
func MonthDocument(collection string, month time.Time, file string) string {
	return path.Join(collection, monthsDir, month.Format("2006-01"), file)
}
