package editions

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/mailer/message"
	"publisher/templates"
)

// Stored makes digests from bundles alone: it needs the config and the ledger, and neither a
// content tree nor templates. So every process composes the same bytes from a bundle.
type Stored struct {
	cfg    *config.Config
	ledger *ledger.Ledger

	mu        sync.Mutex
	templates *templates.Set // that most bundles were made with; nil until there is one
}

// NewStored returns what composes from the bundles of a ledger.
func NewStored(cfg *config.Config, l *ledger.Ledger) *Stored { return &Stored{cfg: cfg, ledger: l} }

// Bundle reads the bundle of a closed edition; nil if none is stored.
func (c *Stored) Bundle(ctx context.Context, e *ledger.Edition) (*Bundle, error) {
	packed, err := c.ledger.Bundle(ctx, e.Number)
	if err != nil || packed == nil {
		return nil, err
	}
	b, err := decodeBundle(packed)
	if err != nil {
		return nil, fmt.Errorf("decoding edition %d of the ledger: %w", e.Number, err)
	}
	return b, nil
}

// Message returns the message with some of an edition's posts.
func (c *Stored) Message(b *Bundle, e *ledger.Edition, posts ledger.Numbers) (*message.Message, error) {
	set, err := c.templatesOf(b)
	if err != nil {
		return nil, err
	}
	d := c.digest(b, e.Number, posts, false)
	cfg := *c.cfg
	// Limits may be lower than when the edition was closed: the message may be too long for the
	// server.
	cfg.Digest.MaxPosts, cfg.Digest.MaxBytes = min(b.MaxPosts, cfg.Digest.MaxPosts), min(b.MaxBytes, cfg.Digest.MaxBytes)
	return message.Compose(&cfg, set, d, b.Closed)
}

// templatesOf returns the templates that a bundle was made with, which mostly are those of the
// last one.
func (c *Stored) templatesOf(b *Bundle) (*templates.Set, error) {
	same := func(a, b templates.File) bool {
		return a.Name == b.Name && a.Path == b.Path && bytes.Equal(a.Source, b.Source)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.templates != nil && slices.EqualFunc(b.Templates, c.templates.Files(), same) {
		return c.templates, nil
	}
	set, err := templates.FromFiles(b.Templates)
	if err == nil && c.templates == nil {
		c.templates = set
	}
	return set, err
}

// Subject returns the subject of a digest of all of a bundle's posts.
func (c *Stored) Subject(b *Bundle, number int64) (string, error) {
	set, err := c.templatesOf(b)
	if err != nil {
		return "", err
	}
	return set.Subject(c.digest(b, number, b.Numbers(), false))
}

// digest returns the templates' data for some of a bundle's posts: as they are mailed, or for the
// web version.
func (c *Stored) digest(b *Bundle, number int64, posts ledger.Numbers, web bool) *templates.Digest {
	d := &templates.Digest{Site: b.Site, Number: number, Cadence: b.Cadence, Date: b.Closed.In(b.Site.Location),
		Intro: template.HTML(b.Intro), MoreURL: b.Site.URL, PostalAddress: b.PostalAddress} // RenderText made it safe
	if number > 0 && !web {
		d.WebURL = c.cfg.EditionURL(number)
	}
	for _, p := range b.Posts {
		if !posts.Contains(p.Seq) {
			continue
		}
		if p.Letter != nil {
			c.showLetter(&p.Post, p.Letter, number, web)
			d.MoreURL = cmp.Or(d.WebURL, d.MoreURL) // it is not on the site
		}
		d.Posts = append(d.Posts, p.Post)
	}
	dropSharedImages(d.Posts)
	return d
}

// showLetter makes a post lead to its web version, or be there as a whole.
func (c *Stored) showLetter(p *templates.Post, l *Letter, number int64, web bool) {
	p.URL = ""
	if address := c.cfg.EditionURL(cmp.Or(l.First, number)); address != "" {
		p.URL = address + "#" + l.Anchor
	}
	p.Whole = web || p.URL == "" || string(p.Excerpt) == l.HTML
	if web {
		p.Anchor = l.Anchor
	}
	if !p.Whole {
		return
	}
	p.Excerpt = template.HTML(l.HTML) // post.Rendering is safe HTML
	if p.Image != nil && strings.Contains(l.HTML, p.Image.URL) {
		p.Image = nil
	}
}

// dropSharedImages removes an image that several posts have: it is the site's, and says
// nothing about a post.
func dropSharedImages(posts []templates.Post) {
	count := map[string]int{}
	for _, p := range posts {
		if p.Image != nil {
			count[p.Image.URL]++
		}
	}
	for i, p := range posts {
		if p.Image != nil && count[p.Image.URL] > 1 {
			posts[i].Image = nil
		}
	}
}
