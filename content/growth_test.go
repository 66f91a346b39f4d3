package content_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/config"
	"publisher/content"
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
					for b.Loop() {
						_, _, _ = tree.Render(context.Background(), posts[0])
					}
				})
			}
		}
	}
}

func blogOf(tb testing.TB, d config.Dialect, body string) (*content.Tree, []*content.Post) {
	tb.Helper()
	dir := tb.TempDir()
	file := filepath.Join(dir, "_posts", "2024-01-02-a.md")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("---\ntitle: A\ndate: 2024-01-02\n---\n"+body+"\n"), 0o644); err != nil {
		tb.Fatal(err)
	}
	cfg := config.Default()
	cfg.Dir, cfg.Content.Dir, cfg.Content.Dialect = dir, ".", d
	cfg.Site.URL, _ = url.Parse("https://example.com")
	tree, err := content.Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	scan, err := tree.Scan(context.Background(), nil, "test")
	if err != nil || len(scan.Posts) != 1 {
		tb.Fatal(err, scan)
	}
	return tree, scan.Posts
}
