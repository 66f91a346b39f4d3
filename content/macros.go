package content

import (
	"fmt"
	"html"
	"publisher/internal/xmltext"
	"regexp"
	"slices"
	"strings"
)

// macros are what an engine writes into Markdown besides: shortcodes, tags,
// variables. One value expands one text.
type macros struct {
	article *article
	tree    *blog
	links   *linker
	line    int       // of the file where the text begins
	quiet   bool      // the text was looked at before
	spent   int       // marks that were looked at
	kept    *keptHTML // where the HTML that is made goes; nil where it stays in the text
	set     *keptHTML // where what the blog's own templates make goes
	base    string
	counted int // of base: how far its lines were counted
	lines   int // that end before counted
}

// A hostile body could hold millions of marks; each costs more than its bytes.
const (
	maxMacros   = 10_000
	maxWarnings = 100
)

// spend counts a mark and reports whether it is still to be looked at.
func (m *macros) spend(offset int) bool {
	if m.spent++; m.spent > maxMacros {
		m.article.budget.stop(&limitError{limit: fmt.Sprintf("%d shortcodes", maxMacros), message: "divide the post", line: m.lineAt(offset)})
	}
	m.article.budget.step(20)
	return true
}

// warn reports what stands at an offset of the text, once for each line.
func (m *macros) warn(offset int, message string) {
	if m.quiet || len(m.article.problems) >= maxWarnings {
		return
	}
	line := m.lineAt(offset)
	problem := Problem{Path: m.article.path, Line: line, Message: message}
	if !slices.Contains(m.article.problems, problem) {
		m.article.problems = append(m.article.problems, problem)
	}
}

// lineAt is the line of the file that an offset of the text is in.
func (m *macros) lineAt(offset int) int {
	offset = min(max(offset, 0), len(m.base))
	if offset < m.counted { // rarely: marks come in their order
		m.counted, m.lines = 0, 0
	}
	m.lines += strings.Count(m.base[m.counted:offset], "\n")
	m.counted = offset
	return m.line + m.lines
}

func (m *macros) unknown(offset int, kind, name string) {
	m.warn(offset, fmt.Sprintf("the %s %s is not known here: only its inner text was kept", kind, clip(name)))
}

func (m *macros) unevaluated(offset int, text string) {
	m.warn(offset, fmt.Sprintf("%s cannot be evaluated here and was left out", clip(xmltext.Line(text))))
}

// figure is a picture with a caption; its fields are HTML-escaped here, except
// caption, which is HTML.
type figure struct {
	src, alt, width, height, link, title, caption string
}

func (f figure) html() string {
	var b strings.Builder
	attribute := func(key, value string) {
		if value != "" {
			b.WriteString(" " + key + `="` + html.EscapeString(xmltext.Line(value)) + `"`)
		}
	}
	b.WriteString("<figure>")
	if f.link != "" {
		b.WriteString("<a")
		attribute("href", f.link)
		b.WriteString(">")
	}
	b.WriteString("<img")
	attribute("src", f.src)
	attribute("alt", f.alt)
	attribute("width", f.width)
	attribute("height", f.height)
	b.WriteString("/>")
	if f.link != "" {
		b.WriteString("</a>")
	}
	if f.title != "" || f.caption != "" {
		b.WriteString("<figcaption>")
		if f.title != "" {
			b.WriteString("<h4>" + html.EscapeString(xmltext.Line(f.title)) + "</h4>")
		}
		if f.caption != "" {
			b.WriteString("<p>" + f.caption + "</p>")
		}
		b.WriteString("</figcaption>")
	}
	b.WriteString("</figure>")
	return b.String()
}

// inlineHTML renders a caption's Markdown without the paragraph around it.
func (m *macros) inlineHTML(markdown string) string {
	markdown = xmltext.Line(markdown)
	w := m.article.writing()
	w.noRaw = false
	out, err := m.tree.markdown.html(markdown, w)
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
func plainLink(to, label string) string {
	return `<a href="` + html.EscapeString(xmltext.Line(to)) + `">` + html.EscapeString(xmltext.Line(label)) + `</a>`
}

var safeID = regexp.MustCompile(`^[\w./@-]+$`)

// embed is what the shortcodes of all engines call the same: a player or a post
// on a platform, by its id there. ok is false where the name says nothing.
func embed(name, id, title string) (out string, ok bool) {
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
	return plainLink(to, title), true
}
