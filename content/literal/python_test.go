package literal

import (
	"strings"
	"testing"
)

// FuzzPython throws texts at the reader of assignments: no panic, no work without end,
// lines that exist.
func FuzzPython(f *testing.F) {
	f.Add("IGNORE_FILES = ['.#*', '[!a]*']\nIGNORE_FILES += [x]\nA['b'] = 1\nif x:\n  ARTICLE_EXCLUDES = ('a' +\n 'b')\n")
	f.Add("((((((((((!!!!!!`${`")
	f.Fuzz(func(t *testing.T, text string) {
		_, unknown := ReadPython(text, nil)
		for key, u := range unknown {
			if u.Line < 1 || u.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%s in line %d", key, u.Line)
			}
		}
	})
}
