package markdown

import (
	"testing"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/styles"
)

func TestCodeStyle(t *testing.T) {
	ours, theirs := codeStyle(), styles.Get("github")
	for _, kind := range chroma.TokenTypeValues() {
		if got, want := ours.Get(kind), theirs.Get(kind); got != want {
			t.Errorf("%v is %q, in chroma's style %q", kind, got, want)
		}
	}
}
