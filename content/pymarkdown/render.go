package pymarkdown

import (
	"html"
	"regexp"
	"strings"
)

func (d *document) render(b *strings.Builder, e *element, depth int) {
	if depth > maxDepth*4 {
		return
	}
	for _, child := range e.children {
		d.renderElement(b, child, depth+1)
	}
}

// contentsPlace is replaced by the table of contents.
const contentsPlace = "\x02toc\x03"

type headline struct {
	level    int
	id, text string
}

// contents returns the table of contents.
func (d *document) contents() string {
	if len(d.toc) == 0 {
		return ""
	}
	var b strings.Builder
	var open []int
	b.WriteString("<nav>")
	if d.TOCTitle != "" {
		b.WriteString("<p>" + html.EscapeString(d.TOCTitle) + "</p>")
	}
	for _, h := range d.toc {
		for len(open) > 0 && open[len(open)-1] > h.level {
			b.WriteString("</li></ul>")
			open = open[:len(open)-1]
		}
		if len(open) > 0 && open[len(open)-1] == h.level {
			b.WriteString("</li>")
		} else {
			b.WriteString("<ul>")
			open = append(open, h.level)
		}
		b.WriteString(`<li><a href="#` + escapeAttribute(h.id) + `">` + html.EscapeString(h.text) + "</a>")
	}
	b.WriteString(strings.Repeat("</li></ul>", len(open)) + "</nav>\n")
	return b.String()
}

func (d *document) renderElement(b *strings.Builder, e *element, depth int) {
	d.Budget.Step(1)
	d.Budget.CheckHTML(b.Len())
	switch {
	case e.code:
		d.renderCode(b, e)
		return
	case e.tag == "":
		b.WriteString(d.inline(e.text, 0))
		return
	case e.tag == "hr":
		b.WriteString("<hr />\n")
		return
	case e.tag == "p" && d.renderMark(b, e.text, depth):
		return
	case e.tag == "p" && d.TOC && strings.TrimSpace(e.text) == "[TOC]":
		b.WriteString(contentsPlace)
		return
	}
	text, attr := e.text, e.attr
	if d.AttrLists && e.raw == "" {
		text, attr = d.blockAttributes(e.tag, text, attr)
	}
	if len(e.tag) == 2 && e.tag[0] == 'h' && d.HeadingID != nil {
		attr = d.headingID(e.tag, attr, plainText(d.inline(text, 0)))
	}
	b.WriteString("<" + e.tag + attr + ">")
	if e.raw != "" {
		b.WriteString(e.raw)
	}
	b.WriteString(d.inline(strings.TrimRight(text, " \n"), 0))
	if len(e.children) > 0 {
		b.WriteByte('\n')
		d.render(b, e, depth)
	}
	b.WriteString("</" + e.tag + ">\n")
}

func (d *document) headingID(tag, attr, text string) string {
	id := ""
	if _, own, ok := strings.Cut(attr, ` id="`); ok {
		id, _, _ = strings.Cut(own, `"`)
	} else {
		id = d.HeadingID(text)
		attr += ` id="` + escapeAttribute(id) + `"`
	}
	level := int(tag[1] - '0')
	if d.TOC && (d.TOCDepth[1] == 0 || level >= d.TOCDepth[0] && level <= d.TOCDepth[1]) {
		d.toc = append(d.toc, headline{level, id, text})
	}
	return attr
}

var anyTag = regexp.MustCompile(`<[^>]*>`)

func plainText(s string) string { return html.UnescapeString(anyTag.ReplaceAllString(s, "")) }

// renderMark writes a paragraph that is only a stashed block; it reports whether it is one.
func (d *document) renderMark(b *strings.Builder, text string, depth int) bool {
	text = strings.TrimSpace(text)
	s, size := d.marked(text)
	if s == nil || !s.block || size != len(text) {
		return false
	}
	if s.element != nil {
		d.renderElement(b, s.element, depth+1)
	} else {
		b.WriteString(s.html + "\n")
	}
	return true
}

// renderCode writes code, in which stashed text is restored.
func (d *document) renderCode(b *strings.Builder, e *element) {
	code := d.restored(e.text)
	if d.Code != nil {
		b.WriteString(d.Code(code, e.language))
		return
	}
	b.WriteString("<pre><code>" + html.EscapeString(code) + "</code></pre>\n")
}

// restored returns code with the blocks of HTML that were stashed from it.
func (d *document) restored(code string) string {
	for range maxDepth {
		at := strings.IndexByte(code, markStart)
		if at < 0 {
			return code
		}
		s, size := d.marked(code[at:])
		if s == nil {
			return strings.ReplaceAll(code, string(markStart), "")
		}
		code = code[:at] + s.html + code[at+size:]
	}
	return code
}

var (
	listAtEnd  = regexp.MustCompile(`\n[ ]*\{:?[ ]*([^}\n ][^}\n]*)[ ]*\}[ ]*$`)
	listInLine = regexp.MustCompile(`[ ]+\{:?[ ]*([^}\n ][^}\n]*)[ ]*\}[ ]*$`)
	listBehind = regexp.MustCompile(`^\{:?[ ]*[^}\n ][^}\n]*[ ]*\}`)
)

// blockAttributes separates the attribute list from a block's text: at the end of a heading, in the last
// line of other blocks.
func (d *document) blockAttributes(tag, text, attr string) (string, string) {
	if !strings.Contains(text, "{") {
		return text, attr
	}
	at := listAtEnd
	if len(tag) == 2 && tag[0] == 'h' || tag == "td" || tag == "th" || tag == "dt" {
		at = listInLine
	}
	if m := at.FindStringSubmatchIndex(text); m != nil {
		attr += d.attributes("{" + text[m[2]:m[3]] + "}")
		text = text[:m[0]]
	}
	return text, attr
}

// footnotes writes the footnotes in the order of their definitions.
func (d *document) footnotes(b *strings.Builder) {
	if len(d.order) == 0 {
		return
	}
	b.WriteString(`<div class="footnote"><hr /><ol>` + "\n")
	for i := 0; i < len(d.order); i++ {
		name := d.order[i]
		note := d.notes[name]
		b.WriteString(`<li id="fn:` + escapeAttribute(name) + `">` + "\n")
		back := "\u00a0" + `<a class="footnote-backref" href="#fnref:` + escapeAttribute(name) + `">&#8617;</a>`
		var inner strings.Builder
		d.render(&inner, note, 0)
		if text, ok := strings.CutSuffix(inner.String(), "</p>\n"); ok {
			b.WriteString(text + back + "</p>\n")
		} else {
			b.WriteString(inner.String() + "<p>" + back + "</p>\n")
		}
		b.WriteString("</li>\n")
	}
	b.WriteString("</ol></div>\n")
}

var (
	openDouble = regexp.MustCompile(`(^|[\s(\[{—–-])"`)
	openSingle = regexp.MustCompile(`(^|[\s(\[{—–-])'`)
)

// smart returns text with typographic characters.
func (d *document) smart(s string) string {
	if !strings.ContainsAny(s, `"'-.`) {
		return s
	}
	if d.LongDashes {
		s = strings.ReplaceAll(s, "--", "—")
	}
	s = strings.NewReplacer("---", "—", "--", "–", "...", "…").Replace(s)
	s = openDouble.ReplaceAllString(s, "$1“")
	s = openSingle.ReplaceAllString(s, "$1‘")
	return strings.NewReplacer(`"`, "”", "'", "’").Replace(s)
}
