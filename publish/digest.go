package publish

import (
	"context"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"publisher/content"
	"publisher/templates"
)

// wordsPerMinute is how fast people read prose on a screen.
const wordsPerMinute = 220

// digest makes the templates' data of a set of posts, newest first.
func (s *pass) digest(ctx context.Context, number int64, cadence string, posts []entry) (*templates.Digest, error) {
	d := &templates.Digest{
		Site: s.site(), Number: number, Cadence: cadence, Date: s.zoned(s.start),
		MoreURL: s.cfg.Site.URL.String(), PostalAddress: s.cfg.Mail.PostalAddress,
	}
	if s.cfg.Server.URL != nil && number > 0 {
		d.WebURL = s.cfg.Server.URL.JoinPath("archive", strconv.FormatInt(number, 10)).String()
	}
	for i, e := range posts {
		post, err := s.digestPost(ctx, e, i < s.cfg.Digest.MaxPosts)
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

func (s *pass) site() templates.Site {
	return templates.Site{
		Title: s.cfg.Site.Title, URL: s.cfg.Site.URL.String(), Description: s.cfg.Site.Description, Author: s.cfg.Site.Author.Name, Logo: s.cfg.Site.Logo,
		Language: s.cfg.Site.Language, Dir: templates.Direction(s.cfg.Site.Language), Location: s.cfg.Site.Timezone,
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
