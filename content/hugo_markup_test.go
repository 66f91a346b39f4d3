package content_test

import (
	"strings"
	"testing"
)

// TestHugoMarkup shows that the settings of Hugo's Markdown reader change what it reads, as in Hugo 0.164.
func TestHugoMarkup(t *testing.T) {
	const extensions, extras, typographer, cjk = "[markup.goldmark.extensions]\n", "[markup.goldmark.extensions.extras.", "[markup.goldmark.extensions.typographer]\n", "[markup.goldmark.extensions.cjk]\nenable=true\n"
	tests := map[string]struct{ settings, body, want string }{
		"bare address":              {"", "www.example.org", `<p><a href="https://www.example.org">www.example.org</a></p>`},
		"its protocol":              {extensions + "linkifyProtocol='http'\n", "www.example.org", `<p><a href="http://www.example.org">www.example.org</a></p>`},
		"protocol that is written":  {"", "http://example.org", `<p><a href="http://example.org">http://example.org</a></p>`},
		"footnotes off":             {extensions + "footnote=false\n", "a[^1]\n\n[^1]: b c", "<p>a[^1]</p>\n<p>[^1]: b c</p>"},
		"footnotes off, as a table": {"[markup.goldmark.extensions.footnote]\nenable=false\n", "a[^1]\n\n[^1]: b c", "<p>a[^1]</p>\n<p>[^1]: b c</p>"},
		"definitions off":           {extensions + "definitionList=false\n", "a\n: b", "<p>a\n: b</p>"},
		"tasks off":                 {extensions + "taskList=false\n", "- [x] a", "<ul>\n<li>[x] a</li>\n</ul>"},
		"tables off":                {extensions + "table=false\ntypographer=false\n", "|a|\n|-|\n|b|", "<p>|a|\n|-|\n|b|</p>"},
		"attributes off":            {"[markup.goldmark.parser.attribute]\ntitle=false\n", "## X {#b}", "<h2 id=\"x-b\">X {#b}</h2>"},
		"heading ids off":           {"[markup.goldmark.parser]\nautoHeadingID=false\n", "## A", "<h2>A</h2>"},
		"one tilde strikes out":     {extras + "subscript]\nenable=true\n", "H~2~O", "<p>H<del>2</del>O</p>"},
		"one tilde lowers":          {extensions + "strikethrough=false\n" + extras + "subscript]\nenable=true\n", "H~2~O", "<p>H<sub>2</sub>O</p>"},
		"tildes after words":        {extensions + "strikethrough=false\n" + extras + "subscript]\nenable=true\n", "哈哈~）哦 嘿嘿~）", "<p>哈哈~）哦 嘿嘿~）</p>"},
		"signs raised":              {extras + "superscript]\nenable=true\n", "Na^+^ x^-1^ ^y 2^ ^ z^ ^^b^^", "<p>Na<sup>+</sup> x<sup>-1</sup> <sup>y 2</sup> ^ z^ <sup>b</sup></p>"},
		"quotes of its own":         {typographer + "leftDoubleQuote='&laquo;'\nrightDoubleQuote='&raquo;'\nellipsis='..'\n", "\"a\"... -- 'b'", "<p>«a».. – ‘b’</p>"},
		"East Asian lines":          {cjk + "eastAsianLineBreaks=true\n", "你好\n世界 abc\n中文", "<p>你好世界 abc\n中文</p>"},
		"East Asian lines of CSS":   {cjk + "eastAsianLineBreaks=true\neastAsianLineBreaksStyle='css3draft'\n", "世界 abc\n中文", "<p>世界 abc中文</p>"},
		"escaped space":             {cjk + "escapedSpace=true\n", "「x」\\ y", "<p>「x」y</p>"},
		"escaped space otherwise":   {cjk, "「x」\\ y", "<p>「x」\\ y</p>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{"hugo.toml": "baseURL='https://example.com/'\n" + test.settings, "content/posts/a.md": "---\ntitle: A\ndate: 2024-01-02\n---\n" + test.body})
			b.cfg.Content.Dir = "blog/content"
			tree, scan := b.scan()
			if len(scan.Posts) != 1 {
				t.Fatalf("problems: %v", scan.Problems)
			}
			if got := strings.ReplaceAll(render(t, tree, scan.Posts[0]).HTML, " \n", "\n"); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
