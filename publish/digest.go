package publish

import (
	"context"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"publisher/content"
	"publisher/ledger"
	"publisher/templates"
)

// wordsPerMinute is how fast people read prose on a screen.
const wordsPerMinute = 220

// digest makes the templates' data of posts of an edition, newest first.
func (s *pass) digest(ctx context.Context, e *ledger.Edition, posts []entry) (*templates.Digest, error) {
	site := s.site(e.Language)
	d := &templates.Digest{
		Site: site, Number: e.Number, Cadence: e.Cadence, Date: s.zoned(s.start),
		MoreURL: site.URL, PostalAddress: s.cfg.Mail.PostalAddress,
	}
	if s.cfg.Server.URL != nil && e.Number > 0 {
		d.WebURL = s.cfg.Server.URL.JoinPath("archive", strconv.FormatInt(e.Number, 10)).String()
	}
	for i, p := range posts {
		post, err := s.digestPost(ctx, p, i < s.cfg.Digest.MaxPosts)
		if err != nil {
			return nil, err
		}
		d.Posts = append(d.Posts, post)
	}
	dropShared(d.Posts)
	return d, nil
}

// dropShared takes away a picture that several posts have: it is the site's, and
// tells nothing of a post.
func dropShared(posts []templates.Post) {
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

// digestPost renders what a digest shows; of posts beyond the limit only the title is.
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

// site is the publication for those who read in a language.
func (s *pass) site(language string) templates.Site {
	site := s.cfg.SiteIn(language)
	return templates.Site{
		Title: site.Title, URL: site.URL.String(), Description: site.Description, Author: site.Author.Name, Logo: site.Logo,
		Language: site.Language, Dir: templates.Direction(site.Language), Location: site.Timezone,
	}
}

// unsubscribeMailto is where a mail goes that ends a subscription.
func (s *pass) unsubscribeMailto(token string) string {
	to := s.cfg.Mail.BounceTo
	if to == nil {
		to = s.cfg.Mail.ReplyTo
	}
	if to == nil {
		if s.cfg.Server.URL != nil && s.cfg.Server.URL.Scheme == "https" {
			return ""
		}
		to = s.cfg.Mail.From
	}
	return "mailto:" + url.PathEscape(to.Address) + "?subject=" + url.PathEscape("unsubscribe "+token)
}
