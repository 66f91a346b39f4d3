package frontmatter_test

import (
	"strings"
	"testing"

	"publisher/content/frontmatter"
	"publisher/internal/xmltext"
)

// FuzzFrontMatter checks that the body that Split returns is the end of the file, and
// that errors name a line that exists.
func FuzzFrontMatter(f *testing.F) {
	for _, seed := range []string{
		"---\ntitle: a\n---\nb", "+++\ntitle = 'a'\n[extra]\nx = 1\n+++\nb", "{\"title\": \"a\", \"x\": [1, null]}\nb", "Title: a\nDate: b\n    c\n\nd", "---\na: &a [*a]\n---\n", "---\n- a\n...\n",
		"---js\n{title: 'a', tags: [\"b\"], c: {d: true}}\n---\nb", "---js\nconst title = 'a'\n---\n", "---json\n{\"a\": 1}\n---\n", "export default {\n permalink: (data) => `/${slugify(data.a)}/`,\n tags: ['a']\n}",
		"\n\n---\na: |\n  b\n---\n", "+++\na = 1979-05-27T07:32:00Z\n+++", "{}", "{\"a\":{\"b\":1}} x", "---\n\"a\": 'b'\n? c\n: d\n---\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := xmltext.Clean(strings.ToValidUTF8(strings.ReplaceAll(text, "\r", ""), ""))
		fm, body, line, err := frontmatter.Split(clean)
		if fault, ok := err.(*frontmatter.SyntaxError); ok {
			if fault.Line < 1 || fault.Line > 1+strings.Count(clean, "\n") {
				t.Errorf("line %d: %v", fault.Line, err)
			}
			return
		}
		if !strings.HasSuffix(clean, body) || line < 1 || line > 2+strings.Count(clean, "\n") {
			t.Errorf("line %d, body %q", line, body)
		}
		for key := range fm.Values {
			_ = fm.Scalar(key)
			_ = fm.Strings(key, frontmatter.SplitCommas)
			if at := fm.LineOf(key); at < 1 || at > 1+strings.Count(clean, "\n") {
				t.Errorf("%q is in line %d", key, at)
			}
		}
	})
}
