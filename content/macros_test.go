package content_test

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/content"
	"publisher/content/post"
)

// macroCase is a body in an engine's own writing, and what a reader gets.
type macroCase struct {
	name, body, want string
	warns            string // "line: part of the message"; "" for none
}

var hugoCases = []macroCase{
	{"figure", `{{< figure src="cat.jpg" alt="A cat" title="Tom" caption="A *cat*" link="/cats/" width="30" >}}`,
		`<figure><a href="https://example.com/cats/"><img src="https://example.com/posts/a/cat.jpg" alt="A cat"/></a><figcaption><h4>Tom</h4><p>A <em>cat</em></p></figcaption></figure>`, ""},
	{"figure in a paragraph's place", "Before.\n\n{{< figure src=\"/cat.jpg\" >}}\nAfter *it*.", `<p>Before.</p>` + "\n" + `<figure><img src="https://example.com/cat.jpg" alt=""/></figure>` + "\n" + `<p>After <em>it</em>.</p>`, ""},
	{"youtube", "{{< youtube w7Ft2ymGmfc >}}", `<p><a href="https://www.youtube.com/watch?v=w7Ft2ymGmfc"><img src="https://i.ytimg.com/vi/w7Ft2ymGmfc/hqdefault.jpg" alt="▶ YouTube" width="480" height="360"/></a></p>`, ""},
	{"youtube by name", `{{< youtube id="w7Ft2ymGmfc" title="A film" autoplay=true >}}`, `<p><a href="https://www.youtube.com/watch?v=w7Ft2ymGmfc"><img src="https://i.ytimg.com/vi/w7Ft2ymGmfc/hqdefault.jpg" alt="A film" width="480" height="360"/></a></p>`, ""},
	{"vimeo", "{{< vimeo 146022717 >}}", `<p><a href="https://vimeo.com/146022717">▶ vimeo.com/146022717</a></p>`, ""},
	{"x", `{{< x user="SanDiegoZoo" id="1453110110599868418" >}}`, `<p><a href="https://x.com/SanDiegoZoo/status/1453110110599868418">▶ x.com/SanDiegoZoo/status/1453110110599868418</a></p>`, ""},
	{"gist", "{{< gist jmooring 50a7482715eac222e230d1e64dd9a89b >}}", `<p><a href="https://gist.github.com/jmooring/50a7482715eac222e230d1e64dd9a89b">▶ gist.github.com/jmooring/50a7482715eac222e230d1e64dd9a89b</a></p>`, ""},
	{"instagram", "{{< instagram CxOWiQNP2MO >}}", `<p><a href="https://www.instagram.com/p/CxOWiQNP2MO">▶ instagram.com/p/CxOWiQNP2MO</a></p>`, ""},
	{"highlight", "{{< highlight go \"linenos=table\" >}}\nx := `{{< y >}}`\n{{< /highlight >}}", "", ""},
	{"highlight in a list", "1. Run:\\\n{{< highlight text >}}\nx\n\ny\n{{< /highlight >}}\nThen *go on*.\n2. Two", "<ol>\n<li>Run:<br/>\n<pre style=\"background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto\"><code class=\"language-text\">x\n\ny\n</code></pre>\n\nThen <em>go on</em>.</li>\n<li>Two</li>\n</ol>", ""},
	{"more in a line", "<!--more--> **Then** more.", "<p><strong>Then</strong> more.</p>", ""},
	{"more in code", "`<!--more-->` it", "<p><code>&lt;!--more--&gt;</code> it</p>", ""},
	{"details", "{{< details summary=\"See the *details*\" open=true >}}\nThis is a **bold** word.\n{{< /details >}}", "<details><summary>See the <em>details</em></summary>\n<p>This is a <strong>bold</strong> word.</p>\n</details>", ""},
	{"param", `{{< param "author.name" >}} and {{% param color %}}`, `<p>Ada and blue</p>`, ""},
	{"param that is not there", `a {{< param nothing >}} b`, `<p>a  b</p>`, "6: cannot be evaluated"},
	{"ref", `[a]({{< ref "other.md#x" >}}) [b]({{< relref "/posts/other" >}}) [c]({{% ref path="other" %}})`, `<p><a href="https://example.com/posts/other/#x">a</a> <a href="https://example.com/posts/other/">b</a> <a href="https://example.com/posts/other/">c</a></p>`, ""},
	{"ref to nowhere", "Text.\n\n[a]({{< ref \"nowhere.md\" >}})", "<p>Text.</p>\n" + `<p><a href="https://example.com/">a</a></p>`, "8: nowhere.md"},
	{"comment", "a{{< comment >}} b {{< x >}} {{< /comment >}}c", "<p>ac</p>", ""},
	{"unknown", "{{< tabs >}}\n  {{< tab name=\"One\" >}}\n  Some *text*.\n  {{< /tab >}}\n{{< /tabs >}}", "<p>Some <em>text</em>.</p>", "6: tabs|7: tab;"},
	{"unknown and alone", "a {{< icon name=\"x\" />}} {{< badge >}} b", "<p>a   b</p>", "6: icon|6: badge"},
	{"percent", "{{% notice tip %}}\nA **tip**.\n{{% /notice %}}", "<p>A <strong>tip</strong>.</p>", "6: notice"},
	{"escaped", "Write {{</* youtube id */>}}.", "<p>Write {{&lt; youtube id &gt;}}.</p>", ""},
	{"in code", "`{{< x >}}` and\n\n```\n{{</* figure */>}} {{< y >}}\n```\n\n    {{% z %}}", "", ""},
	{"in a list", "1. One\n\n    {{< figure src=\"/a.png\" >}}\n\n2. Two", "<ol>\n<li>\n<p>One</p>\n<figure><img src=\"https://example.com/a.png\" alt=\"\"/></figure>\n</li>\n<li>\n<p>Two</p>\n</li>\n</ol>", ""},
	{"quotes that hold an end", `{{< x "a >}} b" >}}c`, "<p>c</p>", "6: x"},
	{"no shortcode", "{{ x }} {{<", "<p>{{ x }} {{&lt;</p>", ""},
	{"formula", `Let $a_1 * b_2$ and $$x_{i} < y_{j}$$ or \(p_q\); costs $5 or $6.`, `<p>Let $a_1 * b_2$ and $$x_{i} &lt; y_{j}$$ or (p_q); costs $5 or $6.</p>`, ""},
	{"definition list", "Word\n: Meaning", "<dl>\n<dt>Word</dt>\n<dd>Meaning</dd>\n</dl>", ""},
	{"heading attributes", "## A heading {#own .class}", `<h2 id="own">A heading</h2>`, ""},
	{"emoji", "It works :tada:", "<p>It works 🎉</p>", ""},
}

func TestHugoBodies(t *testing.T) {
	runMacros(t, hugoCases, "blog/content", "posts/a.md", map[string]string{
		"hugo.toml":              "enableEmoji = true\n[params]\ncolor = 'blue'\n",
		"content/posts/other.md": "---\ntitle: Other\ndate: 2024-01-01\n---\nText.",
	}, "---\ntitle: A\ndate: 2024-01-01\nauthor: {name: Ada}\n---\n")
}

var jekyllCases = []macroCase{
	{"variables", "{{ site.title }} {{ page.title | upcase }} {{ site.baseurl }}/x {{ site.owner.name }} {{ page.date | date: '%Y' }}", "<p>Blog A /x Ada 2024</p>", ""},
	{"addresses", "[a]({{ '/x/' | relative_url }}) ![b]({{ \"/y.png\" | absolute_url }}) [c]({{ site.url }}{{ site.baseurl }}/z)", `<p><a href="https://example.com/x/">a</a> <img src="https://example.com/y.png" alt="b"/> <a href="https://example.com/z">c</a></p>`, ""},
	{"post_url and link", "[a]({% post_url 2024-01-02-other %}) [b]({% link _posts/2024-01-02-other.md %}#x) [c]({% link about.md %}) [d][e]\n\n[e]: {% post_url 2024-01-02-other %}", `<p><a href="https://example.com/2024/01/02/other.html">a</a> <a href="https://example.com/2024/01/02/other.html#x">b</a> <a href="https://example.com/about.html">c</a> <a href="https://example.com/2024/01/02/other.html">d</a></p>`, ""},
	{"post_url to nowhere", "[a]({% post_url 2000-01-01-gone %})", `<p><a href="https://example.com/">a</a></p>`, "5: 2000-01-01-gone"},
	{"highlight", "Text.\n{% highlight ruby linenos %}\ndef x\n{% endhighlight %}\nMore.", "", ""},
	{"raw", "Use {% raw %}`{{ page.title }}`{% endraw %}.\n\n{% raw %}\n```liquid\n{% if x %}\n```\n{% endraw %}", "", ""},
	{"assign, for, if", "{% assign list = 'a,b' | split: ',' %}{% for x in list %}{% if forloop.last %}and {% endif %}*{{ x }}* {% endfor %}{% unless page.nothing %}end{% endunless %}", "<p><em>a</em> and <em>b</em> end</p>", ""},
	{"else", "{% if site.title == 'Other' %}a{% elsif page.title contains 'A' %}b{% else %}c{% endif %}{% comment %}d{% endcomment %}", "<p>b</p>", ""},
	{"case", "{% assign v = 2 %}{% case v %}{% when 1 %}a{% when 2, 3 %}b{% if v %}c{% else %}d{% endif %}{% else %}e{% endcase %} {% case page.title %}{% when 'x' or 'A' %}f{% endcase %} {% case v %}{% when 'x' %}g{% else %}h{% endcase %}", "<p>bc f h</p>", ""},
	{"loops", "{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{{ forloop.rindex }} {% endfor %}{% for i in site.numbers limit:2 offset:1 reversed %}{{ i }}{% endfor %} {% for i in page.none %}x{% else %}none{% endfor %} {% for p in site.owner %}{{ p[0] }}={{ p[1] }}{% endfor %}",
		"<p>19 37 46 21 none name=Ada</p>", ""},
	{"filters", "{{ site.numbers | sort | join: '' }} {{ site.numbers | first | plus: 1 }} {{ site.people | where: 'team', 'x' | map: 'name' | join: '+' }} {{ site.people | sort: 'age' | map: 'name' | join: '' }} {{ 'Hello World' | truncate: 8 }} {{ 'one two three' | truncatewords: 2 }} {{ 'abc' | slice: 1, 2 }} {{ 2.567 | round: 1 }} {{ 5 | at_most: 3 }} {{ site.numbers | concat: site.numbers | push: 9 | size }}",
		"<p>123 4 Ann+Cy BobCyAnn Hello… one two… bc 2.6 3 7</p>", ""},
	{"what cannot be evaluated", "a {{ site.data.people | group_by: 'x' }} b\n\n{% for p in site.html_pages %}{{ p.title }}{% endfor %}c", "<p>a  b</p>\n<p>c</p>", "5: site.data.people|7: for p in site.html_pages"},
	{"unknown block", "{% notice tip %}\nA **tip**.\n{% endnotice %}", "<p>A <strong>tip</strong>.</p>", "5: notice"},
	{"include of the blog's own", `{% include note.html text="Well, *well*." %}`, "<div>\n<p>Well, <em>well</em>.</p>\n</div>", ""},
	{"include of a theme", `{% include video id="XsxDH4HcOWA" provider="youtube" %}` + "\n\n" + `{% include figure image_path="/a.jpg" alt="x" caption="A *b*" %}`,
		`<p><a href="https://www.youtube.com/watch?v=XsxDH4HcOWA"><img src="https://i.ytimg.com/vi/XsxDH4HcOWA/hqdefault.jpg" alt="▶ YouTube" width="480" height="360"/></a></p>` + "\n" + `<figure><img src="https://example.com/a.jpg" alt="x"/><figcaption><p>A <em>b</em></p></figcaption></figure>`, ""},
	{"include that is not there", "a {% include gallery caption='x' %} b", "<p>a  b</p>", "5: gallery"},
	{"attribute lists", "A paragraph.\n{: .notice--info}\n\n![x](/y.png){: .align-right width=\"3\"} and `{: .code}`\n\n* TOC\n{:toc}\n\n## Head {#own}\n{: .no_toc}\n\n[a](/b){:target=\"_blank\"}",
		"<p>A paragraph.</p>\n<p><img src=\"https://example.com/y.png\" alt=\"x\"/> and <code>{: .code}</code></p>\n<h2 id=\"own\">Head</h2>\n<p><a href=\"https://example.com/b\">a</a></p>", ""},
	{"kramdown's own", "{::comment}x{:/comment}\n\nHTML\n: Markup\n\n*[HTML]: Hyper\n\n{::options parse_block_html=\"true\" /}\n\nEnd.", "<dl>\n<dt><abbr title=\"Hyper\">HTML</abbr></dt>\n<dd>Markup</dd>\n</dl>\n<p>End.</p>", ""},
	{"markdownify", "{% capture n %}\n* A *thing*\n{% endcapture %}<div>{{ n | markdownify }}</div>", "<div><ul>\n<li>A <em>thing</em></li>\n</ul></div>", ""},
	{"an alert", "> [!NOTE]\n> Take care.", "<blockquote>\n<p><strong>Note</strong></p>\n<p>Take care.</p>\n</blockquote>", ""},
	{"braces in code", "`{{ page.title }}` and\n\n```\n{% if page.title %}yes{% endif %}\n```\n\n    {{ page.title | upcase }}", "", ""},
	{"noscript", "a <noscript><b>c</b></noscript>", "<p>a <b>c</b></p>", ""},
	{"smart quotes", `"It's" -- so...`, "<p>“It’s” – so…</p>", ""},
}

func TestJekyllBodies(t *testing.T) {
	runMacros(t, jekyllCases, "blog", "_posts/2024-01-01-a.md", map[string]string{
		"_config.yml":                "title: Blog\nowner: {name: Ada}\nnumbers: [3, 1, 2]\npeople: [{name: Ann, age: 30, team: x}, {name: Bob, age: 4, team: y}, {name: Cy, age: 5, team: x}]\n",
		"_posts/2024-01-02-other.md": "---\ntitle: Other\n---\nText.",
		"about.md":                   "---\ntitle: About\n---\n",
		"_includes/note.html":        "<div markdown=\"1\">\n{{ include.text }}\n</div>",
	}, "---\ntitle: A\nlayout: post\n---\n")
}

var zolaCases = []macroCase{
	{"youtube", `{{ youtube(id="dQw4w9WgXcQ", autoplay=true) }}`, `<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"><img src="https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg" alt="▶ YouTube" width="480" height="360"/></a></p>`, ""},
	{"block", "{% quote(author=\"Ada\") %}\nA *quotation*\n{% end %}\n\nAfter.", "<blockquote>\n<p>A <em>quotation</em></p>\n</blockquote>\n<p>After.</p>", ""},
	{"unknown", "{% note(kind='x') %}\nInner *text*.\n{% end %}\n\na {{ icon(name=\"x\") }} b", "<p>Inner <em>text</em>.</p>\n<p>a  b</p>", "5: note|9: icon"},
	{"escaped", "{{/* youtube(id=1) */}} and `{{ a(b=1) }}`", "<p>{{ youtube(id=1) }} and <code>{{ a(b=1) }}</code></p>", ""},
	{"internal link", "[a](@/blog/other.md#x) [b](@/blog/_index.md) [c](@/gone.md)", `<p><a href="https://example.com/blog/other/#x">a</a> <a href="https://example.com/blog/">b</a> c</p>`, "5: gone.md"},
	{"colocated picture", "![a](dot.png)", `<p><img src="https://example.com/blog/a/dot.png" alt="a"/></p>`, ""},
}

func TestZolaBodies(t *testing.T) {
	runMacros(t, zolaCases, "blog/content", "blog/a.md", map[string]string{
		"config.toml": "base_url = 'https://example.com'\n", "content/blog/_index.md": "+++\ntitle = 'B'\n+++\n",
		"content/blog/other.md": "+++\ntitle = 'Other'\ndate = 2024-01-02\n+++\nText.",
	}, "+++\ntitle = 'A'\ndate = 2024-01-01\n+++\n")
}

var eleventyCases = []macroCase{
	{"variables", "{{ title }} {{ page.fileSlug }} {{ city | upcase }} {{ '/x/' | url }}", "<p>A a ROME /x/</p>", ""},
	{"comment", "a{# not this #}b {%- set c = 'd' -%} {{ c }}", "<p>abd</p>", ""},
	{"shortcodes", "{% youtube \"dQw4w9WgXcQ\" %}\n\n{% image \"./cat.jpg\", \"A cat\" %}", `<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"><img src="https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg" alt="▶ YouTube" width="480" height="360"/></a></p>` + "\n" + `<p><img src="https://example.com/blog/a/cat.jpg" alt="A cat"/></p>`, ""},
	{"paired and unknown", "{% callout %}Some *text*.{% endcallout %} {{ metadata.title }}", "<p>Some <em>text</em>.</p>", "6: callout|6: metadata.title"},
	{"style sheets", "{% css %}a { b: c }{% endcss %}Text.", "<p>Text.</p>", ""},
}

func TestEleventyBodies(t *testing.T) {
	runMacros(t, eleventyCases, "blog/content", "blog/a.md", map[string]string{
		"eleventy.config.js": "export default (c) => c.setInputDirectory('content')",
	}, "---\ntitle: A\ndate: 2024-01-01\ncity: Rome\n---\n")
}

// runMacros renders each case as the body of one post. Where no HTML is wanted
// the code of the case is to come through as it was written.
func runMacros(t *testing.T, cases []macroCase, dir, file string, files map[string]string, front string) {
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			b := newBlog(t, files)
			b.cfg.Content.Dir = dir
			b.write(strings.TrimPrefix(dir+"/", "blog/")+file, front+test.body)
			tree, scan := b.scan()
			for _, p := range scan.Posts {
				if p.Path == file {
					checkMacro(t, tree, p, test)
					return
				}
			}
			t.Fatalf("no post: %+v", scan.Problems)
		})
	}
}

func checkMacro(t *testing.T, tree *content.Tree, p *post.Post, test macroCase) {
	t.Helper()
	r, problems, err := tree.Render(context.Background(), p)
	must(t, err)
	if test.want != "" {
		if d := cmp.Diff(test.want, r.HTML); d != "" {
			t.Errorf("HTML (-want +got):\n%s", d)
		}
	} else {
		checkCode(t, test.name, r.HTML)
	}
	wants := strings.Split(test.warns, "|")
	if test.warns == "" {
		wants = nil
	}
	if len(problems) != len(wants) {
		t.Errorf("problems %+v, want %q", problems, wants)
		return
	}
	for i, want := range wants {
		line, part, _ := strings.Cut(want, ": ")
		if got := problems[i]; strings.TrimSpace(line) != strconv.Itoa(got.Line) || !strings.Contains(got.Message, part) {
			t.Errorf("problem %+v, want %q", got, want)
		}
	}
}

var spans = regexp.MustCompile(`</?span[^>]*>`)

// checkCode compares the text of what is shown as code.
func checkCode(t *testing.T, name, html string) {
	t.Helper()
	want := map[string][]string{
		"highlight":      {"language-go|language-ruby"},
		"in code":        {"<code>{{&lt; x &gt;}}</code>", "{{&lt; figure &gt;}} {{&lt; y &gt;}}", "{{% z %}}"},
		"raw":            {"<code>{{ page.title }}</code>", "{% if x %}"},
		"braces in code": {"<code>A</code>", "<code>yes\n", "<code>A\n"},
	}[name]
	for _, part := range want {
		found := false
		for option := range strings.SplitSeq(part, "|") {
			found = found || strings.Contains(spans.ReplaceAllString(html, ""), option)
		}
		if !found {
			t.Errorf("no %q in %s", part, html)
		}
	}
}

// TestJekyllBelowFolder shows that addresses keep the folder that the blog is in,
// however the author puts them together.
func TestJekyllBelowFolder(t *testing.T) {
	b := newBlog(t, map[string]string{"_config.yml": "baseurl: /sub\n", "_posts/2024-01-02-b.md": "---\ntitle: B\n---\n", "_posts/2024-01-01-a.md": "---\ntitle: A\n---\n" +
		"[1]({{ site.url }}{{ site.baseurl }}{% post_url 2024-01-02-b %}) [2]({{ site.baseurl }}{% post_url 2024-01-02-b %}) [3]({% post_url 2024-01-02-b %}) " +
		"[4]({{ site.url }}{{ '/2024/01/02/b.html' | relative_url }}) [5]({{ '/2024/01/02/b.html' | absolute_url }})"})
	b.cfg.Site.URL = mustURL(t, "https://example.com/sub")
	tree, scan := b.scan()
	if got := strings.Count(render(t, tree, scan.Posts[0]).HTML, `href="https://example.com/sub/2024/01/02/b.html"`); got != 5 {
		t.Errorf("%d of 5 are right: %s", got, render(t, tree, scan.Posts[0]).HTML)
	}
}

// TestHeadingIDs shows the ids that each engine makes.
func TestHeadingIDs(t *testing.T) {
	for name, test := range map[string]struct{ config, text, file, want string }{
		"hugo":    {"hugo.toml", "x = 1\n", "content/a.md", `<h2 id="über-uns--mehr">`},
		"jekyll":  {"_config.yml", "x: 1\n", "content/_posts/2024-01-01-a.md", `<h2 id="über-uns--mehr">`},
		"zola":    {"config.toml", "base_url = 'x'\n", "content/a.md", `<h2 id="uber-uns-mehr">`},
		"pelican": {"pelicanconf.py", "PATH = 'content'\n", "content/a.md", `<h2 id="uber-uns-mehr">`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{test.config: test.text, test.file: "---\ntitle: A\ndate: 2024-01-01\n---\n## Über uns & mehr\n"})
			b.cfg.Content.Dir = "blog/content"
			if _, r := b.only(); !strings.HasPrefix(r.HTML, test.want) {
				t.Errorf("%s, want %s", r.HTML, test.want)
			}
		})
	}
}
