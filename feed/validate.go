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

// validate returns an error if the item would make a document invalid in one of the
// configured formats.
func (b *builder) validate(item *feeds.Item, e entry) error {
	errs := itemErrors(item, e)
	if b.cfg.Feeds.Atom != "" && item.Id != "" && !absoluteIRI.MatchString(item.Id) { // RFC 4287 §4.2.6
		errs = append(errs, errors.New("its id "+item.Id+" is not a URI, which Atom requires; write `id` in its front matter like https://example.com/1 or urn:uuid:…, or set feeds.atom to \"\""))
	}
	return errors.Join(errs...)
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
		fail("it has no id")
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

// parseXML returns an error if a document is not well-formed.
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
