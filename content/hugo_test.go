package content_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHugoDates shows which keys a page's dates are read from, as the settings
// say.
func TestHugoDates(t *testing.T) {
	b := newBlog(t, map[string]string{
		"hugo.toml":                       "[frontmatter]\ndate=['written', ':filename', ':default']\nlastmod=['edited', ':git', ':default']\nexpiryDate=['gone']\n",
		"content/posts/2023-01-02-one.md": "---\ntitle: One\nedited: 2024-05-06\nlastmod: 2024-01-01\ngone: 2090-01-01\n---\nText.",
		"content/posts/2023-01-02-two.md": "---\ntitle: Two\nwritten: 2022-02-02\ndate: 2021-01-01\nmodified: 2022-03-03\n---\nText.",
		"content/posts/three.md":          "---\ntitle: Three\ndate: 2021-01-01\n---\nText.",
	})
	b.cfg.Content.Dir = "blog/content"
	_, scan := b.scan()
	var got []string
	for _, p := range scan.Posts {
		got = append(got, strings.TrimPrefix(p.URL, "https://example.com")+" "+p.Date.Format(time.DateOnly)+" "+p.Updated.Format(time.DateOnly)+" "+p.Expires.Format(time.DateOnly))
	}
	want := []string{"/posts/one/ 2023-01-02 2024-05-06 2090-01-01", "/posts/2023-01-02-two/ 2022-02-02 2022-03-03 0001-01-01", "/posts/three/ 2021-01-01 2021-01-01 0001-01-01"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("dates (-want +got):\n%s%v", d, scan.Problems)
	}
}

// TestHugoRawHTML shows that HTML in Markdown is in excerpts and bodies where Hugo
// has it there, and that a warning tells where it is left out.
func TestHugoRawHTML(t *testing.T) {
	const body = "---\ntitle: A\ndate: 2024-01-02\n---\n<div class=\"note\">An aside.</div>\n\nIt *begins* <b>here</b>, \"so\".\n\n{{< figure src=\"a.png\" caption=\"Seen\" >}}\n\n<!--more-->\n\nRest.\n"
	tests := map[string]struct{ settings, want string }{
		"left out":           {"", "It begins here, “so”. Seen"},
		"kept":               {"[markup.goldmark.renderer]\nunsafe=true\n", "An aside. It begins here, “so”. Seen"},
		"with plain quotes":  {"[markup.goldmark.extensions]\ntypographer=false\n", "It begins here, \"so\". Seen"},
		"of another handler": {"[markup]\ndefaultMarkdownHandler='blackfriday'\n", "An aside. It begins here, “so”. Seen"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{"hugo.toml": "baseURL='https://example.com/'\n" + test.settings, "content/posts/a.md": body})
			b.cfg.Content.Dir = "blog/content"
			tree, scan := b.scan()
			r, problems, err := tree.Render(context.Background(), scan.Posts[0])
			if err != nil {
				t.Fatal(err)
			}
			if r.ExcerptText != test.want {
				t.Errorf("excerpt %q, want %q", r.ExcerptText, test.want)
			}
			shown := strings.HasPrefix(test.want, "An aside.")
			if strings.Contains(r.HTML, "An aside.") != shown || strings.Contains(r.HTML, "<b>here</b>") != shown || !strings.Contains(r.HTML, "<figure>") {
				t.Errorf("HTML shown: want %v, got %s", shown, r.HTML)
			}
			if told := len(problems) == 1 && strings.Contains(problems[0].Message, "renderer.unsafe"); told == shown {
				t.Errorf("problems %v", problems)
			}
		})
	}
}

// TestHugoOtherMarkup checks that pages in markup that is not read are reported, once, and
// such files in a bundle are not.
func TestHugoOtherMarkup(t *testing.T) {
	b := newBlog(t, map[string]string{
		"hugo.toml":            "baseURL='https://example.com/'\n",
		"content/posts/a.md":   good,
		"content/posts/b.org":  "#+title: B\n",
		"content/posts/c.adoc": "= C\n",
		"content/_index.org":   "#+title: Home\n",
	})
	b.cfg.Content.Dir = "blog/content"
	_, scan := b.scan()
	if len(scan.Posts) != 1 || len(scan.Problems) != 1 || scan.Problems[0].Path != "posts/b.org" || !strings.Contains(scan.Problems[0].Message, "2 such pages are left out") {
		t.Errorf("%d posts, problems %+v", len(scan.Posts), scan.Problems)
	}
}
