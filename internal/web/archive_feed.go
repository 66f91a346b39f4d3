package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/web/httpcache"
	"publisher/internal/xmltext"
)

const atomType = "application/atom+xml; charset=utf-8"

// atomFeed is the archive as an Atom document (RFC 4287).
type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Language string      `xml:"xml:lang,attr"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Updated  string      `xml:"updated"`
	Author   string      `xml:"author>name"`
	Links    []atomLink  `xml:"link"`
	Entries  []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Language  string       `xml:"xml:lang,attr,omitempty"`
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Published string       `xml:"published"`
	Updated   string       `xml:"updated"`
	Link      atomLink     `xml:"link"`
	Category  atomCategory `xml:"category"`
	Summary   *atomText    `xml:"summary"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// archiveFeed sends the newest editions as an Atom feed. Before the first pass there is none.
func (s *site) archiveFeed(w http.ResponseWriter, r *http.Request) {
	s.shared(w, r, httpcache.Key{Kind: "feed", Name: "archive"}, func(ctx context.Context) (*httpcache.Response, error) {
		editions, err := s.Ledger.ArchivedEditions(ctx, s.Config.Feeds.Items)
		if err != nil {
			return nil, err
		}
		updated, err := s.archiveUpdated(ctx, editions)
		if err != nil || updated.IsZero() {
			return nil, err
		}
		var ids []string
		for _, e := range editions {
			ids = append(ids, e.Posts...)
		}
		titles, err := s.Ledger.PostTitles(ctx, ids)
		if err != nil {
			return nil, err
		}
		feed := s.archiveAtom(editions, titles, updated)
		text := bytes.NewBufferString(xml.Header)
		if err := xml.NewEncoder(text).Encode(feed); err != nil {
			return nil, fmt.Errorf("writing the feed of the archive: %w", err)
		}
		return httpcache.BodyResponse(append(text.Bytes(), '\n'), atomType, updated, "",
			pageCache, httpcache.Header("Access-Control-Allow-Origin", "*"), httpcache.Header("Cross-Origin-Resource-Policy", "cross-origin"))
	})
}

// archiveUpdated returns when the newest edition was closed; without editions, since when there
// could have been one, which is the first pass.
func (s *site) archiveUpdated(ctx context.Context, editions []ledger.ArchivedEdition) (at time.Time, err error) {
	for _, e := range editions {
		if e.Closed.After(at) {
			at = e.Closed
		}
	}
	if at.IsZero() {
		return passstate.FirstPass(ctx, s.Ledger)
	}
	return at, nil
}

func (s *site) archiveAtom(editions []ledger.ArchivedEdition, titles map[string]string, updated time.Time) *atomFeed {
	site := s.Config.Site
	archive := s.Config.Server.URL.JoinPath("archive").String() + "/"
	feed := &atomFeed{
		Language: site.Language, ID: archive + "atom.xml", Title: xmltext.Line(site.Title), Author: xmltext.Line(cmp.Or(site.Author.Name, site.Title)),
		Updated: rfc3339(updated),
		Links:   []atomLink{{"self", "application/atom+xml", archive + "atom.xml"}, {"alternate", "text/html", archive}},
	}
	for _, e := range editions {
		feed.Entries = append(feed.Entries, atomEntry{
			Language: s.editionLanguage(e),
			// The same for ever, also if server.url changes (RFC 4151).
			ID:        fmt.Sprintf("tag:%s,%s:archive/%d", authority(site.URL), e.Closed.UTC().Format(time.DateOnly), e.Number),
			Title:     cmp.Or(xmltext.Line(e.Subject), xmltext.Line(site.Title)),
			Published: rfc3339(e.Closed), Updated: rfc3339(e.Closed),
			Link:     atomLink{"alternate", "text/html", s.Config.EditionURL(e.Number)},
			Category: atomCategory{e.Cadence},
			Summary:  summaryOf(e, titles),
		})
	}
	return feed
}

// authority returns the host of an address as tag URIs hold it.
func authority(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return strings.ReplaceAll(host, ":", "-") // of IPv6: colons would end it
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// summaryOf lists the titles of an edition's posts; nil if none has one.
func summaryOf(e ledger.ArchivedEdition, titles map[string]string) *atomText {
	var items strings.Builder
	for _, id := range e.Posts {
		if title := xmltext.Line(titles[id]); title != "" {
			items.WriteString("<li>" + html.EscapeString(title) + "</li>")
		}
	}
	if items.Len() == 0 {
		return nil
	}
	return &atomText{"html", "<ul>" + items.String() + "</ul>"}
}
