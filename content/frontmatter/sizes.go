package frontmatter

import (
	"fmt"
	"strings"

	"publisher/content/limits"
)

// Limits of front matter.
const (
	MaxSize      = 1 << 20 // bytes of front matter
	maxNodes     = 10_000  // values, with aliases expanded
	maxKeys      = 2_000   // of TOML, with tables
	maxKey       = 1_000   // bytes of one key of TOML
	maxTitle     = 2_000   // bytes: mail programs show some 100 characters
	maxTags      = 500     // and of categories; each has a feed if feeds.tags is set
	maxTag       = 500     // bytes
	maxAuthors   = 100
	maxSummary   = 256 << 10 // bytes of an excerpt or introduction in front matter
	maxErrorText = 64 << 10  // bytes of YAML in which the line of an error is looked for
)

// CheckSizes returns a *limits.Error for values that are larger than any author's. With
// cut, it shortens them, so that the post can be reported.
func (fm *Block) CheckSizes(cut bool) error {
	c := sizeCheck{front: fm, cut: cut}
	for _, key := range []string{"title", "slug", "url", "permalink", "guid", "id", "lang", "date", "author"} {
		c.text(key, maxTitle, "shorten it")
	}
	for _, key := range []string{"summary", "excerpt", "description"} {
		c.text(key, maxSummary, "move the text into the post")
	}
	for _, key := range []string{"tags", "categories", "keywords", "category"} {
		c.list(fm.Values, key, maxTags)
		if taxonomies := fm.Table("taxonomies"); taxonomies != nil {
			c.list(taxonomies, key, maxTags)
		}
	}
	c.list(fm.Values, "authors", maxAuthors)
	if table := fm.Table("newsletter"); table != nil {
		if intro, ok := table["intro"].(string); ok && len(intro) > maxSummary {
			c.exceeds("newsletter", maxSummary, "bytes of newsletter.intro", "move the text into the post")
			table["intro"] = ""
		}
	}
	return c.err
}

// sizeCheck checks the sizes of front matter.
type sizeCheck struct {
	front *Block
	cut   bool
	err   error
}

func (c *sizeCheck) exceeds(key string, most int, what, advice string) {
	if c.err == nil {
		c.err = &limits.Error{Limit: fmt.Sprintf("%d %s", most, what), Message: advice, Line: c.front.LineOf(key)}
	}
}

func (c *sizeCheck) text(key string, most int, advice string) {
	if s, ok := c.front.Values[key].(string); ok && len(s) > most {
		c.exceeds(key, most, "bytes of "+key, advice)
		if c.cut {
			c.front.Values[key] = strings.ToValidUTF8(s[:most], "")
		}
	}
}

// list checks a list, or a text divided by commas or semicolons.
func (c *sizeCheck) list(values map[string]any, key string, most int) {
	switch v := values[key].(type) {
	case string:
		if n := 1 + max(strings.Count(v, ","), strings.Count(v, ";")); n <= most && len(v) <= most*maxTag {
			if longest(strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' })) <= maxTag {
				return
			}
			c.exceeds(key, maxTag, "bytes of one value of "+key, "shorten it")
		}
		c.exceeds(key, most, key, "remove some")
		if c.cut {
			values[key] = nil
		}
	case []any:
		if len(v) > most {
			c.exceeds(key, most, key, "remove some")
			if c.cut {
				values[key] = nil // no feeds for its tags
				return
			}
		}
		for i, item := range v {
			if s, ok := item.(string); ok && len(s) > maxTag {
				c.exceeds(key, maxTag, "bytes of one value of "+key, "shorten it")
				if c.cut {
					v[i] = strings.ToValidUTF8(s[:maxTag], "")
				}
			}
		}
	}
}

func longest(list []string) int {
	n := 0
	for _, s := range list {
		n = max(n, len(s))
	}
	return n
}

// checkTOML returns an error for what would take the TOML parser too long: it compares each
// key with those of the same table, and each part of a dotted key with those before.
func checkTOML(text string) *limits.Error {
	keys, depth, at := 0, 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		key, _, assigned := strings.Cut(line, "=")
		if assigned || strings.HasPrefix(strings.TrimLeft(line, " \t"), "[") {
			keys += max(1, strings.Count(line, "="))
		}
		depth += strings.Count(line, "[") + strings.Count(line, "{") - strings.Count(line, "]") - strings.Count(line, "}")
		opened := strings.Count(line, "[") + strings.Count(line, "{")
		switch {
		case keys > maxKeys:
			return &limits.Error{Limit: fmt.Sprintf("%d keys of TOML", maxKeys), Message: "remove some", Line: at}
		case len(key) > maxKey && (assigned || strings.Count(line, ".") > maxKey/10):
			return &limits.Error{Limit: fmt.Sprintf("%d bytes of a key of TOML", maxKey), Message: "shorten it", Line: at}
		case depth > maxKeys || opened > 10*maxKeys:
			return &limits.Error{Limit: fmt.Sprintf("%d lists and tables in one another", maxKeys), Message: "close them", Line: at}
		}
		at++
	}
	return nil
}
