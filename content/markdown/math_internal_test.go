package markdown

import (
	"strings"
	"testing"
)

// TestHostileFormulas checks that what may begin a formula, or hide one, takes linear
// time: quadratic time would be minutes for these texts.
func TestHostileFormulas(t *testing.T) {
	for _, piece := range []string{`\( `, `\[ `, "$a $$", "$$ ", "$", "`` ` ", "` $a", "```\n$", "{{ $", "{: .a}\n", `\\(`} {
		if out := escapeFormulas(strings.Repeat(piece, 1<<17/len(piece))); len(out) > 1<<20 {
			t.Errorf("%q grows to %d bytes", piece, len(out))
		}
	}
}
