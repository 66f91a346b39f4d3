package content_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// pelicanBlog is a pelicanconf.py over the posts of a test.
func pelicanBlog(settings string, files map[string]string) map[string]string {
	files["pelicanconf.py"] = "PATH = 'content'\nTIMEZONE = 'UTC'\n" + settings
	return files
}

// TestPelicanDates shows dates as dateutil reads them, and where they come from
// when the article has none.
func TestPelicanDates(t *testing.T) {
	tests := map[string]struct{ settings, front, want string }{
		"points, month first":     {"", "Date: 03.04.2024", "2024-03-04T00:00:00Z"},
		"points, day first":       {"", "Date: 13.04.2024 10:30", "2024-04-13T10:30:00Z"},
		"slashes":                 {"", "Date: 03/04/2024", "2024-03-04T00:00:00Z"},
		"hour alone":              {"", "Date: March 11, 2024 3pm", "2024-03-11T15:00:00Z"},
		"a dash before the time":  {"", "Date: 2024-03-04-19:48", "2024-03-04T19:48:00Z"},
		"quotes":                  {"", "Date: '2024-03-04'", "2024-03-04T00:00:00Z"},
		"two digits, month first": {"", "Date: 08-02-21 15:00", "2021-08-02T15:00:00Z"},
		"GMT+3 is west":           {"", "Date: 2024-03-04 10:30 GMT+3", "2024-03-04T13:30:00Z"},
		"hours named":             {"", "Date: 4th of March, 2024 10h30", "2024-03-04T10:30:00Z"},
		"the year and month":      {"", "Date: March 2024", "2024-03-01T00:00:00Z"},
		"an unknown zone":         {"TIMEZONE = 'America/Sao_Paulo'", "Date: 2024-03-04 10:30 EST", "2024-03-04T13:30:00Z"},
		"the default":             {"DEFAULT_DATE = (2020, 1, 2, 3, 4)", "", "2020-01-02T03:04:00Z"},
		"the default as a text":   {"DEFAULT_DATE = '2020-02-03'", "", "2020-02-03T00:00:00Z"},
		"the default's metadata": {"DEFAULT_METADATA = {'date': '2021-02-03'}", "",
			"2021-02-03T00:00:00Z"},
		"the file's": {"DEFAULT_DATE = 'fs'", "", old.UTC().Truncate(time.Second).Format(time.RFC3339)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, pelicanBlog(test.settings, map[string]string{"content/a.md": "Title: A\n" + test.front + "\n\nText."}))
			b.cfg.Content.Dir = "blog/content"
			if p, _ := b.only(); p.Date.UTC().Format(time.RFC3339) != test.want {
				t.Errorf("got %s, want %s", p.Date.UTC().Format(time.RFC3339), test.want)
			}
		})
	}
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

// TestPelicanPlaces shows where Pelican looks for articles where its settings name no PATH, and the
// categories of a plug-in.
func TestPelicanPlaces(t *testing.T) {
	b := newBlog(t, map[string]string{
		"pelicanconf.py":         "ARTICLE_PATHS = ['blog']\nPLUGINS = ['more_categories']\nARTICLE_URL = '{category}/{slug}/'\n",
		"content/blog/a.md":      "Title: A\nDate: 2024-01-01\nCategory: One, Two\nTags: x\n\nText.",
		"content/elsewhere/b.md": "Title: B\nDate: 2024-01-02\n\nText.",
	})
	b.cfg.Content.Dir = "blog/content"
	p, _ := b.only()
	if got := p.URL + " " + strings.Join(p.Tags, ","); got != "https://example.com/one/a/ One,Two,x" {
		t.Error(got)
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
