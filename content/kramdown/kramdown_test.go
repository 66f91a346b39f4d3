package kramdown_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/content/kramdown"
	"publisher/content/limits"
)

// TestSyntax checks what kramdown 2.4 with kramdown-parser-gfm makes of the same text, except for the
// classes and the white space that do not show.
func TestSyntax(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"text after a block element is Markdown", "<div>in *raw*</div>\nText *right* after.", "<div>in *raw*</div>\n<p>Text <em>right</em> after.</p>"},
		{"text after an end tag in the same line", "<div>in</div> *after*", "<div>in</div>\n<p><em>after</em></p>"},
		{"a blank line does not end an element", "<pre><code>\n  a\n\n  # b\n    c {:x => 1}\n</code></pre>\n*after*", "<pre><code>\n  a\n\n  # b\n    c {:x => 1}\n</code></pre>\n<p><em>after</em></p>"},
		{"markdown=1 in a block element", "<div class=\"n\" markdown=\"1\">\n**b**\n\n- i\n</div>", "<div class=\"n\">\n<p><strong>b</strong></p>\n<ul>\n<li>i</li>\n</ul>\n</div>"},
		{"markdown=1 in an element of text", "<p markdown=\"1\">*x*</p>", "<p><em>x</em></p>"},
		{"markdown=span and 0", "<div markdown=\"span\">*x*</div>\n<div markdown=\"0\">*x*</div>", "<div><em>x</em></div>\n<div>*x*</div>"},
		{"markdown=1 deep in raw HTML", "<table><tr><td markdown=\"1\">*x*\n</td></tr></table>", "<table><tr><td>\n<p><em>x</em></p>\n</td></tr></table>"},
		{"an unmatched end tag", "<div>a</b></div>", "<div>a&lt;/b&gt;</div>"},
		{"a span element does not begin a block", "<span>\n*em*\n</span>\n\n<img src=\"a\">\n**b**", "<p><span>\n<em>em</em>\n</span></p>\n<p><img src=\"a\" />\n<strong>b</strong></p>"},
		{"span elements with raw content", "<u>*u*</u> <kbd>*k*</kbd> <b>*b*</b>", "<p><u>*u*</u> <kbd>*k*</kbd> <b><em>b</em></b></p>"},
		{"a block tag in text is text", "a <div>b</div>", "<p>a &lt;div&gt;b&lt;/div&gt;</p>"},
		{"a comment", "<!-- c -->\n*after*", "<!-- c --><p><em>after</em></p>"},
		{"a script", "<script>\n\n*x*\n</script>\n*after*", "<script>\n\n*x*\n</script>\n<p><em>after</em></p>"},
		{"emphasis beside letters of all scripts", "**强调的词：**Ada", "<p><strong>强调的词：</strong>Ada</p>"},
		{"an underscore in a word", "snake_case_name and _em_ and a * b", "<p>snake_case_name and <em>em</em> and a * b</p>"},
		{"an escaped underscore", `\__dir__ not`, "<p>__dir__ not</p>"},
		{"escaped brackets", `It reads \[_x_\] and \[[pdf](b_c.pdf)\].`, `<p>It reads [<em>x</em>] and [<a href="b_c.pdf">pdf</a>].</p>`},
		{"spaces in addresses", "[cat](/my cat.html) ![](/my cat.jpg)", `<p><a href="/my cat.html">cat</a> <img src="/my cat.jpg" alt="" /></p>`},
		{"a reference after a space", "See [1.8] [source] and [source][].\n\n[source]: /s \"T\"", `<p>See <a href="/s" title="T">1.8</a> and <a href="/s" title="T">source</a>.</p>`},
		{"a definition with one parenthesis", "See [patch].\n\n[patch]: https://g.example/c948)\n[other]: /o", `<p>See <a href="https://g.example/c948)">patch</a>.</p>`},
		{"an attribute list over two lines", "![C](/c.jpg){:\n.icon width=\"70\"}A book", `<p><img src="/c.jpg" class="icon" width="70" alt="C" />A book</p>`},
		{"a block's attribute list, and one defined", "{:wide: width=\"9\"}\n\nText.\n{: #i wide}", `<p width="9" id="i">Text.</p>`},
		{"an end of a block", "* item\n^\n\n    code", "<ul>\n<li>item</li>\n</ul>\n<pre><code>code\n</code></pre>"},
		{"code with a pipe in a table", "| F | M |\n|---|---|\n| `a | b` | c |", "<table>\n<thead>\n<tr><th>F</th><th>M</th></tr>\n</thead>\n<tbody>\n<tr><td><code>a | b</code></td><td>c</td></tr>\n</tbody>\n</table>"},
		{"a table without a head, with a foot", "a | b\n====|===\nc | d", "<table>\n<tbody>\n<tr><td>a</td><td>b</td></tr>\n</tbody>\n<tfoot>\n<tr><td>c</td><td>d</td></tr>\n</tfoot>\n</table>"},
		{"formulas", "Inline $$a_1 \\\\ b_2$$.\n\n$$\na < b_1 * c * d\n$$", "<p>Inline \\(a_1 \\\\ b_2\\).</p>\n<p>\\[a &lt; b_1 * c * d\\]</p>"},
		{"line breaks", "a  \nb\\\nc\\\\\nd", "<p>a<br />\nb<br />\nc<br />\nd</p>"},
		{"typographic characters", `"It's" -- 'so'... the '90s << a >>`, "<p>“It’s” – ‘so’… the ’90s «\u00a0a\u00a0»</p>"},
		{"quotes around a lone s", `"q" 's' a-'s'` + "\n's' (" + `"q")`, "<p>“q” ‘s’ a-‘s’\n‘s’ (“q”)</p>"},
		{"a block's attribute list over lines", "Text.\n{: .lead\n   #x}\n\n* one\n{: #y\n   .b}\n* two\n\n> q\n{: .c\n#z}", "<p class=\"lead\" id=\"x\">Text.</p>\n<ul class=\"b\" id=\"y\">\n<li>one</li>\n</ul>\n<ul>\n<li>two</li>\n</ul>\n<blockquote class=\"c\" id=\"z\">\n<p>q</p>\n</blockquote>"},
		{"braces over lines in text", "text {: .no\nt} more", "<p>text {: .no\nt} more</p>"},
		{"abbreviations and definitions", "HTML\n: Markup\n\n*[HTML]: Hyper", "<dl>\n<dt><abbr title=\"Hyper\">HTML</abbr></dt>\n<dd>Markup</dd>\n</dl>"},
		{"a comment and raw text of its own", "{::comment}\nx\n{:/comment}\n\na{::nomarkdown}*b*{:/}", "<p>a*b*</p>"},
		{"headings", "# One #\nTwo\n===\n\n## Own {#own}", "<h1 id=\"one\">One</h1>\n<p>Two\n===</p>\n<h2 id=\"own\">Own</h2>"},
		{"a fence with words after the language is not a fence", "``` ruby\nputs 1\n```", "<pre><code>puts 1\n</code></pre>"},
		{"a list without a blank line", "Text\n- a\n  - b\n- c", "<p>Text</p>\n<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>"},
		{"a footnote", "a[^1]\n\n[^1]: Note.", `<p>a<sup id="fnref:1" role="doc-noteref"><a href="#fn:1" class="footnote" rel="footnote">1</a></sup></p>` + "\n" + `<div class="footnotes" role="doc-endnotes"><ol>` + "\n" + `<li id="fn:1">` + "\n<p>Note.\u00a0" + `<a href="#fnref:1" class="reversefootnote" role="doc-backlink">&#8617;</a></p>` + "\n</li>\n</ol></div>"},
		{"a table of contents", "* x\n{:toc}\n\n# A\n\n## B\n{: .no_toc}", "<nav><ul><li><a href=\"#a\">A</a></li></ul></nav>\n<h1 id=\"a\">A</h1>\n<h2 class=\"no_toc\" id=\"b\">B</h2>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := strings.TrimSpace(kramdown.HTML(test.source, kramdown.Options{GFM: true}))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestSettings checks the settings of kramdown that change the output.
func TestSettings(t *testing.T) {
	tests := []struct {
		name, source, want string
		options            kramdown.Options
	}{
		{"what is not a tag in HTML", "<pre>\na <b@c.d> < e <f>g</f>\n</pre>", "<pre>\na &lt;b@c.d> &lt; e <f>g</f>\n</pre>", kramdown.Options{GFM: true}},
		{"hard_wrap", "a\nb", "<p>a<br />\nb</p>", kramdown.Options{GFM: true, HardWrap: true}},
		{"parse_block_html", "<div>*a*\n</div>", "<div>\n<p><em>a</em></p>\n</div>", kramdown.Options{GFM: true, ParseBlockHTML: true}},
		{"parse_span_html", "<b>*a*</b>", "<p><b>*a*</b></p>", kramdown.Options{GFM: true, KeepSpanHTML: true}},
		{"smart_quotes", `"a" 'b'`, `<p>"a" 'b'</p>`, kramdown.Options{GFM: true, SmartQuotes: []string{"'", "'", `"`, `"`}}},
		{"no_auto_typographic", "a -- b...", "<p>a -- b...</p>", kramdown.Options{GFM: true, NoTypography: true}},
		{"no math engine", "$$a$$", "<p>$$\na\n$$</p>", kramdown.Options{GFM: true, NoMathEngine: true}},
		{"input kramdown", "text\n- a\n\n#Head\n\n~~a~~", "<p>text\n- a</p>\n<h1 id=\"head\">Head</h1>\n<p>~~a~~</p>", kramdown.Options{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := strings.TrimSpace(kramdown.HTML(test.source, test.options))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// hostile are beginnings that look for an end that is missing.
var hostile = []string{"{:\n", "{: a\nb\n", "*a ", "**a ", "_a ", "[", "![", "[a](", "`", "``a`", "<b>", "<div>", "<div>\n", "<!--", "<a b=\"", "$$a ", "{:", "{::a}", "> ", "- a\n", "- ", "# a\n", "a | b\n", "~~a ", "&", "\"", "[^1]", "*[A]: b\n", "[a]: b\n", "^\n", "```\n", "~~~~a\n", ": a\n\n", "1. a\n\n    ", "</div>", "\\", "<x:y z>"}

// TestGrowth checks that ten times the input takes about ten times the steps, and about ten times
// the memory.
func TestGrowth(t *testing.T) {
	for _, mark := range hostile {
		count := func(n int) (steps, parts int) {
			budget := limits.New(t.Context(), func() time.Duration { return 0 }, time.Second)
			kramdown.HTML(strings.Repeat(mark, n), kramdown.Options{GFM: true, Budget: budget})
			steps, _, parts = budget.Spent()
			return steps, parts
		}
		steps, parts := count(1000)
		moreSteps, moreParts := count(10_000)
		// Reading again in vain is bounded by maxRetries.
		if moreSteps > 12*steps+maxSpared || moreParts > 12*parts+100 {
			t.Errorf("%q: 1,000 times take %d steps and %d parts, 10,000 times %d and %d", mark, steps, parts, moreSteps, moreParts)
		}
	}
}

// maxSpared is how many steps a document may spend on reading again what turned out to open nothing.
const maxSpared = 600_000

// FuzzHTML checks that any text is converted without a panic, in bounded time, to bounded output.
func FuzzHTML(f *testing.F) {
	for _, seed := range hostile {
		f.Add(strings.Repeat(seed, 3) + "a")
	}
	f.Add("<div markdown=\"1\">\n*a*\n<p>x</p>\n</div> b\n{: .c}\n\n| a | `b|c` |\n|-|-|\n* x\n{:toc}\n\n# h {#i}\n[a]: <b> \"c\"\n[a] [a]")
	f.Fuzz(func(t *testing.T, source string) {
		watch := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("%q takes too long", source)) })
		defer watch.Stop()
		for _, o := range []kramdown.Options{{GFM: true}, {ParseBlockHTML: true, HardWrap: true, GFM: true}, {}} {
			if out := kramdown.HTML(source, o); len(out) > 1000+400*len(source) {
				t.Errorf("%d bytes of output for %d of input", len(out), len(source))
			}
		}
	})
}
