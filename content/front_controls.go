package content

import (
	"fmt"
	"publisher/internal/xmltext"
	"slices"
)

// warnOfControls tells of control characters in what is shown of a post everywhere: they
// can stand there only as escapes of YAML, TOML or JSON, and are left out.
func (a *article) warnOfControls() {
	fm := &a.front
	for _, key := range []string{"title", "tags", "categories", "author", "authors", "slug"} {
		texts := fm.list(key, whole)
		if text, ok := fm.values[key].(string); ok {
			texts = []string{text}
		}
		if slices.ContainsFunc(texts, func(text string) bool { return xmltext.Index(text) >= 0 }) {
			a.warn(fm.lineOf(key), fmt.Sprintf("%s has control characters, which were left out; delete them", key))
		}
	}
}
