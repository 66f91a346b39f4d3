//go:build unix

package content_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/racedetector"
)

// constructs are bodies of n of a kind. None may take more than about n times the work
// of one.
var constructs = map[string]func(n int) string{
	"headings":              repeated("# a\n"),
	"headings and contents": func(n int) string { return "[TOC]\n\n* toc\n{:toc}\n\n" + strings.Repeat("## a\n\n", n) },
	"lists of contents":     repeated("* toc\n{:toc}\n"),
	"list items":            repeated("- a\n"),
	"loose list items":      repeated("- a\n\n  b\n"),
	"numbered items":        repeated("1. a\n"),
	"definitions":           repeated("a\n: b\n\n"),
	"quotations":            repeated("> a\n\n"),
	"paragraphs":            repeated("a\n\n"),
	"line breaks":           repeated("a  \n"),
	"emphasis":              repeated("*a* "),
	"emphasis in words":     func(n int) string { return "a**b" + strings.Repeat("c* ", n) },
	"code spans":            repeated("`a` "),
	"code blocks":           repeated("    a\n\nb\n\n"),
	"fences":                repeated("```\na\n```\n\n"),
	"tables":                repeated("| a | b |\n|--|--|\n| c | d |\n\n"),
	"rows of a table":       func(n int) string { return "| a | b |\n|--|--|\n" + strings.Repeat("|\n", n) },
	"links":                 repeated("[a](b.md)\n"),
	"links without an end":  repeated("[a]("),
	"links in angles":       repeated("[a](<b"),
	"pictures":              numbered("![a](a%d.png)\n\n"),
	"references": func(n int) string {
		return numbered("[b%d]\n")(n) + "\n" + numbered("[b%d]: /x\n")(n)
	},
	"notes":                      func(n int) string { return numbered("a[^a%d]\n\n")(n) + numbered("[^a%d]: x\n\n")(n) },
	"references to a note":       func(n int) string { return strings.Repeat("[^1]", n) + "\n\n[^1]: x" },
	"abbreviations":              func(n int) string { return numbered("*[a%d]: x\n")(n) + strings.Repeat("a b ", n) },
	"attribute lists":            repeated("a\n{: .b}\n\n"),
	"attributes in a list":       func(n int) string { return "# a {" + strings.Repeat("a=b ", n) + "}" },
	"attributes of an element":   func(n int) string { return "<p " + numbered("a%d=b ")(n) + ">x</p>" },
	"boxes":                      repeated("<div>\n\na\n\n</div>\n\n"),
	"end tags":                   repeated("</div>\n"),
	"addresses without an end":   repeated("<a@"),
	"comments without an end":    repeated("<!-- a "),
	"angles":                     repeated("<"),
	"brackets":                   repeated("["),
	"raw words":                  repeated("a<b>"),
	"Liquid's output":            repeated("{{ page.title }} "),
	"Liquid's conditions":        repeated("{% if a %}b{% endif %} "),
	"shortcodes":                 repeated("{{< x >}} "),
	"formulas without an end":    repeated(`\( `),
	"dollars":                    repeated("$a "),
	"marks of the excerpt's end": repeated("a<!--more-->b\n\n"),
	"nested quotations":          func(n int) string { return strings.Repeat("> > > > a\n\n", n) },
	"nested items":               repeated("- a\n  - b\n    - c\n"),
	"items of two paragraphs":    repeated("- a\n\n  b\n\n"),
	"tasks":                      repeated("- [ ] a\n"),
	"code in items":              repeated("- a\n\n      b\n"),
	"code that goes on":          repeated("    a\nb\n\n"),
	"indented code":              repeated("    a\n\n"),
	"rules":                      repeated("---\n\n"),
	"rules of HTML":              repeated("<hr>"),
	"headings with an id":        numbered("# a {#b%d}\n\n"),
	"headings by underlining":    repeated("a\n===\n\n"),
	"strong emphasis":            repeated("**a** "),
	"emphasis by underscores":    repeated("_a_ "),
	"emphasis left open":         repeated("__a "),
	"struck text":                repeated("~~a~~ "),
	"backticks":                  repeated("`` ` "),
	"escapes":                    repeated("\\*"),
	"entities":                   repeated("&amp; "),
	"entities without an end":    repeated("&#x"),
	"autolinks":                  repeated("<https://a.example> "),
	"bare addresses":             repeated("https://a.example "),
	"mail addresses":             repeated("a@b.example "),
	"definitions of links": func(n int) string {
		return numbered("[b%d]: /x\n")(n)
	},
	"one definition again":      repeated("[a]: /x\n"),
	"uses of one definition":    func(n int) string { return strings.Repeat("[a] ", n) + "\n\n[a]: /x" },
	"abbreviations that differ": func(n int) string { return numbered("*[a%d]: x\n")(n) + numbered("a%d ")(n) },
	"uses of an abbreviation":   func(n int) string { return "*[aa]: x\n\n" + strings.Repeat("aa b ", n) },
	"definitions of a term":     func(n int) string { return "a\n" + strings.Repeat(": b\n", n) },
	"admonitions":               repeated("!!! note\n    a\n\n"),
	"alerts":                    repeated("> [!NOTE]\n> a\n\n"),
	"ends of blocks":            repeated("a\n^\n"),
	"attributes of spans":       repeated("*a*{: .b} "),
	"definitions of attributes": numbered("{:a%d: .b}\n"),
	"comments":                  repeated("<!-- a -->\n"),
	"elements":                  repeated("<span>a</span> "),
	"paragraphs of HTML":        repeated("<p>a</p>\n"),
	"elements left open":        repeated("<b>"),
	"styles":                    repeated("<p style=\"color:red\">a</p>\n\n"),
	"links of HTML":             numbered("<a href=\"/x%d\">a</a>\n"),
	"pictures of HTML":          repeated("<img src=/a.png>\n"),
	"candidates of a picture":   func(n int) string { return "<img src=a srcset=\"" + numbered("a%d.png %[1]dw,")(n) + "\">" },
	"frames":                    repeated("<iframe src=\"https://www.youtube.com/embed/abcdefghijk\"></iframe>\n"),
	"sentences":                 repeated("A word. "),
	"words":                     repeated("word "),
	"Chinese":                   repeated("語。"),
	"formulas":                  repeated("$a_1$ "),
	"formulas between lines":    repeated("$$a$$\n\n"),
	"quotes":                    repeated("\"a\" 'b' "),
	"dashes and dots":           repeated("a -- b... "),
	"smileys":                   repeated(":smile: "),
	"white space":               repeated("\t"),
}

func repeated(piece string) func(int) string {
	return func(n int) string { return strings.Repeat(piece, n) }
}

func numbered(piece string) func(int) string {
	return func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, piece, i)
		}
		return b.String()
	}
}

// BenchmarkGrowth shows how work grows: ten times as much of a construct is to take
// about ten times as long, and takes a hundred times as long where it grows with the
// square.
func BenchmarkGrowth(b *testing.B) {
	for name, body := range constructs {
		for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican} {
			for _, n := range []int{1000, 10_000} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, d, n), func(b *testing.B) {
					tree, posts := blogOf(b, d, body(n))
					defer reportWork(b, processorTime())
					for b.Loop() {
						_, _, _ = tree.Render(context.Background(), posts[0])
					}
				})
			}
		}
	}
}

// TestGrowth shows the same by what is counted, which no load changes: ten times as much of
// a construct takes about ten times the steps, or is refused.
func TestGrowth(t *testing.T) {
	for name, body := range constructs {
		for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican} {
			steps := func(n int) int {
				tree, posts := blogOf(t, d, body(n))
				_, spent, err := tree.RenderCounted(context.Background(), posts[0])
				if failed := (*content.RenderError)(nil); err != nil && (!errors.As(err, &failed) || failed.Limit == "") {
					t.Fatal(name, d, err)
				}
				return spent.Steps
			}
			// What may be read again in vain is bounded for each document.
			const spared = 1_000_000
			n := 500
			if racedetector.Enabled { // steps are as many with it, and it takes minutes for these
				n = 50
			}
			if few, many := steps(n), steps(10*n); many > 12*few+spared {
				t.Errorf("%s in %s: %d take %d steps, %d take %d", name, d, n, few, 10*n, many)
			}
		}
	}
}

// growthOf measures a post's reading and rendering for 1,000 and 10,000 of something.
func growthOf(b *testing.B, name string, d config.Dialect, files map[string]string, text func(n int) string) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
			tree := treeWith(b, d, files, text(n))
			defer reportWork(b, processorTime())
			for b.Loop() {
				scan, err := tree.Scan(context.Background(), nil, "test")
				if err != nil {
					b.Fatal(err)
				}
				for _, p := range scan.Posts {
					_, _, _ = tree.Render(context.Background(), p)
				}
			}
		})
	}
}

const growthHead = "---\ntitle: A\ndate: 2024-01-02\n---\n"

// BenchmarkGrowthLiquid is one filter or tag many times.
func BenchmarkGrowthLiquid(b *testing.B) {
	filters := "absolute_url abs append:'b' array_to_sentence_string at_least:1 at_most:1 capitalize ceil cgi_escape compact concat:l date:'%Y' date_to_long_string date_to_rfc822 date_to_string date_to_xmlschema default:'b' divided_by:2 downcase escape escape_once find:'a','b' first floor group_by:'a' inspect join:',' jsonify last lstrip map:'a' markdownify minus:1 modulo:2 newline_to_br normalize_whitespace number_of_words plus:1 pop prepend:'b' push:'b' relative_url remove:'a' remove_first:'a' remove_last:'a' replace:'a','b' replace_first:'a','b' replace_last:'a','b' reverse round rstrip shift size slice:0,1 slugify smartify sort sort_natural split:',' strip strip_html strip_newlines sum times:2 truncate:2 truncatewords:2 uniq unshift:'b' upcase uri_escape url_decode url_encode where:'a','b' where_exp:'i','i' xml_escape"
	for filter := range strings.FieldsSeq(filters) {
		growthOf(b, filter, config.Jekyll, nil, func(n int) string {
			return growthHead + "{% assign l = 'c,b,a' | split: ',' %}" + strings.Repeat("{{ 'a b' | "+filter+" }}{{ l | "+filter+" }}\n", n)
		})
	}
	for _, tag := range []string{"{% if a %}b{% else %}c{% endif %}", "{% unless a %}b{% endunless %}", "{% case a %}{% when 1 %}b{% endcase %}", "{% for i in (1..2) %}{{ i }}{% endfor %}", "{% assign a = 1 %}", "{% capture a %}b{% endcapture %}", "{% raw %}{{ a }}{% endraw %}", "{% comment %}a{% endcomment %}", "{% highlight go %}a{% endhighlight %}", "{% include a.html %}", "{% include a.html b='c' %}", "{% link a.md %}", "{% post_url 2024-01-02-a %}", "{% increment a %}", "{% cycle 'a', 'b' %}", "{% unknown %}"} {
		growthOf(b, tag, config.Jekyll, map[string]string{"_includes/a.html": "{{ include.b }}{{ page.title }}"}, func(n int) string { return growthHead + strings.Repeat(tag+"\n", n) })
	}
}

// BenchmarkGrowthHugo is a shortcode whose template calls one function many times.
func BenchmarkGrowthHugo(b *testing.B) {
	for _, call := range []string{"add 1 2", "after 1 (slice 1 2)", "anchorize \"a b\"", "append 1 (slice 2)", "base64Encode \"a\"", "chomp \"a\"", "contains \"a\" \"b\"", "countrunes \"a\"", "countwords \"a\"", "default 1 2", "delimit (slice 1 2) \",\"", "dict \"a\" 1", "findRE \"a\" \"ab\"", "first 1 (slice 1 2)", "hasPrefix \"a\" \"b\"", "highlight \"a\" \"go\" \"\"", "htmlEscape \"<\"", "in (slice 1 2) 1", "index (slice 1) 0", "isset (dict \"a\" 1) \"a\"", "len \"a\"", "lower \"A\"", "markdownify \"*a*\"", "md5 \"a\"", "merge (dict \"a\" 1) (dict \"b\" 2)", "plainify \"<b>\"", "print 1", "printf \"%d\" 1", "relURL \"a\"", "replace \"a\" \"a\" \"b\"", "replaceRE \"a\" \"b\" \"a\"", "safeHTML \"a\"", "seq 3", "sha256 \"a\"", "slice 1 2", "split \"a,b\" \",\"", "strings.Repeat 3 \"a\"", "substr \"abc\" 1 1", "time \"2024-01-02\"", "trim \" a \" \" \"", "upper \"a\"", "urlize \"a b\""} {
		growthOf(b, call, config.Hugo, map[string]string{"layouts/shortcodes/x.html": "{{ range (slice 1 2) }}{{ $a := " + call + " }}{{ end }}a"}, func(n int) string {
			return growthHead + strings.Repeat("{{< x >}}\n", n)
		})
	}
}

// BenchmarkGrowthFrontMatter is front matter of many keys, values and lines.
func BenchmarkGrowthFrontMatter(b *testing.B) {
	for name, post := range map[string]func(n int) string{
		"YAML keys": func(n int) string { return "---\ntitle: A\ndate: 2024-01-02\n" + numbered("k%d: a\n")(n) + "---\nx" },
		"YAML lists": func(n int) string {
			return "---\ntitle: A\ndate: 2024-01-02\nk:\n" + strings.Repeat("  - a\n", n) + "---\nx"
		},
		"YAML in brackets": func(n int) string {
			return "---\ntitle: A\ndate: 2024-01-02\nk: [" + strings.Repeat("{a: b},", n) + "]\n---\nx"
		},
		"YAML text": func(n int) string {
			return "---\ntitle: A\ndate: 2024-01-02\nk: |\n" + strings.Repeat("  a\n", n) + "---\nx"
		},
		"YAML with a fault": func(n int) string {
			return "---\ntitle: A\ndate: 2024-01-02\n" + numbered("k%d: a\n")(n) + "bad: a: b\n---\nx"
		},
		"TOML keys": func(n int) string {
			return "+++\ntitle = 'A'\ndate = 2024-01-02\n" + numbered("k%d = 1\n")(n) + "+++\nx"
		},
		"TOML tables": func(n int) string { return "+++\ntitle = 'A'\ndate = 2024-01-02\n" + numbered("[t%d]\n")(n) + "+++\nx" },
		"TOML lists": func(n int) string {
			return "+++\ntitle = 'A'\ndate = 2024-01-02\nk = [" + strings.Repeat("1,", n) + "]\n+++\nx"
		},
		"a long TOML key": func(n int) string {
			return "+++\ntitle = 'A'\ndate = 2024-01-02\n" + strings.Repeat("k", n) + " = 1\n+++\nx"
		},
		"dots of TOML": func(n int) string {
			return "+++\ntitle = 'A'\ndate = 2024-01-02\n" + strings.Repeat("k.", n) + "k = 1\n+++\nx"
		},
		"JSON keys": func(n int) string { return `{"title":"A","date":"2024-01-02"` + numbered(`,"k%d":1`)(n) + "}\nx" },
		"JSON lists": func(n int) string {
			return `{"title":"A","date":"2024-01-02","k":[1` + strings.Repeat(",1", n) + "]}\nx"
		},
		"lines of a block": func(n int) string { return "Title: A\nDate: 2024-01-02\n" + numbered("k%d: a\n")(n) + "\nx" },
		"a script's keys": func(n int) string {
			return "---js\n{title: 'A', date: '2024-01-02'" + numbered(", k%d: 1")(n) + "}\n---\nx"
		},
	} {
		growthOf(b, name, config.Markdown, nil, post)
	}
}

// processorTime is what this process has taken.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// reportWork reports the processor's time besides, which other work on the machine does not
// lengthen.
func reportWork(b *testing.B, since time.Duration) {
	b.ReportMetric(float64(processorTime()-since)/float64(b.N), "cpu-ns/op")
}

func treeWith(tb testing.TB, d config.Dialect, files map[string]string, post string) *content.Tree {
	tb.Helper()
	dir := tb.TempDir()
	all := map[string]string{"_posts/2024-01-02-a.md": post}
	maps.Copy(all, files)
	switch d {
	case config.Jekyll:
		all["_config.yml"] = ""
	case config.Hugo:
		all["hugo.toml"] = "contentDir = '.'\n"
	}
	for name, text := range all {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	cfg := config.Default()
	cfg.Dir, cfg.Content.Dir, cfg.Content.Dialect = dir, ".", d
	cfg.Site.URL, _ = url.Parse("https://example.com")
	tree, err := content.Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return tree
}
