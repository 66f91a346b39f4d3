package htmldom_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

func first(t *testing.T, root *html.Node, a atom.Atom) *html.Node {
	t.Helper()
	for n := range root.Descendants() {
		if n.DataAtom == a {
			return n
		}
	}
	t.Fatalf("no %s", a)
	return nil
}

func TestChanges(t *testing.T) {
	for name, test := range map[string]struct {
		source, want string
		change       func(root *html.Node)
	}{
		"unwrap": {"<p>a<b>b<i>c</i></b>d</p>", "<p>ab<i>c</i>d</p>", func(root *html.Node) { htmldom.Unwrap(first(t, root, atom.B)) }},
		"replace": {"<p>a<b>b</b></p>", "<p>ax</p>", func(root *html.Node) {
			htmldom.Replace(first(t, root, atom.B), htmldom.Text("x"))
		}},
		"rename": {"<b id=\"x\">b</b>", "<i id=\"x\">b</i>", func(root *html.Node) { htmldom.Rename(first(t, root, atom.B), atom.I) }},
		"move children": {"<div><b>1</b>2</div><p>0</p>", "<div></div><p>0<b>1</b>2</p>", func(root *html.Node) {
			htmldom.MoveChildren(first(t, root, atom.Div), first(t, root, atom.P))
		}},
		"set an attribute in its place": {`<a href="a" id="b">x</a>`, `<a href="c" id="b" class="d">x</a>`, func(root *html.Node) {
			a := first(t, root, atom.A)
			htmldom.SetAttr(a, "href", "c")
			htmldom.SetAttr(a, "class", "d")
		}},
		"remove an attribute": {`<svg><a href="a" xlink:href="b"></a></svg>`, `<svg><a xlink:href="b"></a></svg>`, func(root *html.Node) {
			htmldom.RemoveAttr(first(t, root, atom.A), "href")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			root, err := htmldom.ParseFragment(test.source)
			if err != nil {
				t.Fatal(err)
			}
			test.change(root)
			var b strings.Builder
			if err := html.Render(&b, root); err != nil {
				t.Fatal(err)
			}
			if b.String() != test.want {
				t.Errorf("%s, want %s", b.String(), test.want)
			}
		})
	}
}

func TestLooks(t *testing.T) {
	root, err := htmldom.ParseFragment(`<svg xlink:href="b" id=""></svg><ul><li>a <b>b</b></li></ul>`)
	if err != nil {
		t.Fatal(err)
	}
	svg, list, bold := first(t, root, atom.Svg), first(t, root, atom.Ul), first(t, root, atom.B)
	if _, ok := htmldom.LookupAttr(svg, "href"); ok {
		t.Error("another namespace's attribute is found")
	}
	if _, ok := htmldom.LookupAttr(svg, "id"); !ok {
		t.Error("an empty attribute is not found")
	}
	if !htmldom.Contains(list, atom.B) || htmldom.HasChild(list, atom.B) || htmldom.Ancestor(bold, atom.Ul) != list {
		t.Error("the bold text is in the list, but not directly")
	}
	if got := htmldom.TextContent(list); got != "a b" {
		t.Errorf("text %q", got)
	}
	if _, err := htmldom.ParseFragment(strings.Repeat("<div>", 100_000)); err == nil {
		t.Error("100,000 nested elements are parsed")
	}
}

func TestStripTags(t *testing.T) {
	for source, want := range map[string]string{
		"plain  text":              "plain  text",
		"<em>a</em>  b &amp; <i>c": "a b & c",
		"1 < 2":                    "1 < 2",
	} {
		if got := htmldom.StripTags(source); got != want {
			t.Errorf("StripTags(%q) = %q, want %q", source, got, want)
		}
	}
}

func TestText(t *testing.T) {
	root, err := htmldom.ParseFragment("<p>Two <b>wor</b>ds</p><p>and  日本語 <img alt=\"x\"></p><p> </p>")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := htmldom.FoldedText(root), "Two words and 日本語"; got != want {
		t.Errorf("FoldedText returns %q, want %q", got, want)
	}
	if got, want := htmldom.CountWords(root), 5; got != want { // CJK characters count half
		t.Errorf("CountWords returns %d, want %d", got, want)
	}
	if !htmldom.HasText(root) || htmldom.HasText(root.LastChild) {
		t.Error("HasText is wrong")
	}
	if got, want := htmldom.InnerHTML(root.FirstChild), "Two <b>wor</b>ds"; got != want {
		t.Errorf("InnerHTML returns %q, want %q", got, want)
	}
}

func TestEscapeText(t *testing.T) {
	isLetterOrDigit := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }
	for text, want := range map[string]string{
		"plain":                  "plain",
		"a < b > c & d":          "a &lt; b &gt; c &amp; d",
		"&amp; &#39; &#x27;":     "&amp; &#39; &#x27;",
		"&; &a b; &a_b; &##1; &": "&amp;; &amp;a b; &amp;a_b; &amp;##1; &amp;",
	} {
		if got := htmldom.EscapeText(text, isLetterOrDigit); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
