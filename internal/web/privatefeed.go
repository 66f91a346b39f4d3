package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"publisher/feed"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/web/files"
	"publisher/internal/web/httpcache"
	"publisher/templates"
)

const (
	// maxTagFeeds is from how many feeds of tags a feed of one's own is made; the other tags are
	// found among the newest posts.
	maxTagFeeds = 32
	// maxMonths is how many months back posts with a tag are looked for if there are no feeds of tags.
	maxMonths = 36
	// maxSelected limits the bytes of the documents that one such feed is made from.
	maxSelected = 32 << 20
)

// ownFeed serves /feeds/SECRET.xml: an Atom feed with the posts that match a subscriber's choice,
// taken from the documents that everybody gets.
func (s *site) ownFeed(w http.ResponseWriter, r *http.Request) {
	secret, found := strings.CutSuffix(r.PathValue("name"), ".xml")
	if !found || s.Config.Feeds.Atom == "" {
		s.files.ServeHTTP(w, r) // the owner may have a folder of that name
		return
	}
	token, err := s.Ledger.FindToken(r.Context(), ledger.TokenFeed, secret, s.Now())
	if err == nil && token == nil {
		s.files.ServeHTTP(w, r)
		return
	}
	var sub *ledger.Subscriber
	if err == nil {
		sub, err = s.Ledger.SubscriberByID(r.Context(), token.Subscriber)
	}
	var res *httpcache.Response
	if err == nil && sub != nil && sub.MayHaveFeed() {
		res, err = s.selectedFeed(sub, secret)
	}
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	switch {
	case err != nil:
		s.fail(w, r, fmt.Errorf("making a subscriber's own feed: %w", err), secret)
	case res == nil:
		s.message(w, http.StatusNotFound, templates.MissingPage)
	default:
		res.Serve(w, r, nil)
	}
}

// selectedFeed returns a subscriber's own feed, which is made again after a minute.
func (s *site) selectedFeed(sub *ledger.Subscriber, secret string) (*httpcache.Response, error) {
	id := sha256.Sum256([]byte("feed " + secret))
	language := s.Config.LanguageOf(sub.Language)
	key := httpcache.Key{Kind: "own feed", Name: fmt.Sprintf("%x %q %q", id, language, sub.Tags)}
	return s.cache.Get(key, s.Now, cachePages, func() (*httpcache.Response, error) {
		entries, err := s.matching(language, sub.Tags)
		if err != nil {
			return nil, err
		}
		document := feed.Selection{ID: "urn:uuid:" + uuidOf(id), Self: s.ownFeedURL(secret), Site: s.Config.SiteIn(language),
			Tags: sub.Tags, Depth: 1, Entries: entries}.Document()
		return httpcache.BodyResponse(document, s.types[s.Config.Feeds.Atom], time.Time{}, "",
			httpcache.Header("Cache-Control", "private, max-age=300"),
			httpcache.Header("Content-Security-Policy", files.Policy(s.Config.Site)),
			httpcache.Header("Cross-Origin-Resource-Policy", "cross-origin"))
	})
}

// uuidOf returns a UUID of version 8 (RFC 9562) made from a hash.
func uuidOf(hash [32]byte) string {
	hash[6], hash[8] = hash[6]&0x0f|0x80, hash[8]&0x3f|0x80
	text := hex.EncodeToString(hash[:16])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// ownFeedURL returns the address of a feed of one's own.
func (s *site) ownFeedURL(secret string) string {
	return s.Config.Server.URL.JoinPath("feeds", secret+".xml").String()
}

// matching returns the newest entries in a language that have one of the tags; no tags mean all.
func (s *site) matching(language string, tags []string) ([]feed.Entry, error) {
	c := &selecting{site: s, tags: tags, file: s.Config.Feeds.Atom, room: maxSelected}
	for _, l := range s.Config.Languages {
		if l.Tag == language && language != "" {
			c.collection = l.Folder
		}
	}
	if err := c.take(feed.MainDocument(c.collection, c.file)); err != nil {
		return nil, err
	}
	if len(tags) > 0 {
		older := c.takeMonths
		if s.Config.Feeds.Tags {
			older = c.takeTags
		}
		if err := older(); err != nil {
			return nil, err
		}
	}
	return feed.NewestEntries(c.entries, s.Config.Feeds.Items), nil
}

// selecting collects entries from documents of the output folder.
type selecting struct {
	site       *site
	collection string // the folder of the language
	file       string
	tags       []string
	entries    []feed.Entry
	room       int64 // bytes of documents that may still be read
}

// take adds the entries of a document; none if it is not there.
func (c *selecting) take(name string) error {
	f, info, err := c.site.files.Open(name)
	switch {
	case err != nil && files.MachineFault(err):
		return err
	case err != nil:
		return nil
	}
	defer f.Close()
	if info.Size() > min(files.MaxFeed, c.room) {
		return nil
	}
	document, err := io.ReadAll(io.LimitReader(f, files.MaxFeed))
	if err != nil {
		return err
	}
	c.room -= int64(len(document))
	entries, err := feed.Entries(document)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, e := range entries {
		if e.HasTag(c.tags) {
			c.entries = append(c.entries, e)
		}
	}
	return nil
}

// takeTags adds what is in the feeds of the tags.
func (c *selecting) takeTags() error {
	names, err := passstate.LoadFeedNames(context.Background(), c.site.Ledger)
	if err != nil {
		return err
	}
	for _, tag := range c.tags[:min(len(c.tags), maxTagFeeds)] {
		if folder := names.Folders[c.collection][feed.TagKey(tag)]; folder != "" {
			if err := c.take(feed.TagDocument(c.collection, folder, c.file)); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeMonths adds what is in the archives of months, newest first, until there is enough.
func (c *selecting) takeMonths() error {
	year, month, _ := c.site.Now().In(c.site.Config.Site.Timezone).Date()
	for back := range time.Month(maxMonths) {
		if len(feed.NewestEntries(c.entries, c.site.Config.Feeds.Items)) == c.site.Config.Feeds.Items {
			break
		}
		if err := c.take(feed.MonthDocument(c.collection, time.Date(year, month-back, 1, 0, 0, 0, 0, time.UTC), c.file)); err != nil {
			return err
		}
	}
	return nil
}
