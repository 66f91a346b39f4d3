package dialect

import (
	"fmt"
	"publisher/content/frontmatter"
	"publisher/internal/xmltext"
	"slices"
)

// warnOfControls tells of control characters in what is shown of a post everywhere: they
// can stand there only as escapes of YAML, TOML or JSON, and are left out.
func (a *Page) warnOfControls() {
	fm := &a.Front
	for _, key := range []string{"title", "tags", "categories", "author", "authors", "slug"} {
		texts := fm.Strings(key, frontmatter.NoSplit)
		if text, ok := fm.Values[key].(string); ok {
			texts = []string{text}
		}
		if slices.ContainsFunc(texts, func(text string) bool { return xmltext.Index(text) >= 0 }) {
			a.Warn(fm.LineOf(key), fmt.Sprintf("%s has control characters, which were left out; delete them", key))
		}
	}
}
