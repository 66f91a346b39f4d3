package content_test

import (
	"strings"
	"testing"
)

// TestEngineMarkdown shows how settings change what is read; the wanted HTML is what the engines
// themselves make of it.
func TestEngineMarkdown(t *testing.T) {
	const eleventy = "export default function (c) {\n"
	tests := map[string]struct{ file, config, path, body, want string }{
		"indented text in Eleventy": {"eleventy.config.js", eleventy + "}", "a.md", "One\n\n    &lt;two *three*", "<p>One</p>\n<p>&lt;two <em>three</em></p>"},
		"indented code in Eleventy": {"eleventy.config.js", eleventy + "c.amendLibrary('md', (md) => md.enable('code'))\n}", "a.md", "One\n\n    two *three*", "two *three*"},
		"breaks":                    {"eleventy.config.js", eleventy + "c.setLibrary('md', markdownIt({html: true, breaks: true}))\n}", "a.md", "One\ntwo", "One<br/>\ntwo"},
		"a bare address":            {"eleventy.config.js", eleventy + "}", "a.md", "See https://x.example now", "<p>See https://x.example now</p>"},
		"linkify":                   {"eleventy.config.js", eleventy + "c.setLibrary('md', markdownIt({linkify: true}))\n}", "a.md", "See https://x.example now", "<a href=\"https://x.example\">"},
		"attributes":                {"eleventy.config.js", "import attrs from 'markdown-it-attrs';\n" + eleventy + "}", "a.md", "One{.big} `{.kept}`", "<p>One <code>{.kept}</code></p>"},
		"templates in code":         {"eleventy.config.js", eleventy + "}", "a.md", "`{{ title }}`", "<p><code>A</code></p>"},
		"TeX in Eleventy":           {"eleventy.config.js", eleventy + "}", "a.md", "$a_b_ \\, c$ and $x &lt; y$", "<p>$a_b_ , c$ and $x &lt; y$</p>"},
		"TeX with a plugin":         {"eleventy.config.js", "import katex from 'markdown-it-katex';\n" + eleventy + "}", "a.md", "$a_b_ \\, c$", `$a_b_ \, c$`},
		"TeX in Hugo":               {"hugo.toml", "", "content/a/a.md", "$ab *c* \\, d$", "<p>$ab <em>c</em> , d$</p>"},
		"passthrough": {"hugo.toml", "[markup.goldmark.extensions.passthrough]\nenable = true\n[markup.goldmark.extensions.passthrough.delimiters]\nblock = [['\\[', '\\]'], ['$$', '$$']]\ninline = [['\\(', '\\)']]\n",
			"content/a/a.md", "\\(a *b* \\, c\\), $d *e*$ and\n\n$$\nf *g*\\\\\nh\n$$", "<p>\\(a *b* \\, c\\), $d <em>e</em>$ and</p>\n<p>$$\nf *g*\\\\\nh\n$$</p>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{test.file: test.config, test.path: "---\ntitle: A\ndate: 2024-01-02\n---\n" + test.body + "\n"})
			b.cfg.Content.Dir = "blog"
			if test.file == "hugo.toml" {
				b.cfg.Content.Dir = "blog/content"
			}
			tree, scan := b.scan()
			if r := render(t, tree, scan.Posts[0]); !strings.Contains(r.HTML, test.want) {
				t.Errorf("got  %s\nwant %s", r.HTML, test.want)
			}
		})
	}
}
