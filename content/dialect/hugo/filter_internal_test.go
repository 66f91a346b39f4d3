package hugo

import "testing"

// FuzzMounts throws texts at the reader of a mount's files.
func FuzzMounts(f *testing.F) {
	for _, seed := range []string{"**/{a,b}/*.md", "! **/x", "{{,}}}[", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) { newMountRule("files", text) })
}
