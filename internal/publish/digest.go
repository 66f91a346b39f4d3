package publish

import (
	"net/url"

	"publisher/templates"
)

// wordsPerMinute is how fast people read prose on a screen.
const wordsPerMinute = 220

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
