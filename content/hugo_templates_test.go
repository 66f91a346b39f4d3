package content_test

import (
	"strings"
	"testing"
)

// TestHugoTemplates shows what becomes of the blog's own shortcodes.
func TestHugoTemplates(t *testing.T) {
	runMacros(t, []macroCase{
		{"with arguments", `{{< card title="A *b* & <c>" wide=true >}}`, "<div>\n<strong>A *b* &amp; &lt;c&gt;</strong>\nwide\n</div>", ""},
		{"with arguments by position", `{{< places one 2 >}}`, "<p><i>one-3-2</i></p>", ""},
		{"with its default", `{{< card >}}`, "<div>\n<strong>NOTE</strong>\n\n</div>", ""},
		{"with a body", "{{< box kind=tip >}}\nSome *text*.\n\nMore.\n{{< /box >}}\nAfter *it*.", "<aside><p>Some <em>text</em>.</p>\n<p>More.</p></aside>\n<p>After <em>it</em>.</p>", ""},
		{"with a body as written", "{{< raw >}}<b>*x*</b>{{< /raw >}} and {{< raw >}}*y*{{< /raw >}}", "<p><b>*x*</b> and *y*</p>", ""},
		{"that makes Markdown", "{{% heading \"One\" %}}", "<h2 id=\"one\">One</h2>\n<p>It is <em>One</em> 0.</p>", ""},
		{"within another", "{{< box kind=\"a\" >}}{{< box >}}*x*{{< /box >}}{{< card title=\"In\" >}}{{< /box >}}", "<aside><aside><em>x</em></aside><div>\n<strong>In</strong>\n</div></aside>", ""},
		{"and its parent", "{{< raw >}}{{< child >}}{{< /raw >}}", "<p><b>raw</b></p>", ""},
		{"in a link", `[a]({{< here "b.png" >}})`, `<p><a href="https://example.com/b.png">a</a></p>`, ""},
		{"in a list", "1. One\n\n   {{% twice x %}}\n\n2. Two", "<ol>\n<li>\n<p>One</p>\n<p>x</p>\n<p>x</p>\n</li>\n<li>\n<p>Two</p>\n</li>\n</ol>", ""},
		{"of the page and site", `{{< about >}}`, "<p><a href=\"https://example.com/posts/a/\">A of Blog, 2024, blue, deep, posts</a></p>", ""},
		{"with loops", `{{< loop "a,b" >}}`, "<ul><li>0 a</li><li>1 b</li></ul>", ""},
		{"with a player in it", `{{< film w7Ft2ymGmfc >}}`, `<p><a href="https://www.youtube.com/watch?v=w7Ft2ymGmfc"><img src="https://i.ytimg.com/vi/w7Ft2ymGmfc/hqdefault.jpg" alt="▶ YouTube" width="480" height="360"/></a></p>`, ""},
		{"with a script for what is known here", `{{< gist ada 1234 >}}`, `<p><a href="https://gist.github.com/ada/1234">▶ gist.github.com/ada/1234</a></p>`, ""},
		{"with what is not safe", `{{< raw >}}<script>x()</script><a href="javascript:x()" onclick="x()">z</a>{{< /raw >}}`, "<p>z</p>", ""},
		{"in a folder", `{{< deep/er >}}`, "<p><i>deeper</i></p>", ""},
		{"of the theme", `{{< themed >}}`, "<p><i>from the theme</i></p>", ""},
		{"of the blog before the theme's", `{{< both >}}`, "<p><i>from the blog</i></p>", ""},
		{"in the place of Hugo's", `{{< details >}}x{{< /details >}}`, "<p><i>own x</i></p>", ""},
		{"that asks for files", "{{< figure src=\"/a.png\" >}} {{% reads %}}Inner *text*.{{% /reads %}}", "<figure><img src=\"https://example.com/a.png\" alt=\"\"/></figure><p> Inner <em>text</em>.</p>", "7: reads"},
		{"with a branch that is not taken", `{{< branch >}}`, "<p><i>taken</i></p>", ""},
		{"that does not parse", "{{< broken >}}Text.{{< /broken >}}", "<p>Text.</p>", "7: broken"},
		{"that nests itself", "a {{< nesting >}}Text.{{< /nesting >}}", "<p>a Text.</p>", "7: nesting"},
	}, "blog/content", "posts/a.md", Templates, "---\ntitle: A\ndate: 2024-01-01\nmyColor: blue\nMap: {Deep: deep}\n---\n")
}

var Templates = map[string]string{
	"hugo.toml":                                   "baseURL='https://example.com/'\ntitle='Blog'\ntheme=['plain']\n",
	"layouts/shortcodes/card.html":                "<div>\n<strong>{{ .Get \"title\" | default (\"note\" | upper) }}</strong>\n{{ if eq (.Get \"wide\") true }}wide{{ end }}\n</div>\n",
	"layouts/shortcodes/places.html":              "<i>{{ .Get 0 }}-{{ add (.Get 1) 1 }}-{{ len .Params }}</i>",
	"layouts/_shortcodes/box.html":                "<aside{{ with .Get \"kind\" }} class=\"{{ . }}\"{{ end }}>{{ .Inner | markdownify }}</aside>",
	"layouts/shortcodes/raw.html":                 "{{ .Inner }}",
	"layouts/shortcodes/heading.md":               "## {{ .Get 0 }}\n\nIt is *{{ .Get 0 }}* {{ .Ordinal }}.",
	"layouts/shortcodes/child.html":               "<b>{{ with .Parent }}{{ .Name }}{{ end }}</b>",
	"layouts/shortcodes/here.html":                "{{ .Get 0 | absURL }}",
	"layouts/shortcodes/twice.html":               "{{ .Get 0 }}\n\n{{ .Get 0 }}",
	"layouts/shortcodes/about.html":               "<a href=\"{{ .Page.RelPermalink }}\">{{ .Page.Title }} of {{ site.Title }}, {{ .Page.Date.Format \"2006\" }}, {{ .Page.Params.myColor }}, {{ $.Page.Params.Map.Deep }}, {{ .Page.Section }}</a>",
	"layouts/shortcodes/loop.html":                "{{/* A list. */}}<ul>{{ range $i, $e := split (.Get 0) \",\" }}<li>{{ $i }} {{ strings.TrimSpace $e }}</li>{{ end }}</ul>",
	"layouts/shortcodes/film.html":                "<iframe src=\"https://www.youtube.com/embed/{{ index .Params 0 }}\"></iframe>",
	"layouts/shortcodes/gist.html":                "<script src=\"https://gist.github.com/{{ .Get 0 }}/{{ .Get 1 }}.js\"></script>",
	"layouts/shortcodes/deep/er.html":             "<i>deeper</i>",
	"layouts/shortcodes/details.html":             "<i>own {{ .Inner }}</i>",
	"layouts/shortcodes/figure.html":              "{{ with resources.GetRemote (.Get \"src\") }}{{ end }}",
	"layouts/shortcodes/reads.html":               "{{ readFile \"hugo.toml\" }}{{ .Inner }}",
	"layouts/shortcodes/branch.html":              "{{ if .Get \"remote\" }}{{ resources.GetRemote (.Get \"remote\") }}{{ end }}<i>taken</i>",
	"layouts/shortcodes/broken.html":              "{{ if }}{{ .Inner }}",
	"layouts/shortcodes/nesting.html":             "{{ $x := slice 1 }}{{ range seq 99 }}{{ $x = slice $x $x }}{{ end }}{{ $x }}{{ .Inner }}",
	"layouts/shortcodes/both.html":                "<i>from the blog</i>",
	"themes/plain/layouts/shortcodes/themed.html": "<i>from the theme</i>",
	"themes/plain/layouts/shortcodes/both.html":   "<i>from the theme</i>",
	"themes/plain/layouts/shortcodes/both.md":     "from the theme",
}

// TestHugoTemplateChanges shows that an edited template counts as a change of the
// blog.
func TestHugoTemplateChanges(t *testing.T) {
	b := newBlog(t, Templates)
	b.cfg.Content.Dir = "blog/content"
	b.write("content/posts/a.md", "---\ntitle: A\ndate: 2024-01-01\n---\n{{< themed >}}\n")
	tree, first := b.scan()
	if !scanTree(t, tree, reload(t, first.Snapshot)).Same {
		t.Error("an unchanged blog counts as changed")
	}
	b.write("themes/plain/layouts/shortcodes/themed.html", "<i>edited</i>")
	tree = b.open()
	again := scanTree(t, tree, reload(t, first.Snapshot))
	if again.Same {
		t.Error("an edited template does not count as a change")
	}
	if r := render(t, tree, again.Posts[0]); !strings.Contains(r.HTML, "edited") {
		t.Errorf("HTML %s", r.HTML)
	}
}
