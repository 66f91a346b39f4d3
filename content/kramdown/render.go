package kramdown

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"publisher/internal/htmldom"
)

// renderer writes a tree as HTML.
type renderer struct {
	*document
	out   strings.Builder
	depth int
}

func (r *renderer) children(n *node) {
	if r.depth++; r.depth < maxDepth*12 {
		for _, child := range n.children {
			r.node(child)
		}
	}
	r.depth--
}

// wrap writes an element with text in it.
func (r *renderer) wrap(name string, n *node, end string) {
	r.open(name, n.attributes)
	r.children(n)
	r.out.WriteString("</" + name + ">" + end)
}

// container writes an element with blocks in it.
func (r *renderer) container(name string, n *node) {
	r.open(name, n.attributes)
	r.out.WriteByte('\n')
	r.children(n)
	r.out.WriteString("</" + name + ">\n")
}

func (r *renderer) open(name string, a *attributes) {
	r.out.WriteString("<" + name)
	r.attributes(a)
	r.out.WriteByte('>')
}

// attributes writes attributes, after those of the definitions that they refer to.
func (r *renderer) attributes(a *attributes) {
	if a == nil {
		return
	}
	for _, ref := range a.refs {
		if more := r.lists[ref]; more != nil && more != a {
			r.attributes(&attributes{classes: more.classes, list: more.list})
		}
	}
	if len(a.classes) > 0 {
		r.attribute("class", strings.Join(a.classes, " "))
	}
	for i, at := range a.list {
		if !slices.ContainsFunc(a.list[i+1:], func(later attribute) bool { return later.key == at.key }) {
			r.attribute(at.key, at.value)
		}
	}
}

func (r *renderer) attribute(key, value string) {
	r.out.WriteString(" " + key + `="` + strings.ReplaceAll(escapeText(value), `"`, "&quot;") + `"`)
}

// escapeText escapes text, except for character references.
func escapeText(s string) string { return htmldom.EscapeText(s, isWordByte) }

// node writes a node.
func (r *renderer) node(n *node) {
	r.Budget.Step(1)
	r.Budget.CheckHTML(r.out.Len())
	switch n.kind {
	case blankBlock, boundary:
	case paragraph:
		switch {
		case n.transparent:
			r.children(n)
		case len(n.children) > 0: // a comment alone leaves none
			r.wrap("p", n, "\n")
		}
	case heading:
		r.heading(n)
	case codeBlock:
		r.code(n)
	case quotation:
		r.container("blockquote", n)
	case rule:
		r.out.WriteString("<hr />\n")
	case bulletList, orderedList:
		if n.attributes.refersTo("toc") {
			r.contents(n)
			return
		}
		r.container(map[kind]string{bulletList: "ul", orderedList: "ol"}[n.kind], n)
	case listItem:
		r.wrap("li", n, "\n")
	case definitionList:
		r.container("dl", n)
	case definedTerm:
		r.wrap("dt", n, "\n")
	case definition:
		r.wrap("dd", n, "\n")
	case table:
		r.table(n)
	case htmlBlock:
		r.element(n)
	default:
		r.span(n)
	}
}

// span writes a node in text.
func (r *renderer) span(n *node) {
	switch n.kind {
	case rawHTML:
		r.out.WriteString(n.text)
	case plainText:
		r.text(n.text)
	case typographic:
		r.out.WriteString(escapeText(n.text))
	case entity:
		r.out.WriteString(n.text)
	case emphasis:
		r.wrap("em", n, "")
	case strong:
		r.wrap("strong", n, "")
	case deleted:
		r.wrap("del", n, "")
	case codeSpan:
		r.out.WriteString("<code>" + html.EscapeString(n.text) + "</code>")
	case lineBreak:
		r.out.WriteString("<br />")
	case mathSpan, mathBlock:
		r.math(n)
	case footnoteMark:
		r.mark(n)
	case link:
		r.out.WriteString("<a")
		r.target("href", n)
		r.out.WriteByte('>')
		r.children(n)
		r.out.WriteString("</a>")
	case image:
		r.out.WriteString("<img")
		r.target("src", n)
		r.attribute("alt", n.text)
		r.out.WriteString(" />")
	}
}

// target writes the address of a link or image.
func (r *renderer) target(key string, n *node) {
	r.attribute(key, n.address)
	if n.titled {
		r.attribute("title", n.title)
	}
	r.attributes(n.attributes)
}

func (r *renderer) text(s string) {
	if r.abbreviated == nil {
		r.out.WriteString(escapeText(s))
		return
	}
	r.Budget.Scan(len(s))
	r.abbreviated.write(s, func(plain string) { r.out.WriteString(escapeText(plain)) }, func(short, meaning string) {
		r.Budget.Nodes(2)
		r.Budget.CheckHTML(r.out.Len())
		r.out.WriteString("<abbr")
		if meaning != "" {
			r.attribute("title", meaning)
		}
		r.out.WriteString(">" + escapeText(short) + "</abbr>")
	})
}

// math writes a formula.
func (r *renderer) math(n *node) {
	open, end := `\(`, `\)`
	switch {
	case r.NoMathEngine && n.kind == mathBlock:
		open, end = "$$\n", "\n$$"
	case r.NoMathEngine:
		open, end = "$", "$"
	case n.kind == mathBlock:
		open, end = `\[`, `\]`
	}
	formula := open + html.EscapeString(n.text) + end
	if n.kind == mathBlock {
		formula = "<p>" + formula + "</p>\n"
	}
	r.out.WriteString(formula)
}

// code writes a code block.
func (r *renderer) code(n *node) {
	language := n.name
	if n.attributes != nil {
		for _, class := range n.attributes.classes {
			if name, ok := strings.CutPrefix(class, "language-"); ok {
				language = name
			}
		}
	}
	if r.Code != nil {
		r.out.WriteString(r.Code(n.text, language))
		return
	}
	r.out.WriteString("<pre><code>" + html.EscapeString(n.text) + "</code></pre>\n")
}

func (r *renderer) table(n *node) {
	r.out.WriteString("<table")
	r.attributes(n.attributes)
	r.out.WriteString(">\n")
	for _, section := range n.children {
		r.out.WriteString("<" + section.name + ">\n")
		for _, row := range section.children {
			r.row(n, row, section.name == "thead")
		}
		r.out.WriteString("</" + section.name + ">\n")
	}
	r.out.WriteString("</table>\n")
}

func (r *renderer) row(t, row *node, head bool) {
	name := "td"
	if head {
		name = "th"
	}
	r.out.WriteString("<tr>")
	for i, cell := range row.children {
		r.Budget.CheckHTML(r.out.Len())
		r.out.WriteString("<" + name)
		if i < len(t.alignment) && t.alignment[i] != "" {
			r.attribute("style", "text-align: "+t.alignment[i])
		}
		r.out.WriteString(">")
		r.children(cell)
		r.out.WriteString("</" + name + ">")
	}
	r.out.WriteString("</tr>\n")
}

func (r *renderer) element(n *node) {
	r.out.WriteString("<" + n.name + n.tag)
	r.attributes(n.attributes)
	if emptyElements[n.name] {
		r.out.WriteString(" />")
	} else {
		r.out.WriteString(">")
		if n.model == blockContent {
			r.out.WriteByte('\n')
		}
		r.children(n)
		r.out.WriteString("</" + n.name + ">")
	}
	if n.standalone {
		r.out.WriteByte('\n')
	}
}

func (r *renderer) heading(n *node) {
	name := "h" + strconv.Itoa(n.level)
	if n.attributes.get("id") == "" && !r.NoAutoIDs {
		n.attributes = n.attributes.with(&attributes{list: []attribute{{"id", r.id(textOf(n))}}})
	}
	r.wrap(name, n, "\n")
}

// textOf returns the text of a heading, without references to footnotes.
func textOf(n *node) string {
	var b strings.Builder
	for _, child := range n.children {
		switch child.kind {
		case plainText, codeSpan, mathSpan, typographic:
			b.WriteString(child.text)
		case entity:
			b.WriteString(html.UnescapeString(child.text))
		case image:
		default:
			b.WriteString(textOf(child))
		}
	}
	return b.String()
}

// id returns a unique ID for a heading.
func (r *renderer) id(text string) string {
	id := strings.Map(func(c rune) rune {
		switch {
		case c == ' ' || c == '\t':
			return '-'
		case c == '-' || isWord(c) || unicode.Is(unicode.Pc, c):
			return c
		}
		return -1
	}, strings.ToLower(text))
	n := r.ids[id]
	r.ids[id]++
	if n > 0 {
		id += "-" + strconv.Itoa(n)
	}
	return id
}
