package content

import (
	"strings"
	"testing"

	"publisher/content/markdown"
	"publisher/internal/config"
	"publisher/internal/xmltext"
)

// FuzzHooks throws bodies at render hooks: no panic, and no error where the Markdown
// can be rendered.
func FuzzHooks(f *testing.F) {
	for _, seed := range []string{
		"![a *b*](c.png \"d\") [e](f \"g\") <https://h.example> [![i](j)](k)", "# A [b](c) {#d .e}\n\n## ![x](y)\n", "```go {class=\"a\"}\nx\n```\n~~~\ny", "> # q\n> ![a](b)\n\n- [x](y)\n  ```\n  z\n  ```",
		"[^1]\n\n[^1]: ![n](o)", "| a |\n|---|\n| ![b](c) |", "Term\n: [d](e)",
		"> [!NOTE]\n> a\n>\n> > [!tip]- *b* <c>\n> > ```\n> > d", "> [!x] `y`\n\n> [!z]\n",
	} {
		f.Add(seed)
	}
	t := treeOf(f, config.Hugo, map[string]any{"title": "T"})
	writeTemplates(f, t, map[string]string{
		"layouts/_markup/render-image.html":      `<figure><img src="{{ .Destination }}" alt="{{ .PlainText }}"><figcaption>{{ .Title }}</figcaption></figure>`,
		"layouts/_markup/render-link.html":       `<a href="{{ .Destination }}">{{ .Text }}</a>`,
		"layouts/_markup/render-heading.html":    `<h{{ .Level }} id="{{ .Anchor }}">{{ .Text }}<a href="#{{ .Anchor }}">#</a></h{{ .Level }}>`,
		"layouts/_markup/render-blockquote.html": `<aside>{{ .Type }} {{ .AlertType }} {{ .AlertTitle }}{{ .AlertSign }}{{ .Text }}</aside>`,
		"layouts/_markup/render-codeblock.html":  `<div>{{ .Inner }}</div>`,
	})
	f.Fuzz(func(tt *testing.T, body string) {
		if body != xmltext.Clean(strings.ToValidUTF8(body, "")) {
			return
		}
		a := articleFrom(t, map[string]any{"title": "T"}, body, "posts/a.md")
		_, refused := t.blog.Markdown.HTML(body, markdown.Options{})
		if _, err := newPostRenderer(t, a).render(); err != nil && refused == nil {
			tt.Error(err)
		}
	})
}
