package publish

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"publisher/content"
	"publisher/internal/ledger"
	"publisher/mailer/message"
	"publisher/templates"
)

// bundle is what an edition's messages are composed from, as it was when the edition
// was closed: later edits of posts, templates or titles do not change what those get
// who are reached late.
type bundle struct {
	Cadence       string
	Closed        time.Time
	Site          templates.Site // its Location is Zone
	Zone          string
	PostalAddress string
	MaxPosts      int
	MaxBytes      int
	Posts         []bundledPost // newest first
	Templates     []templates.File
}

// bundledPost is a post as the templates get it.
type bundledPost struct {
	Seq  int64
	ID   string
	Path string // below content.dir
	Seen time.Time
	Full bool // it has its excerpt; else only what a one-line link shows
	Post templates.Post
}

// newBundle is an edition's, without posts.
func (s *pass) newBundle(e *ledger.Edition) *bundle {
	return &bundle{Cadence: e.Cadence, Closed: e.Closed, Site: s.site(e.Language), Zone: s.cfg.Site.Timezone.String(), PostalAddress: s.cfg.Mail.PostalAddress,
		MaxPosts: s.cfg.Digest.MaxPosts, MaxBytes: s.cfg.Digest.MaxBytes, Templates: s.templates.Files()}
}

// add puts posts into their places; full names those that need their excerpts. One
// that cannot be rendered is left out.
func (s *pass) add(ctx context.Context, b *bundle, posts []entry, full func(entry) bool) error {
	for _, e := range posts {
		post, err := s.digestPost(ctx, e, full(e))
		if s.unrenderable[e.post.Path] != nil {
			continue // the report tells of it
		}
		if err != nil {
			return err
		}
		b.Posts = append(b.Posts, bundledPost{Seq: e.row.Seq, ID: e.row.ID, Path: e.post.Path, Seen: e.row.FirstSeen, Full: full(e), Post: post})
	}
	// As byNewest sorts.
	slices.SortStableFunc(b.Posts, func(x, y bundledPost) int {
		return cmp.Or(y.Post.Date.Compare(x.Post.Date), y.Seen.Compare(x.Seen), strings.Compare(x.Path, y.Path))
	})
	return nil
}

// numbers are the sequence numbers of its posts.
func (b *bundle) numbers() ledger.Numbers {
	seqs := make([]int64, len(b.Posts))
	for i, p := range b.Posts {
		seqs[i] = p.Seq
	}
	return ledger.NewNumbers(seqs...)
}

// ids are those of its posts, newest first.
func (b *bundle) ids() []string {
	ids := make([]string, len(b.Posts))
	for i, p := range b.Posts {
		ids[i] = p.ID
	}
	return ids
}

// digest is the templates' data of some of its posts.
func (b *bundle) digest(number int64, posts ledger.Numbers) *templates.Digest {
	d := &templates.Digest{Site: b.Site, Number: number, Cadence: b.Cadence, Date: b.Closed.In(b.Site.Location),
		MoreURL: b.Site.URL, PostalAddress: b.PostalAddress}
	for _, p := range b.Posts {
		if posts.Contains(p.Seq) {
			d.Posts = append(d.Posts, p.Post)
		}
	}
	dropShared(d.Posts)
	return d
}

func (b *bundle) encode() ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	stored := *b
	stored.Site.Location = nil
	if err := json.NewEncoder(z).Encode(&stored); err != nil {
		return nil, fmt.Errorf("packing an edition: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing an edition: %w", err)
	}
	return packed.Bytes(), nil
}

func decodeBundle(packed []byte) (*bundle, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	b := new(bundle)
	if err := json.Unmarshal(data, b); err != nil {
		return nil, err
	}
	if b.Site.Location, err = time.LoadLocation(b.Zone); err != nil {
		b.Site.Location = time.UTC
	}
	for i := range b.Posts {
		b.Posts[i].Post.Date = b.Posts[i].Post.Date.In(b.Site.Location)
	}
	return b, nil
}

// bundleOf reads an edition's bundle. Of an edition that an earlier version closed
// there is none: it is made of the posts as they are now.
func (s *pass) bundleOf(ctx context.Context, e *ledger.Edition) (*bundle, error) {
	packed, err := s.ledger.Bundle(ctx, e.Number)
	if err != nil {
		return nil, err
	}
	if packed != nil {
		b, err := decodeBundle(packed)
		if err != nil {
			return nil, fmt.Errorf("what the ledger has of edition %d: %w", e.Number, err)
		}
		return b, nil
	}
	b := s.newBundle(e)
	return b, s.add(ctx, b, s.postsOf(e), func(entry) bool { return true })
}

// compose makes the message of some of an edition's posts.
func (s *pass) compose(b *bundle, e *ledger.Edition, posts ledger.Numbers) (*message.Message, error) {
	set, err := s.templatesOf(b)
	if err != nil {
		return nil, err
	}
	d := b.digest(e.Number, posts)
	if s.cfg.Server.URL != nil && e.Number > 0 {
		d.WebURL = s.cfg.Server.URL.JoinPath("archive", strconv.FormatInt(e.Number, 10)).String()
	}
	cfg := *s.cfg
	// Less than when it was closed is possible: the message may be too long for the server.
	cfg.Digest.MaxPosts, cfg.Digest.MaxBytes = min(b.MaxPosts, cfg.Digest.MaxPosts), min(b.MaxBytes, cfg.Digest.MaxBytes)
	return message.Compose(&cfg, set, d, b.Closed)
}

// templatesOf are those that the bundle was made with: mostly the ones of today.
func (s *pass) templatesOf(b *bundle) (*templates.Set, error) {
	same := func(a, b templates.File) bool {
		return a.Name == b.Name && a.Path == b.Path && bytes.Equal(a.Source, b.Source)
	}
	if s.templates != nil && slices.EqualFunc(b.Templates, s.templates.Files(), same) {
		return s.templates, nil
	}
	return templates.FromFiles(b.Templates)
}

// page is an edition's web version: all its posts, nobody's own links.
func (s *pass) page(b *bundle, e *ledger.Edition) ([]byte, error) {
	set, err := s.templatesOf(b)
	if err != nil {
		return nil, err
	}
	d := b.digest(e.Number, b.numbers())
	d.Subject = e.Subject
	if len(d.Posts) > b.MaxPosts {
		d.Posts, d.Brief = d.Posts[:b.MaxPosts], d.Posts[b.MaxPosts:]
	}
	var page bytes.Buffer
	z := gzip.NewWriter(&page)
	if err := set.DigestHTML(z, d); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing the web version of edition %d: %w", e.Number, err)
	}
	return page.Bytes(), nil
}

// subject is that of a digest of all of the bundle's posts.
func (s *pass) subject(b *bundle, number int64) (string, error) {
	set, err := s.templatesOf(b)
	if err != nil {
		return "", err
	}
	return set.Subject(b.digest(number, b.numbers()))
}

// digestPost renders what a digest shows of a post; of one beyond digest.max_posts
// only the title is.
func (s *pass) digestPost(ctx context.Context, e entry, full bool) (templates.Post, error) {
	p := e.post
	post := templates.Post{Title: p.Title, Subject: p.Newsletter.Subject, URL: p.URL, Date: s.zoned(p.Date), Authors: s.byline(p), Tags: p.Tags,
		Language: p.Language, Dir: templates.Direction(p.Language)}
	if !full {
		return post, nil
	}
	r, err := s.render(ctx, p)
	if err != nil {
		return post, err
	}
	post.Intro = template.HTML(r.IntroHTML)     // content.Rendering is safe HTML
	post.Excerpt = template.HTML(r.ExcerptHTML) // likewise
	post.Minutes = max(1, (r.Words+wordsPerMinute/2)/wordsPerMinute)
	if r.Image != nil && !strings.Contains(r.ExcerptHTML, r.Image.URL) && !strings.HasSuffix(strings.ToLower(r.Image.URL), ".svg") {
		post.Image = &templates.Image{URL: r.Image.URL, Alt: r.Image.Alt, Width: r.Image.Width, Height: r.Image.Height}
	}
	return post, nil
}

// byline names who wrote a post, where it is not who always writes: whom the
// config names, or who wrote all posts.
func (s *pass) byline(p *content.Post) []string {
	if len(p.Authors) != 1 {
		return p.Authors
	}
	author := p.Authors[0]
	if author == s.cfg.Site.Author.Name || !slices.ContainsFunc(s.entries, func(e entry) bool {
		return len(e.post.Authors) != 1 || e.post.Authors[0] != author
	}) {
		return nil
	}
	return p.Authors
}
