package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"iter"
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
	earlier := feed.Earlier{Rests: s.rests(), Build: s.build}
	for _, f := range last.Files {
		if s.intact([]feedFile{f}) {
			earlier.Documents = append(earlier.Documents, f.Document)
		}
	}
	return earlier
}

// rests makes the function that tells what a post's HTML follows from. That may be
// anything where it shows a local picture, whose size is written beside it, includes
// files, or links to a page; and what a warning is about may be mended anywhere.
func (s *pass) rests() func(*content.Post, *content.Rendering) feed.Basis {
	posts := make(map[string]bool, len(s.entries))
	for _, e := range s.entries {
		posts[e.post.URL] = true
	}
	site := hostOf(s.cfg.Site.URL.String())
	return func(p *content.Post, r *content.Rendering) feed.Basis {
		s.renderMu.Lock()
		warned := s.renderWarned[p.Path]
		s.renderMu.Unlock()
		here := func(address string) bool { o := hostOf(address); return o == site || o == hostOf(p.URL) }
		if warned || r.Image != nil && here(r.Image.URL) || !s.plain(p) {
			return feed.OnAnything
		}
		basis := feed.OnItself
		for attribute, address := range addressesIn(r.HTML + r.ExcerptHTML) {
			address, _, _ = strings.Cut(address, "#")
			switch {
			case !here(address):
			case attribute != "href" || !posts[address]:
				return feed.OnAnything
			default:
				basis = feed.OnAddresses
			}
		}
		return basis
	}
}

// plain tells whether the post's file is the one that was scanned, and has no
// shortcode or tag: some read other files.
func (s *pass) plain(p *content.Post) bool {
	data, err := os.ReadFile(filepath.Join(s.cfg.Path(s.cfg.Content.Dir), filepath.FromSlash(p.Path)))
	return err == nil && sha256.Sum256(data) == p.FileHash &&
		!bytes.Contains(data, []byte("{%")) && !bytes.Contains(data, []byte("{{")) && !bytes.Contains(data, []byte("<%"))
}

// addressesIn yields the attributes of HTML that hold addresses.
func addressesIn(text string) iter.Seq2[string, string] {
	return func(yield func(attribute, address string) bool) {
		tokens := html.NewTokenizer(strings.NewReader(text))
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
				continue
			}
			for _, a := range tokens.Token().Attr {
				switch a.Key {
				case "href", "src", "srcset", "poster", "data", "cite":
					if !yield(a.Key, a.Val) {
						return
					}
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
		last.Files[i].Inputs, last.Files[i].Parts = "", nil
	}
	return s.saveFeeds(ctx, last)
}
