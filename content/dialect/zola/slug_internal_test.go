package zola

import "testing"

// The addresses are those that Zola 0.22 gave posts of these names.
func TestZolaSlugs(t *testing.T) {
	slugs := newSlugger()
	for name, want := range map[string]string{
		"x🐘🦀y": "xelephant-crab-y", "x👍🏽y": "x-1-y", "x👨‍👩‍👧y": "xman-woman-girl-y", "x❤️y": "xhearty", "x✅y": "xwhite-check-mark-y",
		"x★y": "x-y", "x™y": "xtmy", "x½y": "x1-2y", "xちy": "xtiy", "x术y": "xshu-y", "Ünïcode & ßtraße": "unicode-sstrasse",
		"x🟡y": "xyellow-circle-y", "日本語": "ri-ben-yu", "---": "",
	} {
		if got := slugs.of(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
