package kramdown

import (
	"html"
	"slices"
	"strconv"
	"strings"
)

// mark writes the number that links to a footnote.
func (r *renderer) mark(n *node) {
	f := r.footnotes[n.name]
	if f.number == 0 {
		r.used = append(r.used, f)
		f.number = len(r.used)
	}
	id := "fnref:" + f.name
	if f.uses > 0 {
		id += ":" + strconv.Itoa(f.uses)
	}
	f.uses++
	r.out.WriteString(`<sup id="` + id + `" role="doc-noteref"><a href="#fn:` + f.name + `" class="footnote" rel="footnote">` + strconv.Itoa(f.number) + "</a></sup>")
}

// notes writes the footnotes that the text refers to, and those that they refer to in turn.
func (r *renderer) notes() {
	if len(r.used) == 0 {
		return
	}
	r.out.WriteString(`<div class="footnotes" role="doc-endnotes"><ol>` + "\n")
	for i := 0; i < len(r.used); i++ {
		f := r.used[i]
		r.out.WriteString(`<li id="fn:` + f.name + `">` + "\n")
		back := &node{kind: rawHTML, text: r.backLinks(f)}
		if last := lastBlock(f.content); last != nil && last.kind == paragraph {
			last.add(back)
		} else {
			f.content.add(&node{kind: paragraph, children: []*node{back}})
		}
		r.children(f.content)
		r.out.WriteString("</li>\n")
	}
	r.out.WriteString("</ol></div>\n")
}

// backLinks returns links from a footnote to each reference to it.
func (r *renderer) backLinks(f *footnote) string {
	var text strings.Builder
	r.Budget.Nodes(2 * f.uses)
	for n := range f.uses {
		id, number := "fnref:"+f.name, ""
		if n > 0 {
			id += ":" + strconv.Itoa(n)
			number = "<sup>" + strconv.Itoa(n+1) + "</sup>"
		}
		text.WriteString("\u00a0" + `<a href="#` + id + `" class="reversefootnote" role="doc-backlink">&#8617;` + number + "</a>")
	}
	return text.String()
}

func lastBlock(n *node) *node {
	for i := len(n.children) - 1; i >= 0; i-- {
		if k := n.children[i].kind; k != blankBlock && k != boundary {
			return n.children[i]
		}
	}
	return nil
}

// contents writes the table of contents in place of the list marked {:toc}.
func (r *renderer) contents(list *node) {
	if !r.listed {
		r.listed = true
		collectHeadings(r.root, func(h *node) {
			if h.attributes.get("id") == "" && !r.NoAutoIDs {
				h.attributes = h.attributes.with(&attributes{list: []attribute{{"id", r.id(textOf(h))}}})
			}
			if h.attributes == nil || !slices.Contains(h.attributes.classes, "no_toc") {
				r.inContents = append(r.inContents, h)
			}
		})
	}
	r.headings = r.inContents
	if len(r.headings) == 0 {
		return
	}
	name := "ul"
	if list.kind == orderedList {
		name = "ol"
	}
	r.out.WriteString("<nav>")
	r.contentsBelow(name, 0)
	r.out.WriteString("</nav>\n")
}

// contentsBelow writes the headings deeper than a level, nested.
func (r *renderer) contentsBelow(name string, level int) {
	if len(r.headings) == 0 || r.headings[0].level <= level {
		return
	}
	r.out.WriteString("<" + name + ">")
	for len(r.headings) > 0 && r.headings[0].level > level {
		h := r.headings[0]
		r.Budget.Nodes(4)
		r.Budget.CheckHTML(r.out.Len())
		r.headings = r.headings[1:]
		r.out.WriteString(`<li><a href="#` + html.EscapeString(h.attributes.get("id")) + `">` + html.EscapeString(textOf(h)) + "</a>")
		r.contentsBelow(name, h.level)
		r.out.WriteString("</li>")
	}
	r.out.WriteString("</" + name + ">")
}

func collectHeadings(n *node, add func(*node)) {
	for _, child := range n.children {
		if child.kind == heading {
			add(child)
		} else {
			collectHeadings(child, add)
		}
	}
}
