package dialect

import (
	"publisher/content/frontmatter"
	"slices"
	"strings"
	"time"
)

// OtherDates are names of other programs for a post's date.
var OtherDates = []string{"published_at", "created_at", "publish_date", "pub_date", "date_published", "published_date", "created", "posted"}

// FirstDate returns the first readable date among the keys, or the zero time.
func (p *Page) FirstDate(keys ...string) time.Time {
	for _, key := range keys {
		if t, ok := frontmatter.ParseDate(p.Front.Scalar(key), p.Site.Location); ok {
			return t
		}
	}
	return time.Time{}
}

// SetSimilarTags is SetTags without the categories that are a tag in another spelling.
func (p *Page) SetSimilarTags(tags []string) {
	near := map[string]bool{}
	for _, tag := range tags {
		near[similarTag(tag)] = true
	}
	p.Categories = slices.DeleteFunc(slices.Clone(p.Categories), func(c string) bool {
		said := near[similarTag(c)]
		near[similarTag(c)] = true
		return said
	})
	p.SetTags(tags)
}

// similarTag returns what tags have in common that a reader takes for the same.
func similarTag(tag string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '_', '.', '\'', '’':
			return -1
		case '&':
			return '+'
		}
		return r
	}, strings.ToLower(tag))
}

// IsPageLayout reports whether the front matter says, as in most engines, that a file is not a
// post.
func IsPageLayout(p *Page) bool {
	return p.Front.Scalar("layout") == "page" || p.Front.Scalar("type") == "page"
}
