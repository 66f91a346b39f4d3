package jekyll

import (
	"testing"

	"publisher/content/dialect"
	"publisher/content/liquid"
)

// FuzzRubyYAML checks that front matter has typed values of bounded size.
func FuzzRubyYAML(f *testing.F) {
	for _, seed := range []string{"a: off\nb: [1, 2.50, '3', 1_000, ~]\nc: {d: 2024-05-06 07:08:09 +0200}\n", "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", "a: &a [*a]\n", "- 1\n", "a: !!str 1\n", "? {a: b}\n: c\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for key, v := range rubyYAML(text, 1000) {
			if len(liquid.Text(v)) > liquid.MaxValueSize+len(text)+100 {
				t.Errorf("%q is %d bytes", key, len(liquid.Text(v)))
			}
			liquid.Expand(&dialect.Expansion{Quiet: true}, liquid.Options{}, "{{ v | inspect }}{{ v | jsonify }}", map[string]any{"v": v})
		}
	})
}
