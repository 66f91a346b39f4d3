package zola

import (
	"strings"
	"testing"
)

// FuzzFront throws file beginnings at what splits them: the body is the end of the file.
func FuzzFront(f *testing.F) {
	for _, seed := range []string{"---\ntitle: a\n---\nb", "+++\ntitle = 'a'\n[extra]\nx = 1\n+++\nb", "+++\na = 1979-05-27T07:32:00Z\n+++", "\n\n---\na: |\n  b\n---\n", "{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		front, body, _, err := splitFrontMatter(text)
		if err == nil && !strings.HasSuffix(text, body) {
			t.Errorf("body %q", body)
		}
		mistyped(&front)
	})
}
