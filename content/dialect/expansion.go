package dialect

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/internal/xmltext"
)

// Expansion is one text in which an engine's shortcodes, tags and variables are expanded.
type Expansion struct {
	Page  *Page
	Blog  *Blog
	Links *Linker
	Text  string // before anything is expanded
	Line  int    // of the file where Text begins
	Quiet bool   // warn of nothing: the text was expanded before

	Stash         *markdown.HTMLStash // of the HTML that is made; nil if it stays in the text
	TemplateStash *markdown.HTMLStash // of what the blog's own templates make

	spent   int // marks that were looked at
	counted int // offset up to which lines of Text were counted
	lines   int // that end before counted
}

// A hostile body could have millions of marks; each costs more than its bytes.
const maxMarks = 10_000

// MaxWarnings bounds the warnings about one post.
const MaxWarnings = 100

// Spend counts a mark and reports whether it may be expanded. It stops the post at too many.
func (x *Expansion) Spend(offset int) bool {
	if x.spent++; x.spent > maxMarks {
		x.Page.Budget.Fail(&limits.Error{Limit: fmt.Sprintf("%d shortcodes", maxMarks), Message: "divide the post", Line: x.LineAt(offset)})
	}
	x.Page.Budget.Step(20)
	return true
}

// Warn reports a problem at an offset of the text, once per line.
func (x *Expansion) Warn(offset int, message string) {
	if x.Quiet || len(x.Page.Problems) >= MaxWarnings {
		return
	}
	line := x.LineAt(offset)
	problem := post.Problem{Path: x.Page.Path, Line: line, Message: message}
	if !slices.Contains(x.Page.Problems, problem) {
		x.Page.Problems = append(x.Page.Problems, problem)
	}
}

// LineAt returns the line of the file that an offset of the text is in.
func (x *Expansion) LineAt(offset int) int {
	offset = min(max(offset, 0), len(x.Text))
	if offset < x.counted { // rarely: marks come in their order
		x.counted, x.lines = 0, 0
	}
	x.lines += strings.Count(x.Text[x.counted:offset], "\n")
	x.counted = offset
	return x.Line + x.lines
}

// Unknown warns of a shortcode or tag that is not known.
func (x *Expansion) Unknown(offset int, kind, name string) {
	x.Warn(offset, fmt.Sprintf("unknown %s %s; kept its inner text", kind, post.Clip(name)))
}

// Unevaluated warns of an expression that is left out.
func (x *Expansion) Unevaluated(offset int, text string) {
	x.Warn(offset, fmt.Sprintf("%s cannot be evaluated; left it out", post.Clip(xmltext.Line(text))))
}

// Figure is a picture with a caption. Its fields are plain text, except Caption, which is HTML.
type Figure struct {
	Src, Alt, Width, Height, Link, Title, Caption string
}

// HTML returns the figure element.
func (f Figure) HTML() string {
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

// InlineHTML renders a caption's Markdown without the paragraph around it.
func (x *Expansion) InlineHTML(markdown string) string {
	markdown = xmltext.Line(markdown)
	w := x.Page.MarkdownOptions()
	w.DropHTML = false
	out, err := x.Blog.Markdown.HTML(markdown, w)
	if err != nil {
		return html.EscapeString(markdown)
	}
	out = strings.TrimSpace(out)
	if inner, ok := strings.CutPrefix(out, "<p>"); ok && strings.Count(out, "<p>") == 1 {
		out = strings.TrimSuffix(inner, "</p>")
	}
	return strings.Join(strings.Fields(out), " ")
}

// frame returns an embedded page; the sanitizer makes it a linked picture or a link.
func frame(src, title string) string {
	return `<iframe src="` + html.EscapeString(xmltext.Line(src)) + `" title="` + html.EscapeString(xmltext.Line(title)) + `"></iframe>`
}

// PlainLink returns a link to what cannot be shown.
func PlainLink(to, label string) string {
	return `<a href="` + html.EscapeString(xmltext.Line(to)) + `">` + html.EscapeString(xmltext.Line(label)) + `</a>`
}

var safeID = regexp.MustCompile(`^[\w./@-]+$`)

// Embed returns a player or a post on a platform, by its id there, under the names that
// shortcodes of all engines share; ok is false for another name.
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
