package sanitize

import (
	"net/url"
	"strings"
	"testing"

	"publisher/internal/uri"
	"publisher/internal/xmltext"
)

// fromBase follows links as a browser does, from the address of a page.
type fromBase struct{ *url.URL }

func (b fromBase) Follow(dest string) Target {
	u, err := uri.Parse(strings.TrimSpace(xmltext.Clean(dest)))
	if err != nil {
		return Target{}
	}
	return Target{URL: b.ResolveReference(u).String()}
}

func (fromBase) FileOf(Target) (string, []string) { return "", nil }

// FuzzSrcset checks that a srcset that is written reads like the one that was parsed.
func FuzzSrcset(f *testing.F) {
	for _, seed := range []string{
		"https://bücher.example:80\\a[1]|?b[]=%zz#c#d", "//☃.example", "a b,c 1x, d 200w 30h,, e (x,y) 2x , data:image/png;base64,AA== 3x", "mailto:a b@c.example", "\\\\h\\p", "http://[::1]:8/[", "a:b", ",,a,, 1x", "x%", "http://a..b/", "javascript:alert(1)", "\\\\a,#",
	} {
		f.Add(seed)
	}
	base, err := url.Parse("https://example.com/blog/2024/a-post/")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &Cleaner{Links: fromBase{base}}
		out := c.srcset(text)
		if again := c.srcset(out); again != out {
			t.Errorf("%q gives %q, and that gives %q", text, out, again)
		}
		if n := len(parseSrcset(out)); out != "" && n > len(parseSrcset(text)) {
			t.Errorf("%q gives %d candidates in %q", text, n, out)
		}
	})
}
