package content_test

import (
	"regexp"
	"strings"
	"testing"
)

// pelicanBlog is a pelicanconf.py over the posts of a test.
func pelicanBlog(settings string, files map[string]string) map[string]string {
	files["pelicanconf.py"] = "PATH = 'content'\nTIMEZONE = 'UTC'\n" + settings
	return files
}

// TestPelicanFiles shows which files are articles, and what is said of those in
// a markup that is not read.
func TestPelicanFiles(t *testing.T) {
	b := newBlog(t, pelicanBlog("", map[string]string{
		"content/loose.md":   "---\nTitle: Loose: no YAML\nDate: 2024-01-01\n---\nText.",
		"content/markup.md":  "Title: <em>Marked</em> &amp; up\nDate: 2024-01-02\n\nText.",
		"content/page.html":  "<html><head><title>From HTML</title><meta name=date content=2024-01-03><meta name=tags content='a, b'></head><body><p>Its body</p></body></html>",
		"content/other.html": "<html><head><title>No date</title></head></html>",
		"content/one.rst":    "One\n###\n\n:date: 2024-01-04\n", "content/two.rst": "Two\n###\n", "content/pages/three.rst": "Three\n#####\n",
	}))
	b.cfg.Content.Dir = "blog/content"
	tree, scan := b.scan()
	var got []string
	for _, p := range scan.Posts {
		got = append(got, p.Title+" "+strings.Join(p.Tags, ","))
	}
	if want := "Loose: no YAML misc|Marked & up misc|From HTML misc,a,b"; strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if html := render(t, tree, scan.Posts[2]).HTML; html != "<p>Its body</p>" {
		t.Errorf("body %q", html)
	}
	if len(scan.Problems) != 1 || scan.Problems[0].Path != "one.rst" || !strings.Contains(scan.Problems[0].Message, "2 such articles are left out") {
		t.Errorf("problems %+v", scan.Problems)
	}
}

// TestPelicanBodies shows what Python-Markdown's extensions make of a body.
func TestPelicanBodies(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"admonition", "!!! note\n    First.\n\n    Second *one*.\n\nAfter.", "<div>\n<p><strong>Note</strong></p>\n<p>First.</p>\n<p>Second <em>one</em>.</p>\n</div>\n<p>After.</p>"},
		{"admonition with a title", "!!! danger big \"Be careful\"\n    Now.", "<div>\n<p><strong>Be careful</strong></p>\n<p>Now.</p>\n</div>"},
		{"admonition without one", "!!! tip \"\"\n    Now.", "<div>\n<p>Now.</p>\n</div>"},
		{"admonitions side by side", "!!! tip\n    A\n!!! tip\n    B", "<div>\n<p><strong>Tip</strong></p>\n<p>A</p>\n</div>\n<div>\n<p><strong>Tip</strong></p>\n<p>B</p>\n</div>"},
		{"the language of code", "    ::python\n    x\n\n`a`\n\n    #!sh\n    y\n\n`b`\n\n    #!/bin/sh\n    z", "<code class=\"language-python\">x\n</code><p><code>a</code></p>\n<code class=\"language-sh\">y\n</code><p><code>b</code></p>\n<code class=\"language-sh\">#!/bin/sh\nz\n</code>"},
		{"tildes", "1~2 and 3~4, ~~not struck~~", "<p>1~2 and 3~4, ~~not struck~~</p>"},
		{"bare address", "https://example.com/a", "<p>https://example.com/a</p>"},
		{"table of contents", "[TOC]\n\nText.", "<p>Text.</p>"},
		{"attributes", "Text.\n{: .c #i }\n\n![d](/d.png){: .centre }", "<p id=\"i\">Text.</p>\n<p><img src=\"https://example.com/d.png\" alt=\"d\"/></p>"},
		{"abbreviation", "The HTML.\n\n*[HTML]: Hypertext Markup Language\n", "<p>The <abbr title=\"Hypertext Markup Language\">HTML</abbr>.</p>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBlog(t, pelicanBlog("MARKDOWN = {'extensions': ['admonition', 'codehilite', 'extra', 'toc']}", map[string]string{"content/a.md": "Title: A\nDate: 2024-01-01\n\n" + test.body}))
			b.cfg.Content.Dir = "blog/content"
			_, r := b.only()
			got := blankLines.ReplaceAllString(r.HTML, "\n")
			if strings.Contains(got, "<pre") {
				got = colors.ReplaceAllString(got, "")
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// colors are what highlighting adds to code.
var colors = regexp.MustCompile(`</?span[^>]*>|</?pre[^>]*>\n?`)

var blankLines = regexp.MustCompile(`\n{2,}`)
