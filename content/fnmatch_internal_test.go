package content

import "testing"

// FuzzGlobs throws texts at the readers of globs: no panic, no work without end.
func FuzzGlobs(f *testing.F) {
	for _, seed := range []string{"**/{a,b}/*.md", "[!]]x", "\\*?é[é]", "! **/x", "{{,}}}["} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, p := range []pattern{fnmatch(text), globset(text), hugoGlob(text)} {
			p.re.MatchString("posts/a.md")
		}
	})
}
