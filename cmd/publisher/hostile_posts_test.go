//go:build unix

package main

import (
	"fmt"
	"strings"
)

// head is a post with a body.
func head(body string) string { return hostileHead + body + "\n" }

func times(piece string, n int) string { return head(strings.Repeat(piece, n)) }

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostilePosts returns short posts that would be expensive, and posts of about 1 MB of the most
// expensive input for its length.
func hostilePosts() []hostilePost {
	return []hostilePost{
		{"100 > in code", "hugo", func() string { return head("```\n" + strings.Repeat(">", 100) + "\n```\n") }, nil, ""},
		{"100 > in code", "jekyll", func() string { return head("```\n" + strings.Repeat(">", 100) + "\n```\n") }, nil, ""},
		{"100 > in code", "pelican", func() string { return head("```\n" + strings.Repeat(">", 100) + "\n```\n") }, nil, ""},
		{"520 open elements", "hugo", func() string { return times("<font color=red>x ", 520) }, nil, ""},
		{"520 open elements", "jekyll", func() string { return times("<font color=red>x ", 520) }, nil, ""},
		{"520 open elements", "pelican", func() string { return times("<font color=red>x ", 520) }, nil, ""},
		{"open elements", "hugo", func() string { return times("<div>", 20000) }, nil, ""},
		{"open elements", "jekyll", func() string { return times("<div>", 20000) }, nil, ""},
		{"open elements", "pelican", func() string { return times("<div>", 20000) }, nil, ""},
		{"a wide table", "hugo", func() string {
			return head("|" + strings.Repeat("a|", 4000) + "\n|" + strings.Repeat("-|", 4000) + "\n" + strings.Repeat("b\n", 4000))
		}, nil, "200000 cells in tables"},
		{"a wide table", "jekyll", func() string {
			return head("|" + strings.Repeat("a|", 1000) + "\n|" + strings.Repeat("-|", 1000) + "\n" + strings.Repeat("|b\n", 200_000))
		}, nil, "[0-9]+ marks and elements"},
		{"a wide table", "pelican", func() string {
			return head("|" + strings.Repeat("a|", 1000) + "\n|" + strings.Repeat("-|", 1000) + "\n" + strings.Repeat("|b\n", 200_000))
		}, nil, "[0-9]+ marks and elements"},
		{"25,000 items", "hugo", func() string { return times("- a\n", 25000) }, nil, ""},
		{"25,000 items", "jekyll", func() string { return times("- a\n", 25000) }, nil, ""},
		{"25,000 items", "pelican", func() string { return times("- a\n", 25000) }, nil, ""},
		{"25,000 headings", "hugo", func() string { return times("# a\n", 25000) }, nil, ""},
		{"25,000 headings", "pelican", func() string { return times("# a\n", 25000) }, nil, ""},
		{"items", "hugo", func() string { return times("- a\n", 250000) }, nil, "[0-9]+ marks and elements"},
		{"items", "jekyll", func() string { return times("- a\n", 250000) }, nil, "[0-9]+ marks and elements"},
		{"items", "pelican", func() string { return times("- a\n", 250000) }, nil, "[0-9]+ marks and elements"},
		{"nested items", "jekyll", func() string { return times("- ", 500000) }, nil, ""},
		{"nested items", "pelican", func() string { return times("- ", 500000) }, nil, ""},
		{"nested items", "hugo", func() string { return times("- ", 500000) }, nil, "100 nested quotations and lists"},
		{"quotations", "hugo", func() string { return times("> - ", 250000) }, nil, "100 nested quotations and lists"},
		{"brackets", "hugo", func() string { return times("[", 1000000) }, nil, "[0-9]+ marks and elements"},
		{"brackets", "jekyll", func() string { return times("[", 1000000) }, nil, ""},
		{"brackets", "pelican", func() string { return times("[", 1000000) }, nil, ""},
		{"links that are not closed", "hugo", func() string { return times("[a](", 250000) }, nil, "what a line may hold of links"},
		{"links that are not closed", "jekyll", func() string { return times("[a](", 250000) }, nil, ""},
		{"links that are not closed", "pelican", func() string { return times("[a](", 250000) }, nil, ""},
		{"angles that are not closed", "jekyll", func() string { return times("[a](<b", 166666) }, nil, ""},
		{"emphasis", "hugo", func() string { return times("*a **a ", 142857) }, nil, "20000 marks of emphasis"},
		{"emphasis", "jekyll", func() string { return times("*a **a ", 142857) }, nil, ""},
		{"emphasis", "pelican", func() string { return times("*a **a ", 142857) }, nil, ""},
		{"emphasis of one letter", "jekyll", func() string { return times("*a* ", 250000) }, nil, "[0-9]+ marks and elements"},
		{"emphasis of one letter", "pelican", func() string { return times("*a* ", 250000) }, nil, "[0-9]+ marks and elements"},
		{"classes of a heading", "hugo", func() string { return head("# a {" + strings.Repeat(".b ", 300_000) + "}\n") }, nil, "what headings may hold of attributes"},
		{"lists in a heading's attributes", "markdown", func() string { return head("a {b=" + strings.Repeat("[", 900_000) + "\n===\n") }, nil, "what headings may hold of attributes"},
		{"attributes in attributes", "zola", func() string { return head("- > ## a " + strings.Repeat("{b=", 300_000) + "\n") }, nil, "what headings may hold of attributes"},
		{"headings with attributes", "hugo", func() string { return head(numbered("# a {#b%d .c d=e}\n\n", 20_000)) }, nil, ""},
		{"braces in a paragraph", "hugo", func() string { return times("{b=", 20_000) }, nil, ""},
		{"a language's name", "hugo", func() string { return head("```" + strings.Repeat("a{b=1}", 150_000) + "\nc\n```\n") }, nil, ""},
		{"names of languages", "jekyll", func() string { return head(numbered("```none%d\na\n```\n", 45_000)) }, nil, "2 seconds of work"},
		{"quotes", "hugo", func() string { return times("\"'", 500_000) }, nil, "[0-9]+ marks and elements"},
		{"quotes", "jekyll", func() string { return times("\"'", 500_000) }, nil, "[0-9]+ marks and elements"},
		{"a range of numbers that 1 does not change", "jekyll", func() string {
			return head("{% for i in (-9223372036854775808..9223372036854775807) limit:3 %}{{ i }}{% endfor %}")
		}, nil, ""},
		{"19,000 marks of emphasis", "hugo", func() string { return times("*a ", 19000) }, nil, ""},
		{"code spans", "hugo", func() string { return times("`a` ", 250000) }, nil, "[0-9]+ marks and elements"},
		{"code spans", "jekyll", func() string { return times("`a` ", 250000) }, nil, "[0-9]+ marks and elements"},
		{"code spans", "pelican", func() string { return times("`a` ", 250000) }, nil, "[0-9]+ marks and elements"},
		{"definitions of links", "hugo", func() string { return head(numbered("[a%d]: /x\n", 80_000)) }, nil, ""},
		{"a link with a long title", "hugo", func() string {
			return head("[a]: /x \"" + strings.Repeat("y", 9000) + "\"\n\n" + strings.Repeat("[a] ", 50_000))
		}, nil, "8 MB of HTML"},
		{"a link with a long title", "jekyll", func() string {
			return head("[a]: /x \"" + strings.Repeat("y", 9000) + "\"\n\n" + strings.Repeat("[a] ", 50_000))
		}, nil, "8 MB of HTML"},
		{"a link with a long title", "pelican", func() string {
			return head("[a]: /x \"" + strings.Repeat("y", 9000) + "\"\n\n" + strings.Repeat("[a] ", 50_000))
		}, nil, "8 MB of HTML"},
		{"an abbreviation with a long title", "jekyll", func() string {
			return head("*[aa]: " + strings.Repeat("x", 3000) + "\n\n" + strings.Repeat("aa ", 50_000))
		}, nil, "8 MB of HTML"},
		{"an abbreviation with a long title", "pelican", func() string {
			return head("*[aa]: " + strings.Repeat("x", 3000) + "\n\n" + strings.Repeat("aa ", 50_000))
		}, nil, "8 MB of HTML"},
		{"references to a note", "hugo", func() string { return head(strings.Repeat("[^1]", 250_000) + "\n\n[^1]: x") }, nil, "[0-9]+ marks and elements"},
		{"formatting that is opened again", "hugo", func() string { return head(numbered("<b id=%d>", 400) + strings.Repeat("<p>x", 150_000)) }, nil, "[0-9]+ marks and elements"},
		{"formatting that is opened again", "pelican", func() string { return head(numbered("<b id=%d>", 400) + strings.Repeat("<p>x", 150_000)) }, nil, "[0-9]+ marks and elements"},
		{"comments", "jekyll", func() string { return times("<!-- a ", 142857) }, nil, "[0-9]+ marks and elements"},
		{"ends of the excerpt", "hugo", func() string { return times("<!--more-->", 20000) }, nil, ""},
		{"ends of the excerpt", "jekyll", func() string { return times("<!--more-->", 20000) }, nil, ""},
		{"ends of the excerpt", "pelican", func() string { return times("<!--more-->", 20000) }, nil, ""},
		{"pictures", "hugo", func() string { return times("<img src=/a.png>\n", 20000) }, nil, ""},
		{"pictures", "jekyll", func() string { return times("<img src=/a.png>\n", 20000) }, nil, ""},
		{"pictures", "pelican", func() string { return times("<img src=/a.png>\n", 20000) }, nil, ""},
		{"links to what is not there", "hugo", func() string { return times("[a](b.md)\n", 20000) }, nil, ""},
		{"links to what is not there", "jekyll", func() string { return times("[a](b.md)\n", 20000) }, nil, ""},
		{"links to what is not there", "pelican", func() string { return times("[a](b.md)\n", 20000) }, nil, ""},
		{"fences", "hugo", func() string { return times("```js\nx\n```\n", 20000) }, nil, ""},
		{"code that lexers go back in", "hugo", func() string { return head("```js\n" + strings.Repeat("/", 80_000) + "\n```\n") }, nil, ""},
		{"blocks that lexers go back in", "hugo", func() string { return head(strings.Repeat("```java\n"+strings.Repeat("@a(", 3000)+"\n```\n\n", 20)) }, nil, ""},
		{"blocks that lexers go back in", "jekyll", func() string { return head(strings.Repeat("```java\n"+strings.Repeat("@a(", 3000)+"\n```\n\n", 20)) }, nil, ""},
		{"blocks that lexers go back in", "pelican", func() string { return head(strings.Repeat("```java\n"+strings.Repeat("@a(", 3000)+"\n```\n\n", 20)) }, nil, ""},
		{"Chinese", "hugo", func() string { return times("語。語", 100000) }, nil, ""},
		{"Chinese", "pelican", func() string { return times("語。語", 100000) }, nil, ""},
		{"indented code", "pelican", func() string { return times("    a\n\n", 142857) }, nil, ""},
		{"code that goes on", "jekyll", func() string { return times("    a\nb\n\n", 20000) }, nil, ""},
		{"rules on a line", "jekyll", func() string { return times("<hr>", 20000) }, nil, ""},
		{"a long word", "hugo", func() string { return times("a", 1000000) }, nil, ""},
		{"a long word", "jekyll", func() string { return times("a", 1000000) }, nil, ""},
		{"a long word", "pelican", func() string { return times("a", 1000000) }, nil, ""},
		{"white space", "hugo", func() string { return times("\t", 1000000) }, nil, ""},
		{"white space", "jekyll", func() string { return times("\t", 1000000) }, nil, ""},
		{"white space", "pelican", func() string { return times("\t", 1000000) }, nil, ""},
		{"attributes", "hugo", func() string { return head("<p " + numbered("a%d=b ", 100_000) + ">x</p>") }, nil, ""},
		{"attributes", "jekyll", func() string { return head("<p " + numbered("a%d=b ", 100_000) + ">x</p>") }, nil, ""},
		{"attributes", "pelican", func() string { return head("<p " + numbered("a%d=b ", 100_000) + ">x</p>") }, nil, ""},
		{"candidates of a picture", "hugo", func() string { return head("<img src=a srcset=\"" + strings.Repeat("a 1x,", 200_000) + "\">") }, nil, "8 MB of HTML"},
		{"candidates of a picture", "pelican", func() string { return head("<img src=a srcset=\"" + strings.Repeat("a 1x,", 200_000) + "\">") }, nil, ""},
		{"a filter that multiplies", "jekyll", func() string {
			return head("{% assign a = \"" + strings.Repeat("a", 60_000) + "\" %}{{ a | replace: \"a\", a }}")
		}, nil, ""},
		{"a filter on each of many tags", "jekyll", func() string {
			return head("{% assign a = \"" + strings.Repeat("a", 60_000) + "\" %}" + strings.Repeat("{{ a | split: \"a\" | join: \"b\" | size }}", 10_000))
		}, nil, "100000 tags and loop iterations"},
		{"lists that double", "jekyll", func() string {
			return head("{% assign l = \"a,b\" | split: \",\" %}" + strings.Repeat("{% assign l = l | concat: l %}", 40) + strings.Repeat("{{ l | sort | uniq | join: \"x\" | size }}", 1000))
		}, nil, ".*"},
		{"loops", "jekyll", func() string {
			return head("{% for i in (1..99999) %}{% for j in (1..99999) %}x{% endfor %}{% endfor %}")
		}, nil, "100000 tags and loop iterations"},
		{"loops that compare", "jekyll", func() string {
			return head("{% assign a = \"" + strings.Repeat("a", 60_000) + "\" %}{% for i in (1..90000) %}{% if a contains \"b\" %}x{% endif %}{% endfor %}")
		}, nil, ".*"},
		{"output of loops", "jekyll", func() string {
			return head("{% assign a = \"" + strings.Repeat("a", 60_000) + "\" %}{% for i in (1..9999) %}{{ a }}{% endfor %}")
		}, nil, "8 MB of text"},
		{"Markdown in loops", "jekyll", func() string {
			return head("{% capture a %}" + strings.Repeat("*a* ", 15_000) + "{% endcapture %}{% for i in (1..9999) %}{{ a | markdownify | size }}{% endfor %}")
		}, nil, ".*"},
		{"an include of itself", "jekyll", func() string { return head("{% include a.html %}") }, map[string]string{"_includes/a.html": "{% for i in (1..5000) %}{% include a.html %}{% endfor %}"}, "10 nested includes"},
		{"a large include", "jekyll", func() string { return times("{% include a.html %}", 1000) }, map[string]string{"_includes/a.html": strings.Repeat("x", 60_000)}, "8 MB of text"},
		{"conditions", "jekyll", func() string { return head("{% if " + strings.Repeat("a and ", 100_000) + "b %}x{% endif %}") }, nil, ""},
		{"open tags", "jekyll", func() string { return times("{% if a %}", 50000) }, nil, ""},
		{"raw text", "jekyll", func() string { return times("{% raw %}", 100000) }, nil, ""},
		{"highlighting", "jekyll", func() string {
			return head(strings.Repeat("{% highlight js %}\n"+strings.Repeat("`${", 3000)+"\n{% endhighlight %}\n\n", 100))
		}, nil, ""},
		{"loops of a shortcode", "hugo", func() string { return times("{{< x >}}\n", 1000) }, map[string]string{"layouts/shortcodes/x.html": "{{ range seq 2000 }}{{ range seq 2000 }}x{{ end }}{{ end }}"}, "(?:what a template of a shortcode|[0-9]+ (?:seconds|million))"},
		{"text that a shortcode repeats", "hugo", func() string { return times("{{< x >}}\n", 1000) }, map[string]string{"layouts/shortcodes/x.html": "{{ strings.Repeat 100000 \"abcdefghij\" }}"}, "(?:what a template of a shortcode|8 MB of text)"},
		{"expressions of a shortcode", "hugo", func() string { return head("{{< x >}}" + strings.Repeat("a", 60_000) + "{{< /x >}}") }, map[string]string{"layouts/shortcodes/x.html": "{{ $i := .Inner }}{{ range seq 2000 }}{{ $b := findRE \"((a{1,50}){1,10}){1,2}b\" $i }}{{ end }}"}, "(?:what a template of a shortcode|[0-9]+ (?:seconds|million))"},
		{"shortcodes that double their text", "hugo", func() string { return head(strings.Repeat("{{< x >}}", 50) + "a" + strings.Repeat("{{< /x >}}", 50)) }, map[string]string{"layouts/shortcodes/x.html": "{{ .Inner }}{{ .Inner }}"}, "what a template of a shortcode"},
		{"shortcodes", "hugo", func() string { return times("{{< y >}}\n", 20000) }, nil, "10000 shortcodes"},
		{"hooks that loop", "hugo", func() string { return times("# a\n\n", 5000) }, map[string]string{"layouts/_markup/render-heading.html": "<h2>{{ range seq 2000 }}{{ range seq 2000 }}{{ end }}{{ end }}{{ .Text }}</h2>"}, "(?:what a template of a shortcode|[0-9]+ (?:seconds|million))"},
		{"a long title", "hugo", func() string { return "---\ntitle: " + strings.Repeat("a", 300_000) + "\ndate: 2025-01-01\n---\nx\n" }, nil, "2000 bytes of title"},
		{"a long title", "jekyll", func() string { return "---\ntitle: " + strings.Repeat("a", 300_000) + "\ndate: 2025-01-01\n---\nx\n" }, nil, "2000 bytes of title"},
		{"a long title", "pelican", func() string { return "---\ntitle: " + strings.Repeat("a", 300_000) + "\ndate: 2025-01-01\n---\nx\n" }, nil, "2000 bytes of title"},
		{"3,000 tags", "hugo", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\ntags: [" + numbered("t%d,", 3000) + "]\n---\nx\n"
		}, nil, "500 tags"},
		{"3,000 tags", "jekyll", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\ntags: [" + numbered("t%d,", 3000) + "]\n---\nx\n"
		}, nil, "500 tags"},
		{"3,000 tags", "pelican", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\ntags: [" + numbered("t%d,", 3000) + "]\n---\nx\n"
		}, nil, "500 tags"},
		{"100,000 categories", "hugo", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\ncategories: " + numbered("t%d,", 100_000) + "\n---\nx\n"
		}, nil, "500 categories"},
		{"100,000 categories", "jekyll", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\ncategories: " + numbered("t%d,", 100_000) + "\n---\nx\n"
		}, nil, "500 categories"},
		{"100,000 categories", "pelican", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\ncategories: " + numbered("t%d,", 100_000) + "\n---\nx\n"
		}, nil, "500 categories"},
		{"front matter of 6 MB", "hugo", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\n" + strings.Repeat("k: ["+strings.Repeat("x,", 10_000)+"]\n", 290) + "bad: a: b\n---\nx\n"
		}, nil, "1 MB of front matter"},
		{"front matter of 6 MB", "jekyll", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\n" + strings.Repeat("k: ["+strings.Repeat("x,", 10_000)+"]\n", 290) + "bad: a: b\n---\nx\n"
		}, nil, "1 MB of front matter"},
		{"a long excerpt", "hugo", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\nsummary: \"" + strings.Repeat("*a* ", 100_000) + "\"\nexcerpt: \"" + strings.Repeat("*a* ", 100_000) + "\"\n---\nx\n"
		}, nil, "262144 bytes of"},
		{"a long excerpt", "jekyll", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\nsummary: \"" + strings.Repeat("*a* ", 100_000) + "\"\nexcerpt: \"" + strings.Repeat("*a* ", 100_000) + "\"\n---\nx\n"
		}, nil, "262144 bytes of"},
		{"a long excerpt", "pelican", func() string {
			return "---\ntitle: Hostile\ndate: 2025-01-01\nsummary: \"" + strings.Repeat("*a* ", 100_000) + "\"\nexcerpt: \"" + strings.Repeat("*a* ", 100_000) + "\"\n---\nx\n"
		}, nil, "262144 bytes of"},
	}
}
