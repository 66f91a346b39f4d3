package content_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hugoAddresses are small sites with the addresses, and where they matter the tags,
// that Hugo 0.164 gives their pages.
var hugoAddresses = map[string]struct {
	files map[string]string
	want  []string
}{
	"signs in a permalink pattern": {map[string]string{
		"hugo.toml":              "[permalinks]\nposts='/p/:title/'\n",
		"content/posts/a.md":     postWith("title: Buzz + Posterous"),
		"content/posts/b.md":     postWith("title: Org+LaTeX x"),
		"content/posts/c.md":     postWith("title: 'C# & C++'"),
		"content/posts/d.md":     postWith("title: 100%25 sure"),
		"content/posts/e+f.md":   postWith("title: '--lead-- trail--'"),
		"content/other/C++ x.md": postWith("title: A"),
	}, []string{"/other/c++-x/", "/p/--lead--trail--/", "/p/100-sure/", "/p/buzz--posterous/", "/p/c%23-c/", "/p/org-latex-x/"}},
	"a space at the end of a part": {map[string]string{
		"hugo.toml":          "disablePathToLower=true\n[permalinks]\nposts='/p/:title/:contentbasename/'\n",
		"content/posts/B.md": postWith("title: 'C# & C++'"),
	}, []string{"/p/C%23-C-/B/"}},
	"slugs": {map[string]string{
		"hugo.toml":          "",
		"content/posts/a.md": postWith("title: A\nslug: '--lead-- trail--'"),
		"content/posts/b.md": postWith("title: A\nslug: 100%25 sure"),
		"content/posts/c.md": postWith("title: A\nurl: /100%25/x/"),
	}, []string{"/100%25/x/", "/posts/100%25-sure/", "/posts/lead--trail/"}},
	"formats in names": {map[string]string{
		"hugo.toml":                        "defaultContentLanguage='en'\n[languages.en]\n[languages.fr]\n",
		"content/posts/c.en.html.md":       postWith("title: A"),
		"content/posts/d.fr.html.md":       postWith("title: A"),
		"content/posts/y/index.fr.html.md": postWith("title: A"),
		"content/posts/z.html.md":          postWith("title: A"),
	}, []string{"/fr/posts/d/", "/fr/posts/y/", "/posts/c/", "/posts/z.html/"}},
	"folders mounted for languages": {map[string]string{
		"hugo.toml":             "defaultContentLanguage='en'\n[languages.en]\n[languages.fr]\n[[module.mounts]]\nsource='content/en'\ntarget='content'\n[[module.mounts]]\nsource='content/fr'\ntarget='content'\n[module.mounts.sites.matrix]\nlanguages=['fr']\n",
		"content/en/posts/a.md": postWith("title: A"),
		"content/fr/posts/a.md": postWith("title: A"),
	}, []string{"/fr/posts/a/", "/posts/a/"}},
	"config in folders": {map[string]string{
		"config/_default/hugo.toml":                  "defaultContentLanguage='en'\n",
		"config/_default/languages/languages.toml":   "[en]\n[fr]\n",
		"config/_default/permalinks/permalinks.toml": "posts='/sub/:slug/'\n",
		"config/_default/languages.fr.toml":          "[permalinks]\nposts='/f/:slug/'\n",
		"content/posts/a.md":                         postWith("title: A"),
		"content/posts/a.fr.md":                      postWith("title: B"),
	}, []string{"/fr/f/b/", "/sub/a/"}},
	"a text is one term": {map[string]string{
		"hugo.toml":          "",
		"content/posts/a.md": postWith("title: A\ntags: one, two\ncategories: three, four"),
		"content/posts/b.md": postWith("title: A\ntags: [one, two]"),
	}, []string{"/posts/a/ three, four; one, two", "/posts/b/ one; two"}},
	"rendered as a link": {map[string]string{
		"hugo.toml":          "",
		"content/posts/a.md": postWith("title: A\nbuild: {render: link}"),
	}, []string{"/posts/a/"}},
}

func postWith(front string) string { return "---\n" + front + "\ndate: 2024-01-02\n---\nText." }

func TestHugoAddresses(t *testing.T) {
	for name, test := range hugoAddresses {
		t.Run(name, func(t *testing.T) {
			if text, ok := test.files["hugo.toml"]; ok {
				test.files["hugo.toml"] = "baseURL='https://example.com/'\n" + text
			}
			b := newBlog(t, test.files)
			b.cfg.Content.Dir = "blog/content"
			_, scan := b.scan()
			var got []string
			for _, p := range scan.Posts {
				got = append(got, strings.TrimSpace(strings.TrimPrefix(p.URL, "https://example.com")+" "+strings.Join(p.Tags, "; ")))
			}
			slices.Sort(got)
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s%v", d, scan.Problems)
			}
		})
	}
}
