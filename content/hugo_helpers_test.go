package content_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var hugoHelpers = map[string]string{
	"hugo.toml":                                    "baseURL='https://example.com/'\ndefaultContentLanguage='en'\n[markup.goldmark.renderer]\nunsafe=true\n",
	"layouts/shortcodes/pic.html":                  "{{ with .Page.Resources.GetMatch (.Get 0) }}{{ $small := .Resize \"20x\" }}<img src=\"{{ .RelPermalink }}\"><i>{{ .Name }} {{ .MediaType.SubType }} {{ $small.Width }} {{ $small.Height }}</i>{{ else }}<i>none</i>{{ end }}",
	"layouts/shortcodes/all.html":                  "{{ range .Page.Resources.ByType \"image\" }}<i>{{ .Name }}</i>{{ end }}{{ with .Page.Resources.Get \"NOTE.txt\" }}{{ .Content }}{{ end }}",
	"layouts/shortcodes/asset.html":                "{{ with resources.Get \"d/line.svg\" }}<b>{{ .RelPermalink }}</b>{{ end }}{{ with resources.Get \"../hugo.toml\" }}out{{ end }}",
	"layouts/shortcodes/parts.html":                "{{ partial \"deep/one.html\" (dict \"a\" (.Get 0)) }} {{ partial \"twice\" 3 }}",
	"layouts/partials/deep/one.html":               "<b>{{ .a }}</b>",
	"layouts/_partials/twice.html":                 "{{ $n := mul . 2 }}{{ return $n }}",
	"layouts/shortcodes/circle.html":               "{{ partial \"circle\" . }}",
	"layouts/partials/circle.html":                 "{{ partial \"circle\" . }}",
	"layouts/shortcodes/words.html":                "<i>{{ i18n \"hello\" }} {{ T \"deep.key\" }}</i>",
	"i18n/en.toml":                                 "[hello]\nother='Hello there'\n[deep.key]\nother='Deep'\n",
	"layouts/shortcodes/store.html":                "<i>{{ $s := newScratch }}{{ $s.Set \"a\" \"x\" }}{{ $s.Add \"a\" \"y\" }}{{ $s.Get \"a\" }}{{ .Page.Store.Add \"n\" 1 }}{{ .Page.Store.Get \"n\" }}</i>",
	"layouts/shortcodes/file.html":                 "<i>{{ with .Page.File }}{{ .Path }} {{ .Dir }} {{ .LogicalName }} {{ .BaseFileName }} {{ .ContentBaseName }} {{ .Ext }}{{ end }}</i>",
	"layouts/shortcodes/version.html":              "v{{ .Get 0 }}",
	"layouts/_markup/render-blockquote.html":       "<section>{{ .Type }}: {{ .Text }}</section>",
	"layouts/_markup/render-blockquote-alert.html": "<aside><b>{{ with .AlertTitle }}{{ . }}{{ else }}{{ .AlertType | title }}{{ end }}</b>{{ .AlertSign }}{{ .Text }}</aside>",
	"content/posts/b.md":                           "---\ntitle: B\ndate: 2024-02-04\n---\nText.",
	"content/posts/a/note.txt":                     "a note",
}

// TestHugoHelpers shows what templates of shortcodes and hooks may use besides the page: files of its
// bundle, assets, partials, translations and stores. What they make is what Hugo makes of them.
func TestHugoHelpers(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"a picture, scaled":   {`{{< pic "DOT*" >}}`, `<p><img src="https://example.com/posts/a/dot.png" width="40" height="30" alt=""/><i>dot.png png 20 15</i></p>`},
		"no picture":          {`{{< pic "x.png" >}}`, `<p><i>none</i></p>`},
		"files":               {`{{< all >}}`, `<p><i>dot.png</i>a note` + "\n</p>"},
		"assets":              {`{{< asset >}}`, `<p><b>/d/line.svg</b></p>`},
		"partials":            {`{{< parts "q" >}}`, `<p><b>q</b> 6` + "\n</p>"},
		"partials in circles": {`a {{< circle >}}`, `<p>a</p>`},
		"translations":        {`{{< words >}}`, `<p><i>Hello there Deep</i></p>`},
		"stores":              {`{{< store >}} {{< store >}}`, `<p><i>xy1</i> <i>xy2</i></p>`},
		"the file":            {`{{< file >}}`, `<p><i>posts/a/index.md posts/a/ index.md index a md</i></p>`},
		"shortcodes in code":  {"`{{< version 1 >}}` `{{</* version 2 */>}}` `{{< other >}}`", `<p><code>v1</code> <code>{{&lt; version 2 &gt;}}</code> <code>{{&lt; other &gt;}}</code></p>`},
		"in blocks of code":   {"```sh\nget {{< version 1 >}}\n```", `<pre style="background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto"><code class="language-sh">get v1` + "\n</code></pre>"},
		"in an address":       {`[x](https://x.example/{{< version 1 >}}/y)`, `<p><a href="https://x.example/v1/y">x</a></p>`},
		"not as Markdown":     {`{{< version "*1*" >}}`, `<p>v*1*` + "\n</p>"},
		"a bare reference":    {`at {{< ref "b" >}} or {{< relref "b.md" >}}, [b]({{< relref "b" >}})`, `<p>at https://example.com/posts/b/ or /posts/b/, <a href="https://example.com/posts/b/">b</a></p>`},
		"quotations":          {"> plain", "<section>regular: <p>plain</p>\n</section>"},
		"alerts":              {"> [!NOTE]\n> Text *here*.", "<aside><b>Note</b><p>Text <em>here</em>.</p></aside>"},
		"alerts with a title": {"> [!tip]- Own *title*\n> x", "<aside><b>Own <em>title</em></b>-<p>x</p></aside>"},
		"alerts alone":        {"> [!tip]\n>\n> x", "<aside><b>Tip</b><p>x</p></aside>"},
	}
	var dot bytes.Buffer
	if err := png.Encode(&dot, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, hugoHelpers)
			b.write("assets/d/line.svg", "<svg/>")
			b.write("content/posts/a/dot.png", dot.String())
			b.write("content/posts/a/index.md", "---\ntitle: A\ndate: 2024-01-01\n---\n"+test.body)
			b.cfg.Content.Dir = "blog/content"
			tree, scan := b.scan()
			for _, p := range scan.Posts {
				if p.Path == "posts/a/index.md" {
					if d := cmp.Diff(test.want, render(t, tree, p).HTML); d != "" {
						t.Errorf("(-want +got):\n%s", d)
					}
					return
				}
			}
			t.Fatalf("no post: %v", scan.Problems)
		})
	}
}

// TestHugoAlerts shows that alerts are plain quotations where the blog has no hook for
// them, and marked where its templates cannot be known.
func TestHugoAlerts(t *testing.T) {
	for settings, want := range map[string]string{
		"":                 "<blockquote>\n<p>[!NOTE]\nText.</p>\n</blockquote>",
		"theme='absent'\n": "<blockquote>\n<p><strong>Note</strong></p>\n<p>Text.</p>\n</blockquote>",
		"[[module.imports]]\npath='example.org/theme'\n": "<blockquote>\n<p><strong>Note</strong></p>\n<p>Text.</p>\n</blockquote>",
	} {
		b := newBlog(t, map[string]string{"hugo.toml": "baseURL='https://example.com/'\n" + settings, "content/posts/a.md": "---\ntitle: A\ndate: 2024-01-02\n---\n> [!NOTE]\n> Text.\n"})
		b.cfg.Content.Dir = "blog/content"
		tree, scan := b.scan()
		if d := cmp.Diff(want, render(t, tree, scan.Posts[0]).HTML); d != "" {
			t.Errorf("%q (-want +got):\n%s", settings, d)
		}
	}
}
