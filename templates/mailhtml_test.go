package templates_test

import (
	"html/template"
	"strings"
	"testing"
)

// What authors write arrives in a form that every mail program shows.
func TestExcerptsAreAdapted(t *testing.T) {
	set := load(t, "")
	const breakable = `word-break:break-word`
	for name, test := range map[string]struct {
		language, excerpt string
		want, unwanted    []string
	}{
		"colours and sizes of the author's": {excerpt: `<p style="color:#ccc;background-color:#000;width:1500px;font-style:italic">x</p><hr style="width:3000px">`,
			want: []string{"font-style:italic"}, unwanted: []string{"#ccc", "#000", "1500px", "3000px"}},
		"colours of code": {excerpt: `<pre style="overflow:auto"><code><span style="color:#cf222e">if</span></code></pre>`,
			want: []string{"color:#cf222e"}, unwanted: []string{"overflow:"}},
		"headings below the title": {excerpt: `<h1>a</h1><h2>b</h2><h6>c</h6>`,
			want: []string{">a</h3>", ">b</h4>", ">c</h6>"}},
		"headings that leave levels out": {excerpt: `<h5>a</h5>`, want: []string{">a</h3>"}},
		"empty blocks":                   {excerpt: `<p> </p><div></div><div><div><div>deep</div></div></div>`, want: []string{"<div class=\"text\">\ndeep\n</div>"}},
		"anchors":                        {excerpt: `<p><a name="x">here</a></p>`, want: []string{">here</p>"}},
		"a done task":                    {excerpt: `<ul><li>☑ done</li></ul>`, want: []string{"list-style-type:none"}},
		"code runs from left to right":   {language: "ar", excerpt: `<p>النص <code>f(1)</code></p><pre><code>f(1)</code></pre>`, want: []string{`<code dir="ltr"`, `<div class="code" dir="ltr"`}},
		"a word of code stays in place":  {excerpt: `<pre><code>f(<span>"مرحبا"</span>, 1)</code></pre>`, want: []string{`<span dir="ltr">`}},
		"WebP, which Outlook does not know": {excerpt: `<p><img src="https://blog.example/a.webp" alt="A &amp; --&gt; &lt;b&gt;"></p>`,
			want: []string{`<!--[if mso]><a href="https://blog.example/a.webp">A &amp; --&gt; &lt;b&gt;</a><![endif]--><!--[if !mso]><!--><img`, `/><!--<![endif]-->`}},
		"a picture in its address": {excerpt: `<p>See <img src="data:image/png;base64,iVBORw0=" alt="A chart"> and <picture><source srcset="data:image/webp;base64,iVBORw0="><img src="data:image/gif;base64,iVBORw0=" alt="a map"></picture>.</p><p><img src="data:image/gif;base64,R0lG" alt=""></p>`,
			want: []string{"See A chart and a map."}, unwanted: []string{"data:", "<img", "<p></p>"}},
		"a word wider than a phone may break": {excerpt: `<p>See 0123456789012345678901234567890123456789 now.</p>`,
			want: []string{">See 0123456789012345678901234567890123456789 now.</p>"}},
		"a table that fits": {excerpt: `<table><tr><th>Format</th><th>Year</th></tr><tr><td>RSS</td><td>2002</td></tr></table>`, want: []string{"<table style", ">RSS</td>"}, unwanted: []string{breakable}},
		"a table of wide words": {excerpt: `<table><tr><th>Format</th><th>Media type</th></tr><tr><td>RSS 2.0</td><td>application/vnd.something.longer+xml</td></tr></table>`,
			want: []string{"<table style", breakable + `">application/vnd.something.longer+xml</td>`}, unwanted: []string{breakable + `">RSS`}},
		"a table with too many columns": {excerpt: `<table><caption>All</caption><tr>` + strings.Repeat("<th>Column</th>", 9) + `</tr><tr>` + strings.Repeat("<td><b>value</b></td>", 8) + `<td></td></tr></table>`,
			want: []string{">All</div>", "<div><b>Column:</b> <b>value</b></div>"}, unwanted: []string{"<td><b>"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := bare()
			if test.language != "" {
				d.Site = site(test.language)
				d.Posts[0].Language = test.language
			}
			d.Posts[0].Excerpt = template.HTML(test.excerpt)
			page := digestHTML(t, set, d)
			_, body, _ := strings.Cut(page, `<div class="text">`)
			body = `<div class="text">` + body
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("no %q in\n%s", want, body)
				}
			}
			for _, unwanted := range test.unwanted {
				if strings.Contains(body, unwanted) {
					t.Errorf("%q in\n%s", unwanted, body)
				}
			}
		})
	}
}

// Code has dark paper in the dark, and every colour on it can be read.
func TestDarkCode(t *testing.T) {
	d := bare()
	d.Posts[0].Excerpt = `<pre style="background-color:#f6f8fa"><code><span style="color:#0550AE">a</span> <span style="color:#00f">b</span> ` +
		`<span style="color:red">c</span> <span style="color:#116329;background-color:#dafbe1">d</span> <span style="color:#0550AE">e</span></code></pre>`
	page := digestHTML(t, load(t, ""), d)
	for _, want := range []string{
		`<span style="color:#0550AE" class="c0">a</span>`, `class="c0">e</span>`, ".c2{color:inherit!important}",
		".c3{background-color:#363f41!important;color:", ".text .code{background-color:#20252b!important",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}

func FuzzExcerpts(f *testing.F) {
	f.Add("<table><tr><th>a<td colspan=9>b<table><tr>" + strings.Repeat("<td>wide-word-here", 12))
	f.Add(`<pre>a<b>` + strings.Repeat("x", 200) + `</pre><a>b</a><h1><h6><div><p></p><svg><td class="cell">`)
	f.Add(`<img src="a.webp"><a href="b"><img src="c.svg"></a><li>☐<ruby>漢<rt>`)
	set := load(f, "")
	f.Fuzz(func(t *testing.T, excerpt string) {
		d := bare()
		d.Posts[0].Excerpt = template.HTML(excerpt)
		if page := digestHTML(t, set, d); !strings.Contains(page, "</html>") {
			t.Errorf("the page ends early:\n%s", page)
		}
	})
}
