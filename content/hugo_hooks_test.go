package content_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var hugoHooks = map[string]string{
	"hugo.toml": "baseURL='https://example.com/'\n[markup.goldmark.renderer]\nunsafe=true\n[permalinks.page]\nnotes='/:year/:slug/'\n",
	"layouts/_default/_markup/render-link.html":  "{{- $u := urls.Parse .Destination -}}<a href=\"{{ .Destination | safeURL }}\"{{ with .Title }} title=\"{{ . }}\"{{ end }}>{{ .Text }}{{ if $u.IsAbs }} (out){{ end }}</a>",
	"layouts/_markup/render-heading.html":        "<h{{ .Level }} id=\"{{ .Anchor | safeURL }}\">{{ .Text | safeHTML }} <a class=\"anchor\" href=\"#{{ .Anchor | safeURL }}\">#</a></h{{ .Level }}>",
	"layouts/_markup/render-codeblock-note.html": "<div class=\"{{ .Attributes.class }}\">{{ .Inner | .Page.RenderString }} {{ .Ordinal }}</div>",
	"layouts/_markup/render-codeblock.html":      "<pre>{{ .Inner }} in {{ .Type }}</pre>",
	"layouts/_markup/render-image.html":          "{{ with resources.GetRemote .Destination }}{{ .Width }}{{ end }}<figcaption>",
	"layouts/posts/_markup/render-image.html":    "<figure><img src=\"{{ .Destination | safeURL }}\" alt=\"{{ .PlainText }}\">{{ with .Title }}<figcaption>{{ . | markdownify }}</figcaption>{{ end }}</figure>",
	"layouts/shortcodes/note.html":               "<aside><strong>{{ with .Get 0 }}{{ . }}{{ else }}Note{{ end }}</strong> {{ .Inner | .Page.RenderString }}</aside>",
	"content/notes/other.md":                     "---\ntitle: Other\ndate: 2024-02-03\n---\nText.",
	"content/notes/b/index.md":                   "---\ntitle: B\ndate: 2024-02-04\n---\nText.",
	"content/posts/two.md":                       "---\ntitle: Two\ndate: 2024-02-05\n---\nText.",
}

// TestHugoHooks shows that the blog's own render hooks make images, links, headings
// and code, and what becomes of those that ask for more than the page.
func TestHugoHooks(t *testing.T) {
	tests := map[string]struct{ file, body, want string }{
		"image":              {"posts/a.md", "![One *two*](pic.png \"The *cap*\")", `<figure><img src="https://example.com/posts/a/pic.png" alt="One two"/><figcaption>The <em>cap</em></figcaption></figure>`},
		"image in a line":    {"posts/a.md", "See ![i](pic.png).", `<p>See </p><figure><img src="https://example.com/posts/a/pic.png" alt="i"/></figure><p>.</p>`},
		"image of a file":    {"notes/a.md", "![x](pic.png \"The cap\")\n\n![y](pic.png)", `<figure><img src="https://example.com/2024/a/pic.png" alt="x"/><figcaption><p>The cap</p></figcaption></figure>` + "\n" + `<p><img src="https://example.com/2024/a/pic.png" alt="y"/></p>`},
		"link":               {"posts/a.md", "[o](https://o.example/x \"T\") and <https://auto.example/>", `<p><a href="https://o.example/x" title="T">o (out)</a> and <a href="https://auto.example/">https://auto.example/ (out)</a></p>`},
		"link around both":   {"posts/a.md", "## A [x](/y)", `<h2 id="a-xy">A <a href="https://example.com/y">x</a> </h2>`},
		"code of a language": {"posts/a.md", "```note {class=\"red\"}\nsome *text*\n```", `<div>some <em>text</em> 0</div>`},
		"code dressed up":    {"posts/a.md", "```\nx\n```", `<pre style="background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto"><code>x` + "\n</code></pre>"},
		"RenderString":       {"posts/a.md", "{{< note >}}It is *out*{{< /note >}}", `<aside><strong>Note</strong> It is <em>out</em></aside>`},
		"raw HTML":           {"posts/a.md", "<h2>Raw</h2>", `<h2>Raw</h2>`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(test.want, hookedBlog(t, test.file, test.body)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// hookedBlog renders one more post of that blog.
func hookedBlog(t *testing.T, file, body string) string {
	t.Helper()
	b := newBlog(t, hugoHooks)
	b.write("content/"+file, "---\ntitle: A\ndate: 2024-01-01\n---\n"+body)
	b.cfg.Content.Dir = "blog/content"
	tree, scan := b.scan()
	for _, p := range scan.Posts {
		if p.Path == file {
			return render(t, tree, p).HTML
		}
	}
	t.Fatalf("no post: %+v", scan.Problems)
	return ""
}

// TestHugoLinks shows that links lead to pages by their addresses, and else by their
// files and folders.
func TestHugoLinks(t *testing.T) {
	for link, want := range map[string]string{
		"../notes/other":         "/2024/other/", // a folder of files is not an address
		"../notes/other.md#part": "/2024/other/#part",
		"/notes/b":               "/2024/b/",
		"/notes/b/":              "/2024/b/",
		"/notes/b/index.md":      "/2024/b/",
		"../two":                 "/posts/two", // an address, as written
		"two":                    "/posts/two/",
		"two.md":                 "/posts/two/",
		"../../2024/b/":          "/2024/b/",
		"nowhere":                "/posts/a/nowhere",
		"#here":                  "/posts/a/#here",
	} {
		got := hookedBlog(t, "posts/a.md", "## here\n\n[x]("+link+")")
		_, got, _ = strings.Cut(got, "<p>")
		if got, _, _ = strings.Cut(strings.TrimPrefix(got, `<a href="https://example.com`), `"`); got != want {
			t.Errorf("%s leads to %s, want %s", link, got, want)
		}
	}
}

// TestHugoBundlesOfLanguages checks the address of a picture that the translations of a
// page share: it is in the folder of the default language, where that has the page.
func TestHugoBundlesOfLanguages(t *testing.T) {
	b := newBlog(t, map[string]string{
		"hugo.toml":                  "baseURL='https://example.com/'\ndefaultContentLanguage='en'\n[languages.fr]\nweight=1\n[languages.en]\nweight=3\n[languages.es]\nweight=2\n",
		"content/blog/a/index.en.md": "---\ntitle: A\ndate: 2024-01-01\n---\n![p](pic.png)",
		"content/blog/a/index.es.md": "---\ntitle: A\ndate: 2024-01-01\nslug: a-es\nimage: pic.png\n---\n![p](pic.png) ![q](own.es.png)",
		"content/blog/a/pic.png":     "x",
		"content/blog/a/own.es.png":  "x",
		"content/blog/b/index.es.md": "---\ntitle: B\ndate: 2024-01-01\n---\n![p](sub/pic.png)",
		"content/blog/b/index.fr.md": "---\ntitle: B\ndate: 2024-01-01\nslug: b-fr\n---\n![p](sub/pic.png)",
		"content/blog/b/sub/pic.png": "x",
		"content/blog/c.es.md":       "---\ntitle: C\ndate: 2024-01-01\n---\n![p](pic.png)",
	})
	b.cfg.Content.Dir = "blog/content"
	tree, scan := b.scan()
	got := map[string]string{}
	for _, p := range scan.Posts {
		got[p.Path] = render(t, tree, p).HTML
		if p.Image != "" {
			got[p.Path] += " " + p.Image
		}
	}
	picture := func(where string) string { return `<img src="https://example.com` + where + `" alt="p"/>` }
	want := map[string]string{
		"blog/a/index.en.md": "<p>" + picture("/blog/a/pic.png") + "</p>",
		"blog/a/index.es.md": "<p>" + picture("/blog/a/pic.png") + ` <img src="https://example.com/es/blog/a-es/own.es.png" alt="q"/></p> https://example.com/blog/a/pic.png`,
		"blog/b/index.es.md": "<p>" + picture("/es/blog/b/sub/pic.png") + "</p>",
		"blog/b/index.fr.md": "<p>" + picture("/fr/blog/b-fr/sub/pic.png") + "</p>",
		"blog/c.es.md":       "<p>" + picture("/es/blog/c/pic.png") + "</p>",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestShortcodeSpaces shows that white space around = is nothing, and what a shortcode
// with a picture becomes that is not known.
func TestShortcodeSpaces(t *testing.T) {
	runMacros(t, []macroCase{
		{"spaces", `{{< figure src = "/a.png" alt= "A" caption ="C" >}}`, `<figure><img src="https://example.com/a.png" alt="A"/><figcaption><p>C</p></figcaption></figure>`, ""},
		{"lines", "{{< figure\n  src\n  =\n  \"/a.png\"\n>}}", `<figure><img src="https://example.com/a.png" alt=""/></figure>`, ""},
		{"a picture", `{{< lightbox src="/a.png" alt="A" caption="The *c*" >}}`, `<figure><img src="https://example.com/a.png" alt="A"/><figcaption><p>The <em>c</em></p></figcaption></figure>`, ""},
		{"a film", `{{< player src="/a.mp4" caption="C" >}}`, ``, "5: player"},
		{"no picture", `{{< button src="/a" >}}`, ``, "5: button"},
	}, "blog/content", "posts/a.md", map[string]string{"hugo.toml": "baseURL='https://example.com/'\n"}, "---\ntitle: A\ndate: 2024-01-01\n---\n")
}
