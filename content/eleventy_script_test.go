package content_test

import (
	"context"
	"strings"
	"testing"
)

// TestUnknownFunctions shows that a post whose address nobody can know has none, and
// that the place is reported.
func TestUnknownFunctions(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"filter":    {"eleventy.config.mjs": "export default (c) => { c.addFilter('f', (s) => lookup[s]); return {dir: {input: 'src'}} }", "src/posts/posts.json": `{"permalink": "/{{ title | f }}/"}`},
		"data file": {"eleventy.config.mjs": "export default () => ({dir: {input: 'src'}})", "src/posts/posts.11tydata.js": "export default { permalink: (data) => `/${process.env.BASE}/${data.title}/` }"},
		"transform": {"eleventy.config.mjs": "export default (c) => { c.addUrlTransform((p) => host(p)); return {dir: {input: 'src'}} }"},
	} {
		t.Run(name, func(t *testing.T) {
			files["src/posts/a.md"] = "---\ntitle: A\ndate: 2024-03-05\n---\nText."
			b := newBlog(t, files)
			b.cfg.Content.Dir = "blog/src/posts"
			_, scan := b.scan()
			if len(scan.Posts) != 0 || len(scan.Problems) == 0 || !strings.Contains(scan.Problems[0].Message, "content.permalink") {
				t.Errorf("posts %v, problems %+v", scan.Posts, scan.Problems)
			}
		})
	}
}

// TestEleventyShortcodes shows shortcodes and filters of the config in the text, and the
// Markdown that its extensions make, as Eleventy 3.1 itself renders them.
func TestEleventyShortcodes(t *testing.T) {
	for text, test := range map[string]struct{ config, want string }{
		"{% box \"Note\" %}Some **bold**{% endbox %}\n\nafter": {"c.addPairedShortcode('box', (content, title) => `<div><h3>${title}</h3>\n\n${content}\n\n</div>`);", "<strong>bold</strong>"},
		"{% list \"a,b\" %}":                                          {"c.addShortcode('list', (s) => `<ul>${s.split(',').map((x, i) => `<li>${i + 1} ${x}</li>`).join('')}</ul>`);", "<li>2 b</li>"},
		"{% card title=\"T\", n=3 %}":                                 {"c.addShortcode('card', (o) => `<p>${o.title}:${o.n}</p>`);", "<p>T:3</p>"},
		"{{ \"hello\" | shout }}":                                     {"c.addFilter('shout', (s) => s.toUpperCase() + '!');", "HELLO!"},
		"A note[^1] and - [ ] no task\n\n[^1]: text":                  {"", ">^1</a> and - [ ] no task"},
		"Term\n: not defined":                                         {"", ": not defined"},
		"> [!NOTE]\n> hi":                                             {"", "[!NOTE]"},
		"![a [b](https://c.example/)](https://example.com/x.png)":     {"c.amendLibrary('md', m => m.use(require('markdown-it-implicit-figures'), {figcaption: true}));", `alt=""/><figcaption>a <a href="https://c.example/">b</a></figcaption></figure>`},
		"[![a](https://example.com/x.png \"T\")](https://y.example/)": {"c.amendLibrary('md', m => m.use(require('markdown-it-implicit-figures'), {figcaption: 'title'}));", `alt="a"/></a><figcaption>T</figcaption></figure>`},
		"text ![a](https://example.com/x.png)":                        {"c.amendLibrary('md', m => m.use(require('markdown-it-implicit-figures')));", `<p>text <img`},
		"A[^1] b[^1]\n\n[^1]: text":                                   {"c.amendLibrary('md', m => m.use(require('markdown-it-footnote')));", `>[1]</a></sup> b<sup id=`},
		"(c) and (TM) and +- and wait..":                              {"c.setLibrary('md', markdownIt({typographer: true}));", "© and ™ and ± and wait…"},
	} {
		b := newBlog(t, map[string]string{"eleventy.config.mjs": "export default (c) => {\n" + test.config + "\nreturn {dir: {input: 'src'}, markdownTemplateEngine: 'njk'} }",
			"src/a.md": "---\ntitle: A\ndate: 2024-03-05\n---\n" + text + "\n"})
		b.cfg.Content.Dir = "blog/src"
		tree, scan := b.scan()
		if len(scan.Posts) != 1 {
			t.Fatalf("%s: %+v", text, scan.Problems)
		}
		r, problems, err := tree.Render(context.Background(), scan.Posts[0])
		if err != nil || !strings.Contains(r.HTML, test.want) {
			t.Errorf("%s: %s, want %s in it (%v %+v)", text, r.HTML, test.want, err, problems)
		}
	}
}
