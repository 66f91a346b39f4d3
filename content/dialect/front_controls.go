package dialect

import (
	"fmt"
	"publisher/content/frontmatter"
	"publisher/internal/xmltext"
	"slices"
)

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
