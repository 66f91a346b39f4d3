package content

import (
	"net/url"
	"strings"
	"testing"
)

// plainLinks gives no link a meaning of its own.
type plainLinks struct{ engine }

func (plainLinks) resolve(*linker, string) (target, bool) { return target{}, false }

// FuzzAddress throws attributes at what makes addresses of them: each is a URI.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"https://bücher.example:80\\a[1]|?b[]=%zz#c#d", "//☃.example", "a b,c 1x, d 200w 30h,, e (x,y) 2x , data:image/png;base64,AA== 3x", "mailto:a b@c.example", "\\\\h\\p", "http://[::1]:8/[", "a:b", ",,a,, 1x", "x%", "http://a..b/", "javascript:alert(1)",
	} {
		f.Add(seed)
	}
	home, _ := url.Parse("https://example.com/blog")
	s := &site{url: home, dir: f.TempDir()}
	f.Fuzz(func(t *testing.T, text string) {
		a := &article{source: &source{path: "a.md"}, site: s, engine: plainLinks{}, post: &Post{URL: "https://example.com/blog/2024/a-post/"}}
		l := &linker{article: a, tree: &blog{site: s}}
		if to := l.follow(text); to.url != "" {
			if u, err := url.Parse(to.url); err != nil || !u.IsAbs() {
				t.Errorf("%q gives %q: %v", text, to.url, err)
			}
			if strings.ContainsAny(to.url, " \"<>\\^`{|}\n") {
				t.Errorf("%q gives %q, which is no URI", text, to.url)
			}
			if again := l.follow(to.url); again.url != to.url {
				t.Errorf("%q gives %q, and that gives %q", text, to.url, again.url)
			}
		}
	})
}
