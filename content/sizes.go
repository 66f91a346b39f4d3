package content

import (
	"fmt"
	"strings"
)

// checkSizes refuses front matter whose values are larger than any author's, before
// anything is made of them.
func (a *article) checkSizes() {
	fm := &a.front
	check := func(size, most int, what, advice string, keys ...string) {
		if size > most && !a.invalid() {
			a.exceeds(fm.lineOf(keys...), fmt.Sprintf("%d %s", most, what), advice)
		}
	}
	for _, key := range []string{"title", "slug", "url", "permalink", "guid", "id", "lang", "date"} {
		check(len(fm.scalar(key)), maxTitle, "bytes of "+key, "shorten it", key)
	}
	tags := append(byComma(fm.scalar("tags")), byComma(fm.scalar("categories"))...)
	for _, key := range []string{"tags", "categories", "keywords"} {
		check(valuesIn(fm.values[key]), maxTags, key, "leave some away", key)
		tags = append(tags, fm.list(key, byComma)...)
	}
	if taxonomies := fm.table("taxonomies"); taxonomies != nil {
		check(valuesIn(taxonomies["tags"])+valuesIn(taxonomies["categories"]), maxTags, "tags", "leave some away", "tags")
	}
	check(len(tags), 4*maxTags, "tags and categories", "leave some away", "tags", "categories")
	for _, tag := range tags {
		check(len(tag), maxTag, "bytes of one tag", "shorten it", "tags", "categories")
	}
	for _, key := range []string{"author", "authors"} {
		check(valuesIn(fm.values[key]), maxAuthors, key, "leave some away", key)
	}
	for _, key := range []string{"summary", "excerpt", "description"} {
		check(len(fm.scalar(key)), maxSummary, "bytes of "+key, "put the text into the post", key)
	}
	if intro, ok := fm.table("newsletter")["intro"].(string); ok {
		check(len(intro), maxSummary, "bytes of newsletter.intro", "put the text into the post", "intro", "newsletter")
	}
}

// valuesIn counts what a key holds, be it a list or a text that a sign divides.
func valuesIn(v any) int {
	switch v := v.(type) {
	case string:
		return 1 + max(strings.Count(v, ","), strings.Count(v, ";"))
	case []any:
		return len(v)
	}
	return 0
}
