package content

import (
	"strings"
	"testing"

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
	var s folders = &hugoFolders{hooked: true, global: map[string]any{
		hookPrefix + "image":      hugoTemplate{`<figure><img src="{{ .Destination }}" alt="{{ .PlainText }}"><figcaption>{{ .Title }}</figcaption></figure>`, true},
		hookPrefix + "link":       hugoTemplate{`<a href="{{ .Destination }}">{{ .Text }}</a>`, true},
		hookPrefix + "heading":    hugoTemplate{`<h{{ .Level }} id="{{ .Anchor }}">{{ .Text }}<a href="#{{ .Anchor }}">#</a></h{{ .Level }}>`, true},
		hookPrefix + "blockquote": hugoTemplate{`<aside>{{ .Type }} {{ .AlertType }} {{ .AlertTitle }}{{ .AlertSign }}{{ .Text }}</aside>`, true},
		hookPrefix + "codeblock":  hugoTemplate{`<div>{{ .Inner }}</div>`, true},
	}}
	t.blog.folders.Store(&s)
	f.Fuzz(func(tt *testing.T, body string) {
		if body != xmltext.Clean(strings.ToValidUTF8(body, "")) {
			return
		}
		a := articleFrom(t, map[string]any{"title": "T"}, body, "posts/a.md")
		_, refused := t.blog.markdown.html(body, markdownOptions{})
		if _, err := newPostRenderer(t, a).render(); err != nil && refused == nil {
			tt.Error(err)
		}
	})
}
