package literal_test

import (
	"strings"
	"testing"

	"publisher/content/literal"
)

// FuzzPython checks that reading assignments ends, does not panic, and returns lines that exist.
func FuzzPython(f *testing.F) {
	f.Add("IGNORE_FILES = ['.#*', '[!a]*']\nIGNORE_FILES += [x]\nA['b'] = 1\nif x:\n  ARTICLE_EXCLUDES = ('a' +\n 'b')\n")
	f.Add("((((((((((!!!!!!`${`")
	f.Fuzz(func(t *testing.T, text string) {
		_, unknown := literal.ParsePython(text, nil)
		for key, u := range unknown {
			if u.Line < 1 || u.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%s in line %d", key, u.Line)
			}
		}
	})
}
