package dialect

import (
	"fmt"
	"html"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/internal/xmltext"
	"regexp"
	"slices"
	"strings"
)

// macros are what an engine writes into Markdown besides: shortcodes, tags,
// variables. One value expands one text.
type Expansion struct {
	Article *Page
	Tree    *Blog
	Links   *Linker
	Line    int                 // of the file where the text begins
	Quiet   bool                // the text was looked at before
	spent   int                 // marks that were looked at
	Kept    *markdown.HTMLStash // where the HTML that is made goes; nil where it stays in the text
	Set     *markdown.HTMLStash // where what the blog's own templates make goes
	Base    string
	counted int // of base: how far its lines were counted
	lines   int // that end before counted
}

// A hostile body could hold millions of marks; each costs more than its bytes.
const (
	maxMacros   = 10_000
	MaxWarnings = 100
)

// spend counts a mark and reports whether it is still to be looked at.
func (m *Expansion) Spend(offset int) bool {
	if m.spent++; m.spent > maxMacros {
		m.Article.Budget.Fail(&limits.Error{Limit: fmt.Sprintf("%d shortcodes", maxMacros), Message: "divide the post", Line: m.LineAt(offset)})
	}
	m.Article.Budget.Step(20)
	return true
}

// warn reports what stands at an offset of the text, once for each line.
func (m *Expansion) Warn(offset int, message string) {
	if m.Quiet || len(m.Article.Problems) >= MaxWarnings {
		return
	}
	line := m.LineAt(offset)
	problem := post.Problem{Path: m.Article.Path, Line: line, Message: message}
	if !slices.Contains(m.Article.Problems, problem) {
		m.Article.Problems = append(m.Article.Problems, problem)
	}
}

// lineAt is the line of the file that an offset of the text is in.
func (m *Expansion) LineAt(offset int) int {
	offset = min(max(offset, 0), len(m.Base))
	if offset < m.counted { // rarely: marks come in their order
		m.counted, m.lines = 0, 0
	}
	m.lines += strings.Count(m.Base[m.counted:offset], "\n")
	m.counted = offset
	return m.Line + m.lines
}

func (m *Expansion) Unknown(offset int, kind, name string) {
	m.Warn(offset, fmt.Sprintf("the %s %s is not known here: only its inner text was kept", kind, post.Clip(name)))
}

func (m *Expansion) Unevaluated(offset int, text string) {
	m.Warn(offset, fmt.Sprintf("%s cannot be evaluated here and was left out", post.Clip(xmltext.Line(text))))
}

// figure is a picture with a caption; its fields are HTML-escaped here, except
// caption, which is HTML.
type Figure struct {
	Src, Alt, Width, Height, Link, Title, Caption string
}

func (f Figure) Html() string {
	var b strings.Builder
	attribute := func(key, value string) {
		if value != "" {
			b.WriteString(" " + key + `="` + html.EscapeString(xmltext.Line(value)) + `"`)
		}
	}
	b.WriteString("<figure>")
	if f.Link != "" {
		b.WriteString("<a")
		attribute("href", f.Link)
		b.WriteString(">")
	}
	b.WriteString("<img")
	attribute("src", f.Src)
	attribute("alt", f.Alt)
	attribute("width", f.Width)
	attribute("height", f.Height)
	b.WriteString("/>")
	if f.Link != "" {
		b.WriteString("</a>")
	}
	if f.Title != "" || f.Caption != "" {
		b.WriteString("<figcaption>")
		if f.Title != "" {
			b.WriteString("<h4>" + html.EscapeString(xmltext.Line(f.Title)) + "</h4>")
		}
		if f.Caption != "" {
			b.WriteString("<p>" + f.Caption + "</p>")
		}
		b.WriteString("</figcaption>")
	}
	b.WriteString("</figure>")
	return b.String()
}

// inlineHTML renders a caption's Markdown without the paragraph around it.
func (m *Expansion) InlineHTML(markdown string) string {
	markdown = xmltext.Line(markdown)
	w := m.Article.MarkdownOptions()
	w.DropHTML = false
	out, err := m.Tree.Markdown.HTML(markdown, w)
	if err != nil {
		return html.EscapeString(markdown)
	}
	out = strings.TrimSpace(out)
	if inner, ok := strings.CutPrefix(out, "<p>"); ok && strings.Count(out, "<p>") == 1 {
		out = strings.TrimSuffix(inner, "</p>")
	}
	return strings.Join(strings.Fields(out), " ")
}

// frame is an embedded page; the cleaner makes a linked picture or a link of it.
func frame(src, title string) string {
	return `<iframe src="` + html.EscapeString(xmltext.Line(src)) + `" title="` + html.EscapeString(xmltext.Line(title)) + `"></iframe>`
}

// plainLink leads to what cannot be shown.
func PlainLink(to, label string) string {
	return `<a href="` + html.EscapeString(xmltext.Line(to)) + `">` + html.EscapeString(xmltext.Line(label)) + `</a>`
}

var safeID = regexp.MustCompile(`^[\w./@-]+$`)

// embed is what the shortcodes of all engines call the same: a player or a post
// on a platform, by its id there. ok is false where the name says nothing.
func Embed(name, id, title string) (out string, ok bool) {
	where := map[string]string{
		"youtube": "https://www.youtube.com/embed/", "vimeo": "https://player.vimeo.com/video/",
		"instagram": "https://www.instagram.com/p/", "gist": "https://gist.github.com/",
		"x": "https://x.com/i/status/", "twitter": "https://x.com/i/status/", "tweet": "https://x.com/i/status/",
		"streamable": "https://streamable.com/", "codepen": "https://codepen.io/", "spotify": "https://open.spotify.com/",
		"dailymotion": "https://www.dailymotion.com/video/", "bilibili": "https://www.bilibili.com/video/",
		"soundcloud": "https://soundcloud.com/", "jsfiddle": "https://jsfiddle.net/", "asciinema": "https://asciinema.org/a/",
	}
	base, ok := where[name]
	if !ok {
		return "", false
	}
	to := base + id
	switch {
	case strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://"):
		to = id
	case !safeID.MatchString(id):
		return "", true
	}
	if name == "youtube" || name == "vimeo" {
		return frame(to, title), true
	}
	if title == "" {
		title = "▶ " + strings.TrimPrefix(strings.TrimPrefix(to, "https://"), "www.") // no autolink within the link
	}
	return PlainLink(to, title), true
}
