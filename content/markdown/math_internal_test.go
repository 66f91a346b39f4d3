package markdown

import (
	"strings"
	"testing"
)

// TestHostileFormulas shows that what may begin a formula, or hide one, takes no more than
// a look each: the square of these texts would take minutes.
func TestHostileFormulas(t *testing.T) {
	for _, piece := range []string{`\( `, `\[ `, "$a $$", "$$ ", "$", "`` ` ", "` $a", "```\n$", "{{ $", "{: .a}\n", `\\(`} {
		if out := escapeFormulas(strings.Repeat(piece, 1<<17/len(piece))); len(out) > 1<<20 {
			t.Errorf("%q grows to %d bytes", piece, len(out))
		}
	}
}
