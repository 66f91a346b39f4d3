package editions

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/templates"
)

// wordsPerMinute is how fast people read prose on a screen.
const wordsPerMinute = 220

// Composer makes digests and their web versions from the posts of a catalog.
type Composer struct {
	*Stored
	catalog *catalog.Catalog
	intros  map[string]*Intro // by language, once read
}

// NewComposer returns a composer of a catalog's posts.
func NewComposer(c *catalog.Catalog, set *templates.Set) *Composer {
	return &Composer{Stored: &Stored{cfg: c.Config, ledger: c.Ledger, templates: set}, catalog: c, intros: map[string]*Intro{}}
}

// Catalog returns the posts that digests are composed of.
func (c *Composer) Catalog() *catalog.Catalog { return c.catalog }

// NewBundle returns the bundle of an edition, without posts.
func (c *Composer) NewBundle(e *ledger.Edition) *Bundle {
	return &Bundle{Cadence: e.Cadence, Closed: e.Closed, Zone: c.cfg.Site.Timezone.String(), PostalAddress: c.cfg.Mail.PostalAddress,
		MaxPosts: c.cfg.Digest.MaxPosts, MaxBytes: c.cfg.Digest.MaxBytes, Templates: c.templates.Files(),
		Site: Site(c.cfg, e.Language)}
}

// Site returns the site as mails in a language present it.
func Site(cfg *config.Config, language string) templates.Site {
	site := cfg.SiteIn(language)
	return templates.Site{Title: site.Title, URL: site.URL.String(), Description: site.Description, Author: site.Author.Name, Logo: site.Logo,
		Language: site.Language, Dir: templates.Direction(site.Language), Location: site.Timezone}
}

// Add adds posts to a bundle; full reports which need their excerpts. Posts that cannot be
// rendered are left out, which the catalog reports.
func (c *Composer) Add(ctx context.Context, b *Bundle, posts []catalog.Entry, full func(catalog.Entry) bool) error {
	for _, e := range posts {
		whole := full(e) || e.Post.MailOnly // a letter is nowhere else
		post, err := c.Post(ctx, e, whole)
		if c.catalog.Unrenderable(e) {
			continue
		}
		if err != nil {
			return err
		}
		letter, err := c.letter(ctx, e)
		if err != nil {
			return err
		}
		b.Posts = append(b.Posts, BundledPost{Seq: e.Row.Seq, ID: e.Row.ID, Path: e.Post.Path, Seen: e.Row.FirstSeen, Full: whole, Post: post, Letter: letter})
	}
	// As NewestFirst sorts.
	slices.SortStableFunc(b.Posts, func(x, y BundledPost) int {
		return cmp.Or(y.Post.Date.Compare(x.Post.Date), y.Seen.Compare(x.Seen), strings.Compare(x.Path, y.Path))
	})
	return nil
}

// Bundle reads the bundle of a closed edition. An edition that an earlier version closed has
// none: it is made of the posts as they are now.
func (c *Composer) Bundle(ctx context.Context, e *ledger.Edition) (*Bundle, error) {
	b, err := c.Stored.Bundle(ctx, e)
	if err != nil || b != nil {
		return b, err
	}
	b = c.NewBundle(e)
	return b, c.Add(ctx, b, c.catalog.WithIDs(e.Posts), func(catalog.Entry) bool { return true })
}

// Archive stores the web version of an edition, unless it is stored or has no posts.
func (c *Composer) Archive(ctx context.Context, b *Bundle, e *ledger.Edition) error {
	if has, err := c.ledger.HasArchivedPage(ctx, e.Number); err != nil || has || len(b.Posts) == 0 {
		return err
	}
	return c.archive(ctx, b, e)
}

// Keep stores the bundle of an edition that has none, since an earlier version closed it.
func (c *Composer) Keep(ctx context.Context, b *Bundle, e *ledger.Edition) error {
	packed, err := c.ledger.Bundle(ctx, e.Number)
	if err != nil || packed != nil {
		return err
	}
	return c.Extend(ctx, b, e, false)
}

// Extend stores an edition whose bundle has changed. With more, it has more posts, which its
// web version then has too.
func (c *Composer) Extend(ctx context.Context, b *Bundle, e *ledger.Edition, more bool) (err error) {
	if e.Bundle, err = b.Encode(); err != nil {
		return err
	}
	if err := c.ledger.ExtendEdition(ctx, e); err != nil || !more {
		return err
	}
	return c.archive(ctx, b, e)
}

func (c *Composer) archive(ctx context.Context, b *Bundle, e *ledger.Edition) error {
	page, err := c.page(b, e)
	if err != nil {
		return err
	}
	return c.ledger.SaveArchivedPage(ctx, e.Number, page)
}

// page returns an edition's web version: all its posts, without links of a recipient.
func (c *Composer) page(b *Bundle, e *ledger.Edition) ([]byte, error) {
	set, err := c.templatesOf(b)
	if err != nil {
		return nil, err
	}
	d := c.digest(b, e.Number, b.Numbers(), true)
	d.Subject = e.Subject
	d.Posts, d.Brief = split(d.Posts, b.MaxPosts)
	var page bytes.Buffer
	z := gzip.NewWriter(&page)
	if err := set.DigestHTML(z, d); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compressing the web version of edition %d: %w", e.Number, err)
	}
	return page.Bytes(), nil
}

// Post renders what a digest shows of a post. Of one beyond digest.max_posts, which is not
// full, that is only the title.
func (c *Composer) Post(ctx context.Context, e catalog.Entry, full bool) (templates.Post, error) {
	p := e.Post
	post := templates.Post{Title: p.Title, Subject: p.Newsletter.Subject, URL: p.URL, Date: p.Date.In(c.cfg.Site.Timezone), Authors: c.byline(p), Tags: p.Tags,
		Language: p.Language, Dir: templates.Direction(p.Language)}
	if !full {
		return post, nil
	}
	r, err := c.catalog.Render(ctx, p)
	if err != nil {
		return post, err
	}
	post.Intro = template.HTML(r.IntroHTML)     // post.Rendering is safe HTML
	post.Excerpt = template.HTML(r.ExcerptHTML) // likewise
	post.Minutes = max(1, (r.Words+wordsPerMinute/2)/wordsPerMinute)
	if r.Image != nil && !strings.Contains(r.ExcerptHTML, r.Image.URL) && !strings.HasSuffix(strings.ToLower(r.Image.URL), ".svg") {
		post.Image = &templates.Image{URL: r.Image.URL, Alt: r.Image.Alt, Width: r.Image.Width, Height: r.Image.Height}
	}
	return post, nil
}

// byline returns the authors of a post, unless they are the usual ones: the author of the
// site, or of all posts.
func (c *Composer) byline(p *post.Post) []string {
	if len(p.Authors) != 1 {
		return p.Authors
	}
	author := p.Authors[0]
	if author == c.cfg.Site.Author.Name || !slices.ContainsFunc(c.catalog.Entries(), func(e catalog.Entry) bool {
		return len(e.Post.Authors) != 1 || e.Post.Authors[0] != author
	}) {
		return nil
	}
	return p.Authors
}
