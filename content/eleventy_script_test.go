package content_test

import (
	"context"
	"strings"
	"testing"
)

// TestEleventyFunctions shows addresses that functions of the config and of data files
// make, as Eleventy 3.1 itself does.
func TestEleventyFunctions(t *testing.T) {
	const module = "export default function (c) {\nCONFIG\n return {dir: {input: 'src'}} }"
	tests := map[string]struct {
		config string
		files  map[string]string
		want   string
	}{
		"filter with Luxon": {`c.addFilter("month", (d) => DateTime.fromJSDate(d, {zone: "utc"}).toFormat("yyyy/MM"));`,
			map[string]string{"src/posts/posts.json": `{"permalink": "/b/{{ page.date | month }}/{{ page.fileSlug }}/"}`}, "/b/2024/03/a/"},
		"filter in the place of Eleventy's": {`c.addFilter("slugify", (s) => s.toLowerCase().replace(/[^a-z]+/g, "_"));`,
			map[string]string{"src/posts/posts.json": `{"permalink": "/{{ title | slugify }}/"}`}, "/hello_world_co/"},
		"the old slug": {"", map[string]string{"src/posts/posts.json": `{"permalink": "/{{ title | slug }}/"}`}, "/hello-world-and-co/"},
		"function of a data file": {"", map[string]string{
			"src/posts/posts.11tydata.js": "export default { permalink(data) { return `/${data.page.date.getFullYear()}/${this.slugify(data.title)}/` } }"}, "/2024/hello-world-and-co/"},
		"data computed from data": {"", map[string]string{
			"src/posts/posts.11tydata.js": "export default { eleventyComputed: { slug: (d) => d.title.split(' ')[0].toLowerCase(), permalink: (d) => `/s/${d.slug}/` } }"}, "/s/hello/"},
		"data of another file": {"", map[string]string{
			"lib/rules.js":                "const folder = (d) => d.page.filePathStem.split('/').at(-2);\nexport default { eleventyComputed: { permalink: (d) => `/x/${folder(d)}/` } }",
			"src/posts/posts.11tydata.js": "import rules from '../../lib/rules.js';\nexport default rules;"}, "/x/posts/"},
		"layout": {"", map[string]string{"src/_includes/post.njk": "---\npermalink: /l/{{ title | slugify }}/\n---\n{{ content | safe }}",
			"src/posts/posts.json": `{"layout": "post.njk"}`}, "/l/hello-world-and-co/"},
		"layout for all":   {`c.addGlobalData("layout", "post");`, map[string]string{"src/_includes/post.njk": "---\npermalink: /g/{{ page.fileSlug }}/\n---\n"}, "/g/a/"},
		"data for all":     {`c.addGlobalData("permalink", () => (data) => data.page.filePathStem + ".html");`, nil, "/posts/a.html"},
		"text for all":     {`c.addGlobalData("permalink", "/t/{{ page.fileSlug }}/");`, nil, "/t/a/"},
		"transform":        {`c.addUrlTransform((page) => { if (page.url.startsWith("/posts/")) return page.url.slice(6) });`, nil, "/a/"},
		"date of a parser": {"c.addDateParsing((d) => DateTime.fromJSDate(d, {zone: 'utc'}).setZone('America/Los_Angeles', {keepLocalTime: true}));\nc.addFilter('hour', (d) => d.toISOString().slice(11, 13));", map[string]string{"src/posts/posts.json": `{"permalink": "/{{ page.date | hour }}/"}`}, "/08/"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"eleventy.config.mjs": "import { DateTime } from 'luxon';\n" + strings.Replace(module, "CONFIG", test.config, 1),
				"src/posts/a.md": "---\ntitle: Hello World & Co\ndate: 2024-03-05\n---\nText."}
			for name, text := range test.files {
				files[name] = text
			}
			compareAddresses(t, "blog/src/posts", files, map[string]string{"a.md": test.want})
		})
	}
}

// TestUnknownFunctions shows that a post whose address nobody can know has none, and
// that the place is told.
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
