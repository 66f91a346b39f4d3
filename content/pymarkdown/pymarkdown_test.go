package pymarkdown_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/content/limits"
	"publisher/content/pymarkdown"
)

// TestSyntax checks what Python-Markdown 3.4 with the extension extra makes of the same text, except
// for white space that does not show.
func TestSyntax(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"text after a block element is Markdown", "<div>in *raw*</div>\nText *right* after.", "<div>in *raw*</div>\n<p>Text <em>right</em> after.</p>"},
		{"a blank line does not end an element", "<pre><code>\n  a\n\n  # b\n</code></pre>\n*after*", "<pre><code>\n  a\n\n  # b\n</code></pre>\n<p><em>after</em></p>"},
		{"markdown=1", "<div class=\"n\" markdown=\"1\">\n**b** and [a](/x)\n</div>", "<div class=\"n\">\n<p><strong>b</strong> and <a href=\"/x\">a</a></p>\n</div>"},
		{"markdown without a value", "<details markdown>\n<summary>S</summary>\n*em*\n</details>", "<details>\n<summary>S</summary>\n<p><em>em</em></p>\n</details>"},
		{"markdown=span", "<div markdown=\"span\">*x*</div>", "<div><em>x</em></div>"},
		{"an inline tag does not begin a block", "<span>\n*em*\n</span>", "<p><span>\n<em>em</em>\n</span></p>"},
		{"emphasis beside letters of all scripts", "**强调的词：**Ada and snake_case_name", "<p><strong>强调的词：</strong>Ada and snake_case_name</p>"},
		{"emphasis in emphasis", "**c *d*** and ***e***", "<p><strong>c <em>d</em></strong> and <strong><em>e</em></strong></p>"},
		{"escapes", `It reads \[_x_\], dir returns \[...,'\_\_add\_\_',...\]. \__builtin__ module`, "<p>It reads [<em>x</em>], dir returns [...,'__add__',...]. __builtin__ module</p>"},
		{"a backslash that escapes nothing", `a \, b \; c \% d`, `<p>a \, b \; c \% d</p>`},
		{"spaces in addresses", "![cat](/my cat.png)\n\n[cat](/my cat.html \"T\")", "<p><img src=\"/my cat.png\" alt=\"cat\" /></p>\n<p><a href=\"/my cat.html\" title=\"T\">cat</a></p>"},
		{"references", "See [a] [x], [x][] and [x].\n\n[x]: /s \"T\"", "<p>See <a href=\"/s\" title=\"T\">a</a>, <a href=\"/s\" title=\"T\">x</a> and <a href=\"/s\" title=\"T\">x</a>.</p>"},
		{"brackets in brackets are not a reference", "[[x]]\n\n[x]: /s", "<p>[[x]]</p>"},
		{"code with a pipe in a table", "F | M\n--|--\n`a|b` | c", "<table>\n<thead>\n<tr>\n<th>F</th>\n<th>M</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>a|b</code></td>\n<td>c</td>\n</tr>\n</tbody>\n</table>"},
		{"a list does not interrupt a paragraph", "Text\n- a", "<p>Text\n- a</p>"},
		{"a nested list needs four spaces", "- a\n    - b\n- c", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>"},
		{"code in a list", "1. a\n\n        x\n\n2. b", "<ol>\n<li>\n<p>a</p>\n<pre><code>x\n</code></pre>\n</li>\n<li>\n<p>b</p>\n</li>\n</ol>"},
		{"fenced code", "```python\n<b>\n```\nText", "<pre><code>&lt;b&gt;\n</code></pre>\n<p>Text</p>"},
		{"a heading without a space", "#Head\nText", "<h1>Head</h1>\n<p>Text</p>"},
		{"definitions and abbreviations", "HTML\n:   Markup\n\n*[HTML]: Hyper", "<dl>\n<dt><abbr title=\"Hyper\">HTML</abbr></dt>\n<dd>Markup</dd>\n</dl>"},
		{"attribute lists after elements", "*a*{: .x} `b`{.y} [c](/c){: target=\"_blank\"} ![d](/d){: .z}", "<p><em>a</em> <code>b</code> <a href=\"/c\">c</a> <img src=\"/d\" alt=\"d\" /></p>"},
		{"braces that are not an attribute list", "`{:.x}` and `{: .y}`, <b>z</b>{:/} and (a){:b}", "<p><code>{:.x}</code> and <code>{: .y}</code>, <b>z</b>{:/} and (a){:b}</p>"},
		{"two kinds of code marks", "a ``b ` c`` d `` e", "<p>a <code>b ` c</code> d `` e</p>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := strings.TrimSpace(pymarkdown.HTML(test.source, pymarkdown.Options{Extra: true}))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestExtensions checks the extensions that are not part of extra.
func TestExtensions(t *testing.T) {
	tests := []struct {
		name, source, want string
		options            pymarkdown.Options
	}{
		{"nl2br", "a\nb", "<p>a<br />\nb</p>", pymarkdown.Options{HardWrap: true}},
		{"smarty", `"It's" -- so...`, "<p>“It’s” – so…</p>", pymarkdown.Options{Smarty: true}},
		{"admonition", "!!! note\n    *a*", "<div class=\"admonition note\">\n<p><strong>Note</strong></p>\n<p><em>a</em></p>\n</div>", pymarkdown.Options{Admonitions: true}},
		{"brackets are not math to render_math", `\[x\] $ y*1*$ \(*z*\) $5 and $6`, `<p>[x] $ y*1*$ (<em>z</em>) $5 and $6</p>`, pymarkdown.Options{Math: true}},
		{"brackets of arithmatex", `\[x_1\] \(*z*\)`, `<p>\[x_1\] \(*z*\)</p>`, pymarkdown.Options{Math: true, MathBrackets: true}},
		{"long dashes", `"It's" -- so...`, "<p>“It’s” — so…</p>", pymarkdown.Options{Smarty: true, LongDashes: true}},
		{"contents", "[TOC]\n\n# A\n\n## B\n\n### C", "<nav><p>In here</p><ul><li><a href=\"#x\">B</a></li></ul></nav>\n<h1 id=\"x\">A</h1>\n<h2 id=\"x\">B</h2>\n<h3 id=\"x\">C</h3>", pymarkdown.Options{TOC: true, TOCTitle: "In here", TOCDepth: [2]int{2, 2}, HeadingID: func(string) string { return "x" }}},
		{"a reference without its semicolon", "&#39, `&#39`", "<p>&#39;, <code>&amp;#39;</code></p>", pymarkdown.Options{}},
		{"sane lists", "3. a\n* b\n4. c\n\n* d\n1. e", "<ol start=\"3\">\n<li>a\n* b</li>\n<li>c</li>\n</ol>\n<ul>\n<li>d\n1. e</li>\n</ul>", pymarkdown.Options{SaneLists: true}},
		{"math", `a $x_1 \{ * y_2$ b`, `<p>a $x_1 \{ * y_2$ b</p>`, pymarkdown.Options{Math: true}},
		{"none", "a | b\n--|--\nc | d", "<p>a | b\n--|--\nc | d</p>", pymarkdown.Options{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := strings.TrimSpace(pymarkdown.HTML(test.source, test.options))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

var hostile = []string{"*a ", "**a ", "***a ", "_a ", "__a ", "[", "![", "[a](", "[a][", "`", "``a`", "<b ", "<div>", "<div>\n", "</div>", "<!--", "<a b=\"", "$a ", "{:", "> ", "> a\n", "- a\n", "- a\n    ", "# a\n", "a | b\n", "&", "\"", "[^1]", "*[A]: b\n\n", "[a]: b\n\n", "[^a]: b\n", "```\n", "~~~a\n", ": a\n", "1. a\n\n    ", "\\", "!!! a\n", "<div markdown>\n", "<p markdown=1>", "\n\n---", "a\n===\n"}

// TestGrowth checks that ten times the input takes about ten times the steps, and about ten times
// the memory.
func TestGrowth(t *testing.T) {
	for _, mark := range hostile {
		count := func(n int) (steps, parts int) {
			budget := limits.New(t.Context(), func() time.Duration { return 0 }, time.Second)
			pymarkdown.HTML(strings.Repeat(mark, n), pymarkdown.Options{Extra: true, Admonitions: true, Math: true, Budget: budget})
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
	f.Add("<div markdown=\"1\">\n*a*\n<p>x</p>\n</div> b\n\n| a | `b|c` |\n|-|-|\n\n# h {#i}\n\n[a]: <b> \"c\"\n\n[a] [a]{: #x}")
	f.Fuzz(func(t *testing.T, source string) {
		watch := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("%q takes too long", source)) })
		defer watch.Stop()
		for _, o := range []pymarkdown.Options{{Extra: true, Admonitions: true, Math: true, TOC: true}, {HardWrap: true, Smarty: true, SaneLists: true, LongDashes: true, Math: true, MathBrackets: true}} {
			if out := pymarkdown.HTML(source, o); len(out) > 1000+1000*len(source) {
				t.Errorf("%d bytes of output for %d of input", len(out), len(source))
			}
		}
	})
}

// TestWideTable checks that the cells that fill up short rows are bounded.
func TestWideTable(t *testing.T) {
	wide := strings.Repeat("a|", 2000)
	source := wide + "\n" + strings.Repeat("-|", 2000) + "\n" + strings.Repeat("x|y\n", 50_000)
	if out := pymarkdown.HTML(source, pymarkdown.Options{Tables: true}); len(out) > 8<<20 {
		t.Errorf("%d bytes of output for %d of input", len(out), len(source))
	}
}
