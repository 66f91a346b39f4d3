package content_test

import (
	"strings"
	"testing"
)

// TestMarkdownOfEngines shows bodies as Jekyll 4.3 and Pelican 4 show the same files. What is wanted
// are parts of the HTML; a part behind "!" must not be in it.
func TestMarkdownOfEngines(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  []string
	}{
		"jekyll: Liquid in code": {map[string]string{
			"_config.yml":            "url: https://example.com\n",
			"_posts/2024-01-01-a.md": "---\ntitle: A\nversion: \"1.2\"\n---\nGet:\n\n    wget a-{{ page.version }}.tgz\n\n`{{ page.version }}` {% raw %}`{{ left }}`{% endraw %}\n\n1. one\n\n    two {% assign t=\"9:17\" %}{{ t }}\n",
		}, []string{"wget a-1.2.tgz", "<code>1.2</code>", "<code>{{ left }}</code>", "two 9:17"}},
		"jekyll: Liquid in highlighted code": {map[string]string{
			"_config.yml":            "url: https://example.com\n",
			"_posts/2024-01-01-a.md": "---\ntitle: A\nversion: \"1.2\"\n---\n{% highlight text %}\nwget a-{{ page.version }}.tgz\n{% if page.none %}no{% else %}yes{% endif %}\n{% raw %}{{ left }} {% if %}{% endraw %}\n{% endhighlight %}\n",
		}, []string{"wget a-1.2.tgz\nyes\n{{ left }} {% if %}"}},
		"jekyll: data, collections and indexes": {map[string]string{
			"_config.yml":            "url: https://example.com\ncollections: {topics: {output: true}}\n",
			"_data/releases.yml":     "- {version: \"3.0.3\", url: {gz: \"https://c.example/p-3.0.3.tgz\"}}\n",
			"_data/People.yaml":      "Ada: {name: Ada Lovelace}\n",
			"_topics/term.md":        "---\nshortname: term\n---\nx\n",
			"_includes/by.html":      "<p>by {{ site.data.People[include.handle].name }}</p>",
			"_includes/refs.md":      "{% for topic in site.topics %}\n[topic {{ topic.shortname }}]: {{ topic.url }}\n{%- endfor %}",
			"_includes/set.md":       "{% assign k = \"q1\" %}{% capture c %}q{{ 0 }}{% endcapture %}{{ include[c] }} {{ include[k] }} {{ include['q1'] }}{% if include.none == nil %} nil{% endif %}",
			"_posts/2024-01-01-a.md": "---\ntitle: A\nmy-key: hyphen\nh: {q1: one}\n---\n{% assign r = site.data.releases | where: \"version\", \"3.0.3\" | first %}\nNow {{ r.version }}: {{ r.url.gz }} {{ page.my-key }} {{ page.h[page.none] }}.\n\n{% include by.html handle=\"Ada\" %}\n\nSee [TERM][topic term].\n\n{% include set.md q0=\"zero\" q1=\"first\" %} {{ page.h[k] }} {{ \"2024-01-02 00:00:00 +0000\" | date: \"%s\" | plus: 1 }}\n\n{% include refs.md %}\n",
		}, []string{"Now 3.0.3: https://c.example/p-3.0.3.tgz hyphen", "by Ada Lovelace", `href="https://example.com/topics/term.html"`, "zero first first nil one 1704153601"}},
		"jekyll: HTML and settings": {map[string]string{
			"_config.yml":            "url: https://example.com\nkramdown: {hard_wrap: true, parse_block_html: true, smart_quotes: [\"39\", \"39\", quot, quot]}\n",
			"_posts/2024-01-01-a.md": "---\ntitle: A\n---\n<div>\n*in*\n</div>\nIt's *so*\nnext\n",
		}, []string{"<em>in</em>", "It&#39;s <em>so</em><br/>"}},
		"jekyll: another parser": {map[string]string{
			"_config.yml":            "url: https://example.com\nmarkdown: CommonMark\n",
			"_posts/2024-01-01-a.md": "---\ntitle: A\n---\n<div>\n\n*in*\n\n</div>\n",
		}, []string{"<em>in</em>"}},
		"pelican": {map[string]string{
			"pelicanconf.py": "SITEURL = 'https://example.com'\nPATH = 'content'\n",
			"content/a.md":   "Title: A\nDate: 2024-01-01\n\n![cat](/images/my cat.png)\n\n**强调的词：**Ada\n\n<pre><code>\n  a\n\n  # b\n</code></pre>\n\nIt reads I \\[_clapping_\\].\n\n<div markdown=\"1\">\n**bold**\n</div>\n",
		}, []string{`src="https://example.com/images/my%20cat.png"`, "<strong>强调的词：</strong>Ada", "# b\n</code>", "I [<em>clapping</em>]", "<strong>bold</strong>"}},
		"pelican: settings": {map[string]string{
			"pelicanconf.py": "SITEURL = 'https://example.com'\nPATH = 'content'\nMARKDOWN = {'extension_configs': {'markdown.extensions.nl2br': {}, 'markdown.extensions.smarty': {}}}\n",
			"content/a.md":   "Title: A\nDate: 2024-01-01\n\n\"It's\"\nso\n\na | b\n--|--\n1 | 2\n",
		}, []string{"“It’s”<br/>", "!<table"}},
		"hugo: no formula in escaped brackets": {map[string]string{
			"hugo.toml":          "baseURL = 'https://example.com/'\n[markup.goldmark.extensions]\nstrikethrough = false\n[markup.goldmark.extensions.extras]\nsubscript = {enable = true}\ninsert = {enable = true}\n",
			"content/posts/a.md": "---\ntitle: A\ndate: 2024-01-01\n---\n\\[_x_\\], \\[[pdf](https://x.example/a_b.pdf)\\] and `$,` or $, a_b $. H~2~O ++new++.\n",
		}, []string{"[<em>x</em>], [<a href=\"https://x.example/a_b.pdf\">pdf</a>]", "H<sub>2</sub>O <ins>new</ins>"}},
		"hugo: emphasis is CommonMark's": {map[string]string{
			"hugo.toml":          "baseURL = 'https://example.com/'\n",
			"content/posts/a.md": "---\ntitle: A\ndate: 2024-01-01\n---\n**重要：**look\n",
		}, []string{"<p>**重要：**look</p>"}},
		"eleventy: no formula in escaped brackets": {map[string]string{
			"eleventy.config.js": "export default function (c) {}\n",
			"package.json":       `{"homepage": "https://example.com", "devDependencies": {"@11ty/eleventy": "^3"}}`,
			"posts/a.md":         "---\ntitle: A\ndate: 2024-01-01\n---\nThey \\[_clap_\\], see \\[[pdf](https://x.example/a_b.pdf)\\].\n",
		}, []string{"They [<em>clap</em>], see [<a href=\"https://x.example/a_b.pdf\">pdf</a>]."}},
		"zola: no formula in escaped brackets": {map[string]string{
			"config.toml":  "base_url = 'https://example.com'\n",
			"content/a.md": "+++\ntitle = 'A'\ndate = 2024-01-01\n+++\nThey \\[_clap_\\], see \\[[pdf](https://x.example/a_b.pdf)\\].\n",
		}, []string{"They [<em>clap</em>], see [<a href=\"https://x.example/a_b.pdf\">pdf</a>]."}},
		"jekyll: Liquid in a list, with a table": {map[string]string{
			"_config.yml":            "url: https://example.com\n",
			"_posts/2024-01-01-a.md": "---\ntitle: A\n---\n- item\n\n  {% capture price %}2 EUR{% endcapture %}\n\n  | a | b |\n  |-|-|\n  | x | {{price}} |\n\n- second\n\n  \"so\" {% assign at=\"9:17\" %}\n",
		}, []string{"<td>2 EUR</td>", "<p>“so”</p>"}},
		"hugo: linkify and strikethrough off": {map[string]string{
			"hugo.toml":          "baseURL = 'https://example.com/'\n[markup.goldmark.extensions]\nlinkify = false\nstrikethrough = false\n",
			"content/posts/a.md": "---\ntitle: A\ndate: 2024-01-01\n---\nhttps://x.example ~~a~~\n",
		}, []string{"<p>https://x.example ~~a~~</p>"}},
		"no engine: formulas keep their backslashes": {map[string]string{
			"posts/a.md": "---\ntitle: A\ndate: 2024-01-01\n---\nLet $S = \\{x_1 \\mid x_1 < 5\\,\\%\\}$ and \\(\\{y\\} \\\\ z\\,_1\\).\n",
		}, []string{`$S = \{x_1 \mid x_1 &lt; 5\,\%\}$`, `\(\{y\} \\ z\,_1\)`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, test.files)
			for _, dir := range []string{"content", "posts"} {
				for file := range test.files {
					if strings.HasPrefix(file, dir+"/") {
						b.cfg.Content.Dir = "blog/" + dir
					}
				}
			}
			_, r := b.only()
			for _, part := range test.want {
				if absent, no := strings.CutPrefix(part, "!"); no {
					if strings.Contains(r.HTML, absent) {
						t.Errorf("%q is in\n%s", absent, r.HTML)
					}
				} else if !strings.Contains(r.HTML, part) {
					t.Errorf("no %q in\n%s", part, r.HTML)
				}
			}
		})
	}
}

// TestIncludeProblems checks that what an include cannot evaluate is reported at the line that includes it.
func TestIncludeProblems(t *testing.T) {
	b := newBlog(t, map[string]string{
		"_config.yml":            "url: https://example.com\n",
		"_includes/box.html":     "a {{ site.unknown | strange }} b",
		"_posts/2024-01-01-a.md": "---\ntitle: A\n---\nText.\n\n{% include box.html %}\n",
	})
	tree, scan := b.scan()
	_, problems, err := tree.Render(t.Context(), scan.Posts[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) != 1 || problems[0].Line != 6 || !strings.Contains(problems[0].Message, "in the include box.html") {
		t.Errorf("problems %+v, want one of line 6", problems)
	}
}
