package kramdown

import "strings"

// htmlBlock reads a comment or an element that begins a line. ended is true at the end tag of the element
// that is being read.
//
// An element extends to its end tag, across blank lines, and what follows the end tag is Markdown again,
// even on the same line. Its content is Markdown only with an attribute markdown="1", "block" or "span", or
// the option parse_block_html.
func (p *blockParser) htmlBlock(line string) (handled, ended bool) {
	text, ok := unindented(line)
	if !ok || text[0] != '<' {
		return false, false
	}
	if strings.HasPrefix(line, "<!--") {
		if end := p.find("-->", p.pos+4); end >= 0 {
			p.tree.add(&node{kind: rawHTML, text: p.src[p.pos : end+3]})
			p.pos = end + 3
			p.skipLineEnd()
			return true, false
		}
		return false, false
	}
	at := p.pos + len(line) - len(text)
	t := readTag(p.src[at:])
	switch {
	case t.size == 0 || spanElements[strings.ToLower(t.name)]:
		return false, false
	case t.end:
		if p.tree.kind == htmlBlock && p.tree.name == strings.ToLower(t.name) {
			p.pos = at + t.size
			return true, true
		}
		return false, false
	}
	p.pos = at + t.size
	p.element(t, p.ParseBlockHTML)
	return true, false
}

// skipLineEnd skips white space to the end of the line.
func (p *blockParser) skipLineEnd() {
	if p.pos < len(p.src) && isBlank(p.line()) {
		p.pos += len(p.line())
	}
}

// element reads an element after its start tag. parse is true if its content is Markdown.
func (p *blockParser) element(t tag, parse bool) {
	n := &node{kind: htmlBlock, name: t.name, tag: t.attributes, closed: t.closed || emptyElements[t.name]}
	inRaw := p.tree.kind == htmlBlock && p.tree.model == rawContent
	n.standalone = !inRaw
	p.Budget.Nodes(1)
	p.tree.add(n)
	if t.name == "script" || t.name == "style" {
		p.rawElement(n)
		return
	}
	n.attributes, p.pending = p.pending, nil
	if parse && !inRaw {
		n.model = modelOf(t.name)
	}
	switch t.markdown {
	case "0":
		n.model = rawContent
	case "1":
		n.model = modelOf(t.name)
	case "span":
		n.model = spanContent
	case "block":
		n.model = blockContent
	}
	if n.model == blockContent {
		p.skipLineEnd()
	}
	if !n.closed && p.pos < len(p.src) {
		p.elementContent(n)
		if !inRaw {
			p.skipLineEnd()
		}
	}
}

func (p *blockParser) elementContent(n *node) {
	outer, pending := p.tree, p.pending
	p.tree, p.pending = n, nil
	if p.depth++; p.depth > maxDepth*8 {
		n.add(&node{kind: rawHTML, text: p.src[p.pos:]})
		p.pos = len(p.src)
	} else {
		switch n.model {
		case blockContent:
			p.blocks()
		case spanContent:
			end, size := p.endTag(n.name, p.pos)
			n.add(&node{kind: paragraph, transparent: true, text: p.src[p.pos:end], unparsed: true})
			p.pos = end + size
		default:
			p.rawContent(n)
		}
	}
	p.depth--
	p.tree, p.pending = outer, pending
}

// endTag returns the position of an element's next end tag, or else the end of the source.
func (p *blockParser) endTag(name string, from int) (at, size int) {
	for at = from; ; at += 2 {
		if at = p.find("</", at); at < 0 {
			return len(p.src), 0
		}
		if t := readTag(p.src[at:]); t.size > 0 && strings.EqualFold(t.name, name) {
			return at, t.size
		}
	}
}

// rawElement reads a script or a style sheet.
func (p *blockParser) rawElement(n *node) {
	end, size := p.endTag(n.name, p.pos)
	n.add(&node{kind: rawHTML, text: p.src[p.pos:end]})
	p.pos = end + size
}

// rawContent reads HTML up to the element's end tag. It reads the elements inside, since each may contain
// Markdown, and treats unmatched end tags as text.
func (p *blockParser) rawContent(n *node) {
	from := p.pos
	flush := func() {
		if from < p.pos {
			p.Budget.Nodes(1)
			n.add(&node{kind: rawHTML, text: p.src[from:p.pos]})
		}
	}
	for p.pos < len(p.src) {
		p.Budget.Step(1)
		next := strings.IndexByte(p.src[p.pos:], '<')
		if next < 0 {
			p.pos = len(p.src)
			break
		}
		p.pos += next
		if rest := p.src[p.pos:]; strings.HasPrefix(rest, "<!--") {
			if end := p.find("-->", p.pos+4); end >= 0 {
				p.pos = end + 3
				continue
			}
		} else if t := readTag(rest); t.size > 0 {
			flush()
			p.pos += t.size
			from = p.pos
			switch {
			case t.end && t.name == n.name:
				return
			case t.end:
				n.add(&node{kind: plainText, text: rest[:t.size]})
			default:
				p.element(t, false)
			}
			from = p.pos
			continue
		} else if len(rest) > 1 && rest[1] != '?' && rest[1] != '!' { // not a tag, whatever browsers make of it
			flush()
			n.add(&node{kind: plainText, text: "<"})
			from = p.pos + 1
		}
		p.pos++
	}
	flush()
}
