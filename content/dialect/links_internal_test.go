package dialect

import (
	"net/url"
	"strings"
	"testing"

	"publisher/content/post"
	"publisher/content/sanitize"
)

// plainLinks gives no link a meaning of its own.
type plainLinks struct{ Engine }

func (plainLinks) ResolveLink(*Linker, string) (sanitize.Target, bool) {
	return sanitize.Target{}, false
}

// FuzzAddress throws attributes at what makes addresses of them: each is a URI.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"https://bücher.example:80\\a[1]|?b[]=%zz#c#d", "//☃.example", "a b,c 1x, d 200w 30h,, e (x,y) 2x , data:image/png;base64,AA== 3x", "mailto:a b@c.example", "\\\\h\\p", "http://[::1]:8/[", "a:b", ",,a,, 1x", "x%", "http://a..b/", "javascript:alert(1)",
	} {
		f.Add(seed)
	}
	home, _ := url.Parse("https://example.com/blog")
	s := &Site{URL: home, Dir: f.TempDir()}
	f.Fuzz(func(t *testing.T, text string) {
		p := &Page{Source: &Source{Path: "a.md"}, Site: s, Engine: plainLinks{}, Post: &post.Post{URL: "https://example.com/blog/2024/a-post/"}}
		l := &Linker{Page: p, Blog: &Blog{Site: s}}
		if to := l.Follow(text); to.URL != "" {
			if u, err := url.Parse(to.URL); err != nil || !u.IsAbs() {
				t.Errorf("%q gives %q: %v", text, to.URL, err)
			}
			if strings.ContainsAny(to.URL, " \"<>\\^`{|}\n") {
				t.Errorf("%q gives %q, which is no URI", text, to.URL)
			}
			if again := l.Follow(to.URL); again.URL != to.URL {
				t.Errorf("%q gives %q, and that gives %q", text, to.URL, again.URL)
			}
		}
	})
}
