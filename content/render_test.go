package content_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"publisher/content"
	"publisher/internal/config"
)

// nbsp is what goldmark puts before a footnote's way back.
const nbsp = "\u00a0"

const head = "---\ntitle: A post\ndate: 2024-01-01\nurl: /2024/a-post/\n---\n"

// TestBody shows what becomes of single pieces of a body.
func TestBody(t *testing.T) {
	tests := []struct{ name, markdown, want string }{
		{"relative link", "[a](b.html)", `<p><a href="https://example.com/2024/a-post/b.html">a</a></p>`},
		{"link from the root", "[a](/b?c=d&e#f)", `<p><a href="https://example.com/b?c=d&amp;e#f">a</a></p>`},
		{"link within the page", "[a](#b)", `<p><a href="https://example.com/2024/a-post/#b">a</a></p>`},
		{"link without scheme", "[a](//other.example/b)", `<p><a href="https://other.example/b">a</a></p>`},
		{"link to another post's file", "[a](other.md#x)", `<p><a href="https://example.com/elsewhere/#x">a</a></p>`},
		{"javascript link", "[a](JaVaScript:alert(1)) <a href=\"java\nscript:alert(1)\">b</a>", `<p>a b</p>`},
		{"data link", `<a href="data:text/html,x">a</a>`, `<p>a</p>`},
		{"script", "<script>alert(1)</script>\n\nText <b onclick=x()>b</b>", `<p>Text <b>b</b></p>`},
		{"style", `<p style="color:red;position:fixed;background:url(x)" class="c">a</p>`, `<p style="color:red">a</p>`},
		{"form", `<form action=x><p>Name <input name=a><button>Go</button></p></form>`, `<p>Name Go</p>`},
		{"task list", "- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>"},
		{"video frame", `<iframe src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ" title="A song"></iframe>`,
			`<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"><img src="https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg" alt="A song" width="480" height="360"/></a></p>`},
		{"other frame", `<iframe src="https://maps.example/m"></iframe>`, `<p><a href="https://maps.example/m">▶ maps.example/m</a></p>`},
		{"video", `<video controls><source src="/v.mp4"></video>`, `<p><a href="https://example.com/v.mp4">▶ v.mp4</a></p>`},
		{"comment", "a <!-- secret --> b", `<p>a  b</p>`},
		{"unknown element", "<x-card>\n\n**a**\n\n</x-card>", `<p><strong>a</strong></p>`},
		{"picture beside the post", "![d](dot.png)", `<p><img src="https://example.com/2024/a-post/dot.png" alt="d" width="3" height="2"/></p>`},
		{"picture with its width", `<img src="dot.png" width="6">`, `<p><img src="https://example.com/2024/a-post/dot.png" width="6" height="4" alt=""/></p>`},
		{"srcset", `<img src="a.png" srcset="a.png 1x, /b.png 2x" alt="">`, `<p><img src="https://example.com/2024/a-post/a.png" srcset="https://example.com/2024/a-post/a.png 1x, https://example.com/b.png 2x" alt=""/></p>`},
		{"srcset with commas in addresses", `<img src="/w=1,q=2/a.png" srcset="/w=1,q=2/a.png 400w, /w=2,q=2/a.png 800w 600h" sizes="50vw" alt="">`,
			`<p><img src="https://example.com/w=1,q=2/a.png" srcset="https://example.com/w=1,q=2/a.png 400w, https://example.com/w=2,q=2/a.png 800w" sizes="50vw" alt=""/></p>`},
		{"srcset without spaces", `<img src="a.png" srcset="/a.png,/b.png 2x" alt="">`, `<p><img src="https://example.com/2024/a-post/a.png" srcset="https://example.com/a.png,/b.png 2x" alt=""/></p>`},
		{"srcset of one density", `<img src="/a.png" srcset="/a.png, /b.png 1.5x, /c.png 2x 3x, /d.png x, /e.png 4e1x" alt="">`,
			`<p><img src="https://example.com/a.png" srcset="https://example.com/a.png, https://example.com/b.png 1.5x, https://example.com/e.png 4e1x" alt=""/></p>`},
		{"srcset of data", `<picture><source srcset="data:image/svg+xml;base64,PHN2Zy8+"><img src="/p.png" alt="P"></picture>`,
			`<p><picture><source srcset="data:image/svg+xml;base64,PHN2Zy8+"/><img src="https://example.com/p.png" alt="P"/></picture></p>`},
		{"srcset alone", `<img srcset="/s.png 400w, /l.png 4000w, /m.png 1200w" alt="Cat">`,
			`<p><img srcset="https://example.com/s.png 400w, https://example.com/l.png 4000w, https://example.com/m.png 1200w" alt="Cat" src="https://example.com/m.png"/></p>`},
		{"picture in its address", `![A chart](data:image/png;base64,iVBORw0=)`, `<p><img src="data:image/png;base64,iVBORw0=" alt="A chart"/></p>`},
		{"other data for a picture", `<img src="data:text/html,x" alt="A chart">`, `<p>A chart</p>`},
		{"picture that a script loads", `<img class="lazyload" data-src="/a.png" src="data:image/gif;base64,R0lGOD" alt="Cat">`, `<p><img src="https://example.com/a.png" alt="Cat"/></p>`},
		{"picture that another script loads", `<img data-lazy-src="/a.png" data-lazy-srcset="/a.png 1x, /b.png 2x" src="/grey.svg" alt="Cat">`,
			`<p><img src="https://example.com/a.png" alt="Cat" srcset="https://example.com/a.png 1x, https://example.com/b.png 2x"/></p>`},
		{"picture of a list that a script loads", `<img data-srcset="/a.png 1x, /b.png 2x" src="/grey.svg" alt="Cat">`,
			`<p><img src="https://example.com/a.png" alt="Cat" srcset="https://example.com/a.png 1x, https://example.com/b.png 2x"/></p>`},
		{"picture beside its noscript", `<p><img data-src="/a.png" alt="Cat"> <noscript><img src="/a.png" alt="Cat"></noscript></p>`, `<p> <img src="https://example.com/a.png" alt="Cat"/></p>`},
		{"picture behind its noscript", `<div><noscript><img src="/a.png" alt="Cat"></noscript><img class="lazy" data-src="/a.png" alt="Cat"></div>`, `<div><img src="https://example.com/a.png" alt="Cat"/></div>`},
		{"counter in a noscript", `<div><img data-src="/a.png" alt="Cat"><noscript><img src="/c.gif" width="1" height="1" alt=""></noscript></div>`,
			`<div><img alt="Cat" src="https://example.com/a.png"/><img src="https://example.com/c.gif" width="1" height="1" alt=""/></div>`},
		{"picture without img", `<picture><source srcset="/a.webp 1x"></picture>`, `<p><picture><source srcset="https://example.com/a.webp 1x"/><img src="https://example.com/a.webp" alt=""/></picture></p>`},
		{"picture without an address", `<img alt="Cat">`, `<p>Cat</p>`},
		{"hidden", `<div hidden>a</div><p style="DISPLAY : none !important; display:block">b</p><span style="visibility:/* x */hidden">c</span><p style="display:none;display:block">d</p>`, `<p>d</p>`},
		{"formula twice", `<span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">x2</span></span>`, `<p>x^2</p>`},
		{"stars and their text", `<p>Rated <span aria-hidden="true">★★</span><span class="sr-only">two stars</span>, <span aria-hidden="true">🎉</span></p>`, `<p>Rated two stars, 🎉</p>`},
		{"controls", `<p><button>OK</button> <meter value="0.5">half</meter> <progress value="1" max="4"></progress> <output>42</output> <button class="btn-copy">Copy</button></p>`, `<p>OK half 25% 42 </p>`},
		{"canvas", `<canvas>A curve</canvas>`, `<p>A curve</p>`},
		{"drawing", `<p><svg aria-label="Growth"><title>Chart</title></svg>, <svg><title>Chart</title><path d=""/></svg></p>`, `<p>Growth, Chart</p>`},
		{"playlist", `<iframe src="https://www.youtube.com/embed/videoseries?list=PL01"></iframe>`, `<p><a href="https://www.youtube.com/playlist?list=PL01">▶ YouTube</a></p>`},
		{"another playlist", `<iframe src="https://www.youtube.com/embed?listType=playlist&list=PL01" title="Talks"></iframe>`, `<p><a href="https://www.youtube.com/playlist?list=PL01">Talks</a></p>`},
		{"frame that a script loads", `<iframe src="about:blank" data-src="https://maps.example/m"></iframe>`, `<p><a href="https://maps.example/m">▶ maps.example/m</a></p>`},
		{"frame beside its noscript", `<div><iframe data-lazy-src="https://maps.example/m"></iframe><noscript><iframe src="https://maps.example/m"></iframe></noscript></div>`,
			`<div><p><a href="https://maps.example/m">▶ maps.example/m</a></p></div>`},
		{"player that a script loads", `<video><source data-src="/v.mp4"></video>`, `<p><a href="https://example.com/v.mp4">▶ v.mp4</a></p>`},
		{"source of nothing", `<picture><source srcset="/a (1).png 1x"><img src="/a.png" alt="A"></picture>`, `<p><picture><img src="https://example.com/a.png" alt="A"/></picture></p>`},
		{"hosts that no registry gives out", "[a](https://bü_cher.example/) [b](https://-ü.example/)", `<p><a href="https://xn--b_cher-3ya.example/">a</a> <a href="https://xn----eha.example/">b</a></p>`},
		{"live stream", `<iframe src="//www.youtube.com/embed/live_stream?channel=UC01"></iframe>`, `<p><a href="https://www.youtube.com/channel/UC01/live">▶ YouTube</a></p>`},
		{"uploads", `<iframe src="https://www.youtube.com/embed?listType=user_uploads&list=ada"></iframe>`, `<p><a href="https://www.youtube.com/user/ada">▶ YouTube</a></p>`},
		{"video of a playlist", `<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ?list=PL01"></iframe>`,
			`<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ&amp;list=PL01"><img src="https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg" alt="▶ YouTube" width="480" height="360"/></a></p>`},
		{"light player", `<lite-youtube videoid="dQw4w9WgXcQ" title="A song"></lite-youtube>`,
			`<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"><img src="https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg" alt="A song" width="480" height="360"/></a></p>`},
		{"brackets and the like", "[a](/x[1]|y^z?b[]=1#c[d]) <img src=\"/a[2] {b}.png\" alt=\"\">", `<p><a href="https://example.com/x%5B1%5D%7Cy%5Ez?b%5B%5D=1#c%5Bd%5D">a</a> <img src="https://example.com/a%5B2%5D%20%7Bb%7D.png" alt=""/></p>`},
		{"percent signs", "![a](/100%.png) ![b](/50%25.png) ![c](/%zz.png)", `<p><img src="https://example.com/100%25.png" alt="a"/> <img src="https://example.com/50%25.png" alt="b"/> <img src="https://example.com/%25zz.png" alt="c"/></p>`},
		{"host of another script", "[a](https://bücher.example:8080/ü?ö#ä) [b](//ПРИМЕР.example) [c](https://b%C3%BCcher.example/)",
			`<p><a href="https://xn--bcher-kva.example:8080/%C3%BC?%C3%B6#%C3%A4">a</a> <a href="https://xn--e1afmkfd.example">b</a> <a href="https://xn--bcher-kva.example/">c</a></p>`},
		{"backslashes", `<a href="\\other.example\a?b\c">a</a> <a href="\b\c">b</a>`, `<p><a href="https://other.example/a?b%5Cc">a</a> <a href="https://example.com/b/c">b</a></p>`},
		{"heading anchor", `<h2 id="a">A <a class="anchor" href="#a">#</a></h2>`, `<h2 id="a">A </h2>`},
		{"code", "```go\nvar a\n```", `<pre style="background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto"><code class="language-go"><span style="color:#cf222e">var</span> <span style="color:#1f2328">a</span>` + "\n" + `</code></pre>`},
		{"code of no language", "```nosuch\n<a>\n```", `<pre style="background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto"><code class="language-nosuch">&lt;a&gt;` + "\n" + `</code></pre>`},
		{"footnote", "a[^1]\n\n[^1]: note", `<p>a<sup id="a-post-fnref:1"><a href="https://example.com/2024/a-post/#a-post-fn:1">1</a></sup></p>` + "\n" +
			`<div>` + "\n" + `<hr/>` + "\n" + `<ol>` + "\n" + `<li id="a-post-fn:1">` + "\n" + `<p>note` + nbsp + `<a href="https://example.com/2024/a-post/#a-post-fnref:1">↩︎</a></p>` + "\n" + `</li>` + "\n" + `</ol>` + "\n" + `</div>`},
		{"svg and math", `a <svg><script>x</script></svg> <math alttext="x^2"><mi>x</mi></math>`, `<p>a  x^2</p>`},
		{"table", "|a|\n|-|\n|b|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>"},
		{"text between blocks", "<div>a</div>\nb *c*", "<div>a</div><p>\nb *c*</p>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dot, err := os.ReadFile("testdata/hugo/content/post/bundle/dot.png")
			must(t, err)
			b := newBlog(t, map[string]string{"post.md": head + test.markdown, "other.md": strings.ReplaceAll(good, "---\nText", "url: /elsewhere/\n---\nText"), "dot.png": string(dot)})
			tree, scan := b.scan()
			if got := render(t, tree, scan.Posts[1]).HTML; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestExcerpt shows where an excerpt comes from and where it ends.
func TestExcerpt(t *testing.T) {
	sentence := "One two three four five. "
	tests := []struct{ name, text, want string }{
		{"mark", head + "Before **b**.\n\n<!-- More -->\n\nAfter.", "<p>Before <strong>b</strong>.</p>"},
		{"mark within a paragraph", head + "Before <!--more--> after.", "<p>Before</p>"},
		{"mark of MDX", head + "Before.\n\n{/* more */}\n\nAfter.", "<p>Before.</p>"},
		{"front matter over the mark", "---\ntitle: A\ndate: 2024-01-01\nsummary: From *here*.\n---\nBefore.\n\n<!--more-->\n", "<p>From <em>here</em>.</p>"},
		{"whole blocks", head + "A b c.\n\nD e f.\n\n" + strings.Repeat("word ", 200), "<p>A b c.</p>\n<p>D e f.</p>"},
		{"the nearest sentence end", head + strings.Repeat(sentence, 10), "<p>" + strings.TrimSpace(strings.Repeat(sentence, 4)) + "</p>"},
		{"no sentence ends near", head + strings.Repeat("word ", 100), "<p>" + strings.Repeat("word ", 19) + "word…</p>"},
		{"not within a link", head + "[" + strings.Repeat("word ", 100) + "](/x)", `<p><a href="https://example.com/x">` + strings.Repeat("word ", 99) + "word </a></p>"},
		{"not within code", head + "A b.\n\n```\n" + strings.Repeat("word ", 100) + "\n```", "<p>A b.</p>"},
		{"not within an item", head + "- " + strings.Repeat("a ", 15) + "\n- " + strings.Repeat("b ", 15), "<ul>\n<li>" + strings.Repeat("a ", 14) + "a</li>\n</ul>"},
		{"no heading at the end", head + "A b c.\n\n## Next\n\n" + strings.Repeat("word ", 200), "<p>A b c.</p>"},
		{"a heading and a long paragraph", head + "## A\n\n" + strings.Repeat("word ", 100), "<h2>A</h2>\n<p>" + strings.Repeat("word ", 18) + "word…</p>"},
		{"a heading and a long list", head + "## A\n\n- " + strings.Repeat("a ", 15) + "\n- " + strings.Repeat("b ", 15), "<h2>A</h2>\n<ul>\n<li>" + strings.Repeat("a ", 14) + "a</li>\n</ul>"},
		{"a heading and a long quotation", head + "## A\n\n> " + strings.Repeat(sentence, 10), "<h2>A</h2>\n<blockquote>\n<p>" + strings.TrimSpace(strings.Repeat(sentence, 4)) + "</p></blockquote>"},
		{"a heading and long code", head + "## A\n\n```\n" + strings.Repeat("word ", 100) + "\n```\n\nB c.", "<h2>A</h2>\n\n<p>B c.</p>"},
		{"a dateline", head + "*Updated on 3 May by Ada*\n\n" + strings.Repeat(sentence, 10), "<p><em>Updated on 3 May by Ada</em></p>\n<p>" + strings.TrimSpace(strings.Repeat(sentence, 3)) + "</p>"},
		{"a caption", head + "![a](/a.png)\n*Photo: Ada*\n\n" + strings.Repeat(sentence, 10), "<p><img src=\"https://example.com/a.png\" alt=\"a\"/>\n<em>Photo: Ada</em></p>\n<p>" + strings.TrimSpace(strings.Repeat(sentence, 4)) + "</p>"},
		{"a short line first", head + "One.\n\n" + strings.Repeat(sentence, 10), "<p>One.</p>\n<p>" + strings.TrimSpace(strings.Repeat(sentence, 4)) + "</p>"},
		{"a mark behind a heading", head + "## A\n\n<!--more-->\n\nB c.", "<h2>A</h2>\n\n<p>B c.</p>"},
		{"headings alone", head + "## A\n\n### B", "<h2>A</h2>"},
		{"no footnotes", head + "A[^1] b.\n\n[^1]: note", "<p>A b.</p>"},
		{"no ids", head + "## A\n\nB c.", "<h2>A</h2>\n<p>B c.</p>"},
		{"abbreviations end nothing", head + strings.Repeat("word ", 17) + "e.g. " + strings.Repeat("more ", 4) + "end. " + strings.Repeat("rest ", 30), "<p>" + strings.Repeat("word ", 17) + "e.g. " + strings.Repeat("more ", 4) + "end.</p>"},
		{"the title's own heading", "# Two *words*\n\nText.", "<p>Text.</p>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBlog(t, map[string]string{"2024-01-01-post.md": test.text})
			b.cfg.Content.ExcerptWords = 20
			p, r := b.only()
			if r.ExcerptHTML != test.want {
				t.Errorf("got  %s\nwant %s", r.ExcerptHTML, test.want)
			}
			if strings.HasPrefix(test.text, "# ") && p.Title != "Two words" {
				t.Errorf("title %q", p.Title)
			}
		})
	}
}

func TestWords(t *testing.T) {
	_, r := newBlog(t, map[string]string{"a.md": head + "one two — three\n\n日本語四"}).only()
	if r.Words != 5 {
		t.Errorf("%d words, want 5: three, and four characters as two", r.Words)
	}
	if r.ExcerptText != "one two — three 日本語四" {
		t.Errorf("text %q", r.ExcerptText)
	}
}

var forbiddenHTML = regexp.MustCompile(`(?i)<(?:script|style|form|input|object|iframe|embed|svg|base|meta|link)[\s/>]|(?:href|src)="(?:javascript|data|vbscript):`)

// pictureData may stand as the source of a picture, where no script in it runs.
var pictureData = regexp.MustCompile(`(<img[^>]* src=")data:(image/)`)

// FuzzRender throws whole files at the package: no panic, and whatever comes out
// is safe, well-formed XML.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		everything, head + "a[^1] <!--more--> <b onclick=x>\x00\n\n[^1]: x", "Title: x\nDate: 2024-01-01\nSummary: a\n    <ul><li>b\n\n[x]({tag}/a b)",
		"+++\ntitle='x'\ndate=2024-01-01\n+++\n<svg><style><img src=x onerror=1>", "{\"title\":\"x\",\"date\":\"2024-01-01\"}\n<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
		head + "<p style='color:red'><a href=' java\tscript:x'>y</a><plaintext>", head + "<img data-src='/a[1] é.png' srcset='a,b 1x,, data:image/png,x 2x(,) ,c'><noscript><img src=data:image/svg+xml,<svg>></noscript><svg><title>x</title></svg><p style='display:none'>",
		head + "[a](//b\u00fc.example\\c%zz) <lite-youtube videoid='\"'><button><progress value=x><span aria-hidden=true>a</span><math>b</math>",
		head + "> - > 1. ```\n| a |\n|-|\n<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	} {
		f.Add(seed)
	}
	cfg := config.Default()
	cfg.Dir = f.TempDir()
	cfg.Content.Dir = "."
	cfg.Site.URL, _ = url.Parse("https://example.com")
	tree, err := content.Open(cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		must(t, os.WriteFile(filepath.Join(cfg.Dir, "a.md"), []byte(text), 0o644))
		for _, p := range scanTree(t, tree, nil).Posts {
			if strings.ContainsAny(p.Title+p.URL, "\r\n\x00") {
				t.Errorf("title %q, address %q", p.Title, p.URL)
			}
			r, spent, err := tree.RenderCounted(context.Background(), p)
			if !spent.Within() || r != nil && len(r.HTML) > 8<<20 {
				t.Errorf("%d bytes took %+v", len(text), spent)
			}
			if failed := (*content.RenderError)(nil); errors.As(err, &failed) && failed.Limit != "" {
				continue // it says which bound
			} else if err != nil {
				t.Fatal(err)
			}
			for _, address := range append(addressesIn(r.HTML), p.URL, p.Image) {
				if u, err := url.Parse(address); err != nil || strings.ContainsAny(address, " <>\"{}|\\^`") || strings.IndexFunc(address, func(r rune) bool { return r > 0x7e }) >= 0 && strings.HasPrefix(u.Scheme, "http") {
					t.Errorf("%q is not a URI", address)
				}
			}
			for _, out := range []string{r.HTML, r.ExcerptHTML, r.IntroHTML} {
				checkSafe(t, out)
			}
		}
	})
}

// addressesIn are those of links and pictures.
func addressesIn(out string) []string {
	var all []string
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		return nil
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "src" {
				all = append(all, a.Val)
			}
		}
	}
	return all
}

func checkSafe(t *testing.T, out string) {
	t.Helper()
	if bad := forbiddenHTML.FindString(pictureData.ReplaceAllString(out, "$1$2")); bad != "" {
		t.Errorf("unsafe %q in %q", bad, out)
	}
	again, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatalf("does not parse again: %v", err)
	}
	for n := range again.Descendants() {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src") && !strings.Contains(a.Val, ":") {
				t.Errorf("attribute %s=%q in %q", a.Key, a.Val, out)
			}
		}
	}
	d := xml.NewDecoder(strings.NewReader("<x>" + html.EscapeString(out) + "</x>"))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("cannot stand in XML: %v in %q", err, out)
		}
	}
}

// TestManyBlocks shows that what excerpts and ids cost grows with the text alone.
func TestManyBlocks(t *testing.T) {
	for name, piece := range map[string]string{"items": "- a\n", "headings": "# a\n", "code": "```\na\n```\n\n"} {
		t.Run(name, func(t *testing.T) {
			tree, scan := newBlog(t, map[string]string{"a.md": head + strings.Repeat(piece, 25_000)}).scan()
			began := time.Now()
			r := render(t, tree, scan.Posts[0])
			if took := time.Since(began); took > 10*time.Second || r.ExcerptHTML == "" {
				t.Errorf("took %v for an excerpt of %d bytes", took, len(r.ExcerptHTML))
			}
		})
	}
}

// TestHostileMarkdown shows that a file made to keep the parser busy fails alone.
func TestHostileMarkdown(t *testing.T) {
	for name, body := range map[string]string{
		"quotations": strings.Repeat(">", 1<<20), "emphasis": strings.Repeat("*a_ ", 200_000), "brackets": strings.Repeat("[", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			tree, scan := newBlog(t, map[string]string{"a.md": head + body}).scan()
			_, _, err := tree.Render(context.Background(), scan.Posts[0])
			var failed *content.RenderError
			if !errors.As(err, &failed) || failed.Path != "a.md" || failed.Limit == "" || !strings.Contains(failed.Problem().Message, failed.Limit) {
				t.Errorf("error %v, want one that names file and limit", err)
			}
		})
	}
}
