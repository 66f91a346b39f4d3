package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/html"

	"publisher/content"
	"publisher/feed"
)

// earlierFeeds is what the feeds need to know of their last time to leave alone
// what nothing has happened to.
func (s *pass) earlierFeeds(last feedMemo) feed.Earlier {
	earlier := feed.Earlier{Alone: s.alone(), Build: s.build}
	for _, f := range last.Files {
		if s.intact([]feedFile{f}) {
			earlier.Documents = append(earlier.Documents, f.Document)
		}
	}
	return earlier
}

// alone makes the function that tells whether a post's HTML can change only when
// its file, its address or another post's address does. It cannot tell where that is
// so of local pictures, whose size is written beside them, of files that the post
// includes, and of links to pages; and what a warning is about may be mended anywhere.
func (s *pass) alone() func(*content.Post, *content.Rendering) bool {
	posts := make(map[string]bool, len(s.entries))
	for _, e := range s.entries {
		posts[e.post.URL] = true
	}
	site := hostOf(s.cfg.Site.URL.String())
	return func(p *content.Post, r *content.Rendering) bool {
		s.renderMu.Lock()
		warned := s.renderWarned[p.Path]
		s.renderMu.Unlock()
		here := func(address string) bool { o := hostOf(address); return o == site || o == hostOf(p.URL) }
		return !warned && (r.Image == nil || !here(r.Image.URL)) && s.plain(p) &&
			leadsTo(r.HTML+r.ExcerptHTML, func(attribute, address string) bool {
				address, _, _ = strings.Cut(address, "#")
				return !here(address) || attribute == "href" && posts[address]
			})
	}
}

// plain tells whether the post's file is the one that was scanned, and has no
// shortcode or tag: some read other files.
func (s *pass) plain(p *content.Post) bool {
	data, err := os.ReadFile(filepath.Join(s.cfg.Path(s.cfg.Content.Dir), filepath.FromSlash(p.Path)))
	return err == nil && sha256.Sum256(data) == p.FileHash &&
		!bytes.Contains(data, []byte("{%")) && !bytes.Contains(data, []byte("{{")) && !bytes.Contains(data, []byte("<%"))
}

// leadsTo tells whether all addresses in the HTML pass.
func leadsTo(text string, passes func(attribute, address string) bool) bool {
	tokens := html.NewTokenizer(strings.NewReader(text))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return true
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range tokens.Token().Attr {
				switch a.Key {
				case "href", "src", "poster", "data", "cite":
					if !passes(a.Key, a.Val) {
						return false
					}
				case "srcset":
					return false
				}
			}
		}
	}
}

// hostOf is where an address leads, without its path.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// forgetInputs has every feed made again, where all files were read: the settings
// of the blog's engine may be others now. It comes before the scan is remembered.
func (s *pass) forgetInputs(ctx context.Context, scan *content.Scan) error {
	if scan.Read < len(scan.Posts) {
		return nil
	}
	last, err := s.lastFeeds(ctx)
	if err != nil || len(last.Files) == 0 {
		return err
	}
	for i := range last.Files {
		last.Files[i].Inputs = ""
	}
	return s.saveFeeds(ctx, last)
}
