package glob_test

import (
	"testing"

	"publisher/content/glob"
)

// FuzzGlobs feeds arbitrary text to the readers of globs, which must neither panic nor run on without end.
func FuzzGlobs(f *testing.F) {
	for _, seed := range []string{"**/{a,b}/*.md", "[!]]x", "\\*?é[é]", "! **/x", "{{,}}}["} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, p := range []glob.Pattern{glob.Fnmatch(text), glob.Zola(text), glob.Hugo(text)} {
			p.Re.MatchString("posts/a.md")
		}
	})
}
