package frontmatter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzFastYAML compares fastYAML with the YAML library.
func FuzzFastYAML(f *testing.F) {
	for _, seed := range []string{
		"title: A post\ndate: 2024-01-01T10:00:00+01:00\ntags: [a, \"b c\", 'd']\n", "title: \"x: y #z\"\nlist:\n  - a\n  - b c\nempty:\n", "a: b\n c\n",
		"a: b\n- c\n", "a:\n- b\n\n- c\nd: é\n", "a: b:c\nb: 10:00\nc: x,y\nA: z\n", "a: [,]\n", "a: [a b, 'c,d']\n", "# x\n\na: null\n", "a: \"\"\nb: ''\n", "a: -\n", "a: b \n", "a: | x\n", "a-b: ~\n", "a: don't\n", "a:\n  b: c\n", "a: \u2028\n", "a:\n- b: c\n", "a: yes\nb: 0x1F\n", "a:\n  - b\n- c\n", "a: [b: c]\n", "a: b\n---\n", "a: b\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fast, ok := fastYAML(text)
		if !ok {
			return
		}
		want, err := ParseYAML(text)
		if err != nil {
			t.Fatalf("%q: the library rejects it: %v", text, err)
		}
		if d := cmp.Diff(want, fast); d != "" {
			t.Errorf("%q (-library +plain):\n%s", text, d)
		}
	})
}
