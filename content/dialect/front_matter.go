package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/internal/xmltext"
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

// Inherit sets the values that the front matter does not have.
func (p *Page) Inherit(values map[string]any) {
	for key, v := range values {
		if _, own := p.Front.Values[key]; own {
			continue
		}
		p.Set(key, v)
	}
}

// Set replaces a value of the front matter.
func (p *Page) Set(key string, v any) {
	if p.Front.Values == nil {
		p.Front.Values = map[string]any{}
	}
	p.Front.Values[key] = v
}

// InheritCommon sets what the front matter does not have of the keys that posts put into an
// engine's table of free keys.
func (p *Page) InheritCommon(values map[string]any) {
	for _, key := range [...]string{"author", "authors", "image", "images", "cover", "thumbnail", "newsletter", "canonical", "guid"} {
		if v, ok := values[key]; ok {
			p.Inherit(map[string]any{key: v})
		}
	}
}

// InheritDeep is Inherit that also merges tables.
func (p *Page) InheritDeep(values map[string]any) {
	for key, v := range values {
		own, set := p.Front.Values[key]
		table, isTable := own.(map[string]any)
		more, isMore := v.(map[string]any)
		switch {
		case !set:
			p.Set(key, v)
		case isTable && isMore:
			merged := maps.Clone(more)
			maps.Copy(merged, table)
			p.Set(key, merged)
		}
	}
}

// warnOfControls warns of control characters in fields that are shown everywhere. They can only
// come from escapes of YAML, TOML or JSON, and are left out.
func (p *Page) warnOfControls() {
	fm := &p.Front
	for _, key := range []string{"title", "tags", "categories", "author", "authors", "slug"} {
		texts := fm.Strings(key, frontmatter.NoSplit)
		if text, ok := fm.Values[key].(string); ok {
			texts = []string{text}
		}
		if slices.ContainsFunc(texts, func(text string) bool { return xmltext.Index(text) >= 0 }) {
			p.Warn(fm.LineOf(key), fmt.Sprintf("%s has control characters, which were left out; delete them", key))
		}
	}
}

// HeadingTitle returns the text of the heading that a body begins with, else of its first of
// level 1.
func HeadingTitle(body string) string {
	if title := firstHeading(body); title != "" || !strings.Contains(body, "# ") {
		return title
	}
	title := ""
	mdsource.OutsideCode(body, func(prose string) string {
		for line := range strings.SplitSeq(prose, "\n") {
			if text, ok := strings.CutPrefix(line, "# "); ok && title == "" {
				title = markdown.PlainText(strings.TrimRight(strings.TrimSpace(text), "# "))
			}
		}
		return prose
	})
	return title
}

// firstHeading returns the text of the heading that a body begins with, or "".
func firstHeading(body string) string {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if text, ok := strings.CutPrefix(lines[0], "# "); ok {
		return markdown.PlainText(strings.TrimRight(strings.TrimSpace(text), "# "))
	}
	if len(lines) > 1 && lines[1] != "" && strings.Trim(lines[1], "=") == "" {
		return markdown.PlainText(lines[0])
	}
	return ""
}
