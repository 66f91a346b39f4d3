package feed

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/gorilla/feeds"
)

// fault is why a feed may not be written.
type fault struct {
	post string // path of the post's file
	err  error
}

// faults finds what would make the document invalid in any format.
func (m *model) faults() []fault {
	var faults []fault
	owners := map[string]string{}
	for i, item := range m.Items {
		path := m.entries[i].path
		for _, err := range itemErrors(item, m.entries[i]) {
			faults = append(faults, fault{path, err})
		}
		if owner, ok := owners[item.Id]; ok && item.Id != "" {
			faults = append(faults, fault{path, fmt.Errorf("has the same id as %s, %q; give one of them another `id` in its front matter", owner, item.Id)})
		}
		owners[item.Id] = path
	}
	return faults
}

var (
	mediaType   = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$`)
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	absoluteIRI = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^` + "`" + `]+$`)
)

func itemErrors(item *feeds.Item, e entry) []error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if item.Id == "" {
		fail("has no id")
	}
	if item.Title == "" {
		fail("has no title; write one into its front matter")
	}
	if !isAddress(item.Link.Href) {
		fail("its address %q is not an absolute web address; check site.url and content.permalink", item.Link.Href)
	}
	for _, t := range []time.Time{item.Created, item.Updated} {
		if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
			fail("its date is missing or outside the years 1 to 9999, which feeds cannot write; correct it in the front matter")
			break
		}
	}
	if e.language != "" && !languageTag.MatchString(e.language) {
		fail("its language %q is not a BCP 47 tag; write it like en, de or pt-BR", e.language)
	}
	if item.Source != nil && !isAddress(item.Source.Href) {
		fail("its source %q is not an absolute web address", item.Source.Href)
	}
	if e.image != nil && !isAddress(e.image.URL) {
		fail("its picture's address %q is not an absolute web address", e.image.URL)
	}
	if enc := e.enclosure; enc != nil {
		switch {
		case !isAddress(enc.URL):
			fail("its enclosure's address %q is not an absolute web address", enc.URL)
		case !mediaType.MatchString(enc.Type):
			fail("its enclosure's type %q is not a media type; write it like audio/mpeg", enc.Type)
		case enc.Length < 0:
			fail("its enclosure's length %d is negative; write the file's size in octets", enc.Length)
		}
	}
	return errs
}

// parseXML tells why a document is not well-formed.
func parseXML(data []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("is not well-formed XML: %w; please report it", err)
		}
	}
}

func parseJSON(data []byte) error {
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("is not JSON: %w; please report it", err)
	}
	return nil
}

// atomFaults finds ids that are not IRIs (RFC 4287 §4.2.6).
func atomFaults(m *model) []fault {
	var faults []fault
	for i, item := range m.Items {
		if item.Id != "" && !absoluteIRI.MatchString(item.Id) {
			faults = append(faults, fault{m.entries[i].path, errors.New(
				"its id " + item.Id + " is not a URI, which Atom wants; write `id` in its front matter like https://example.com/1 or urn:uuid:…, or set feeds.atom to \"\"")})
		}
	}
	return faults
}
