package dialect

import "testing"

// FuzzGlobs throws texts at the readers of globs: no panic, no work without end.
func FuzzGlobs(f *testing.F) {
	for _, seed := range []string{"**/{a,b}/*.md", "[!]]x", "\\*?é[é]", "! **/x", "{{,}}}["} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, p := range []Glob{Fnmatch(text), Globset(text), HugoGlob(text)} {
			p.Re.MatchString("posts/a.md")
		}
	})
}
