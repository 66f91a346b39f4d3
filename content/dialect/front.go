package dialect

import (
	"publisher/content/frontmatter"
	"slices"
	"strings"
	"time"
)

// otherDates are the names that other programs have for a post's date.
var OtherDates = []string{"published_at", "created_at", "publish_date", "pub_date", "date_published", "published_date", "created", "posted"}

// dateOf is the first of the keys that holds a date; zero where none does.
func (a *Page) DateOf(keys ...string) time.Time {
	for _, key := range keys {
		if t, ok := frontmatter.ParseDate(a.Front.Scalar(key), a.Site.Loc); ok {
			return t
		}
	}
	return time.Time{}
}

// setNearTags joins categories and tags, without categories that are a tag in another
// spelling.
func (a *Page) SetNearTags(tags []string) {
	near := map[string]bool{}
	for _, tag := range tags {
		near[nearTag(tag)] = true
	}
	a.Categories = slices.DeleteFunc(slices.Clone(a.Categories), func(c string) bool {
		said := near[nearTag(c)]
		near[nearTag(c)] = true
		return said
	})
	a.SetTags(tags)
}

// nearTag is what tags have alike that are the same to a reader.
func nearTag(tag string) string {
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

// isPageLayout is how a front matter says in most engines that it is no post.
func IsPageLayout(a *Page) bool {
	return a.Front.Scalar("layout") == "page" || a.Front.Scalar("type") == "page"
}
