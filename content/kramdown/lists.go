package kramdown

import "strings"

// listMark returns what is before the text of a list item, with up to `spaces` spaces of indentation, and
// the kind of list.
func listMark(line string, spaces int) (mark string, k kind, ok bool) {
	n := indentOf(line)
	if n > spaces || n >= len(line) {
		return "", 0, false
	}
	end := n + 1
	k = bulletList
	if c := line[n]; c >= '0' && c <= '9' {
		for end < len(line) && line[end] >= '0' && line[end] <= '9' {
			end++
		}
		if end >= len(line) || line[end] != '.' {
			return "", 0, false
		}
		end++
		k = orderedList
	} else if c != '*' && c != '+' && c != '-' {
		return "", 0, false
	}
	if end >= len(line) || line[end] != ' ' && line[end] != '\t' && line[end] != '|' {
		return "", 0, false
	}
	return line[:end], k, true
}

// isDefinition reports whether a line defines a term.
func isDefinition(line string) bool { return definitionMark(line, 3) != "" }

func definitionMark(line string, spaces int) string {
	n := indentOf(line)
	if n > spaces || n+1 >= len(line) || line[n] != ':' || line[n+1] != ' ' && line[n+1] != '\t' && line[n+1] != '|' {
		return ""
	}
	return line[:n+1]
}

// item collects the lines of one list item. Each part is parsed as blocks of its own, so that a nested list
// does not need a blank line before it.
type item struct {
	node        *node
	parts       [][]byte
	indentation int
	nested      bool // a nested list may begin
}

func (it *item) write(line string) {
	last := len(it.parts) - 1
	it.parts[last] = append(it.parts[last], line...)
}

// firstLine begins an item with the text after its mark, which sets the indentation of the lines below.
func firstLine(mark, content string) *item {
	it := &item{indentation: len(mark)}
	inner, list := cutAttributes(content)
	if isBlank(inner) {
		it.indentation = 4
	} else {
		for tabbed := strings.TrimLeft(content, " "); strings.HasPrefix(tabbed, "\t"); tabbed = strings.TrimLeft(content, " ") {
			spaces := len(content) - len(tabbed)
			tabs := len(tabbed) - len(strings.TrimLeft(tabbed, "\t"))
			content = strings.Repeat(" ", spaces+4-(spaces+it.indentation)%4+(tabs-1)*4) + tabbed[tabs:]
		}
		it.indentation += indentOf(content)
	}
	it.node = &node{attributes: list}
	it.parts = [][]byte{[]byte(strings.TrimLeft(inner, " \t\n\r\f\v"))}
	return it
}

// content returns the first line of a source as an item's: indented enough, or a lazy continuation; ok is
// false if the line is not part of the item.
func (it *item) content(src string, afterBlank bool) (text string, indented, ok bool) {
	line := lineAt(src, 0)
	rest, deep := cutColumns(line, it.indentation)
	if !deep && (afterBlank || lazyEnd(src, min(it.indentation, 3))) {
		return "", false, false
	}
	if deep {
		return rest, true, true
	}
	tabs := len(line) - len(strings.TrimLeft(line, "\t"))
	return strings.Repeat("    ", tabs) + line[tabs:], false, true
}

// cutColumns removes an indentation, in which a tab counts as four spaces.
func cutColumns(line string, columns int) (rest string, ok bool) {
	width, at := 0, 0
	for at < len(line) && width < columns {
		switch line[at] {
		case ' ':
			width++
		case '\t':
			width += 4
		default:
			return "", false
		}
		at++
	}
	return strings.Repeat(" ", width-columns) + line[at:], width >= columns
}

func lazyEnd(src string, spaces int) bool {
	return indentOf(src) <= spaces && (beginsWithAttributes(src) || opensBlockElement(lineAt(src, 0)))
}

func (p *blockParser) list(line string) bool {
	_, k, ok := listMark(line, 3)
	if !ok {
		return false
	}
	list := p.block(&node{kind: k})
	items, ended := p.listItems(k)
	for _, it := range items {
		list.add(it.node)
		p.Budget.Nodes(2)
		it.node.kind = listItem
		for _, part := range it.parts {
			p.parseItemPart(it.node, string(part))
		}
	}
	if last := tighten(list, ended); last != nil && !ended {
		p.tree.add(last)
	}
	return true
}

// parseItemPart reads blocks into an item, after those it already has.
func (p *blockParser) parseItemPart(into *node, part string) {
	if part != "" {
		p.parseBlocks(into, part)
	}
}

// listItems reads the lines of a list. ended is true if an end-of-block mark ended it.
func (p *blockParser) listItems(k kind) (items []*item, ended bool) {
	spaces, afterBlank := 3, false
	var it *item
	for p.pos < len(p.src) {
		line := p.line()
		p.Budget.Scan(len(line))
		if afterBlank && isRule(line) {
			break
		}
		if isEndOfBlock(line) {
			p.pos += len(line)
			return items, true
		}
		if mark, kind, ok := listMark(line, spaces); ok && kind == k {
			it = firstLine(mark, line[len(mark):])
			items = append(items, it)
			_, _, it.nested = listMark(string(it.parts[0]), 3)
			spaces = min(it.indentation-1, 3)
			if p.GFM {
				it.parts[0] = []byte(taskBox(string(it.parts[0])))
			}
			afterBlank = false
		} else if isBlank(line) {
			it.nested, afterBlank = true, true
			it.write("\n")
		} else if text, indented, ok := it.content(p.src[p.pos:], afterBlank); ok {
			_, _, isItem := listMark(text, 3)
			switch {
			case isItem && indented && !it.nested:
				it.parts = append(it.parts, nil)
				it.nested = true
			case isItem && !indented && it.nested:
				text = strings.Repeat(" ", it.indentation+4) + text
			}
			it.write(text)
			afterBlank = false
		} else {
			break
		}
		p.pos += len(line)
	}
	return items, false
}

// taskBox returns the text of a task with a checkbox, as on GitHub.
func taskBox(text string) string {
	for mark, checked := range map[string]string{"[ ] ": "", "[x] ": " checked", "[X] ": " checked"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return `<input type="checkbox" disabled` + checked + ` />` + rest
		}
	}
	return text
}

// tighten removes the paragraph tags of items without blank lines between them. It returns the blank block
// at the end of the last item.
func tighten(list *node, ended bool) (last *node) {
	mixed := false // an item before this one does not begin with a paragraph
	for i, it := range list.children {
		if len(it.children) == 0 {
			mixed = true
			continue
		}
		isLast := i == len(list.children)-1
		first := it.children[0]
		if first.kind == paragraph {
			n := len(it.children)
			if (n < 2 || it.children[1].kind != blankBlock || isLast && n == 2 && !ended) && (!isLast || len(list.children) == 1 || mixed) {
				first.transparent = true
			}
		}
		mixed = mixed || first.kind != paragraph || first.transparent
		last = it.last()
		if last.kind == blankBlock {
			it.children = it.children[:len(it.children)-1]
		} else {
			last = nil
		}
	}
	return last
}

func (p *blockParser) definitionList(line string) bool {
	if !isDefinition(line) {
		return false
	}
	terms, spaced := p.terms()
	if terms == nil {
		return false
	}
	list := &node{kind: definitionList, attributes: terms.attributes}
	for term := range strings.SplitSeq(terms.text, "\n") {
		text, attributes := cutAttributes(term)
		list.add(&node{kind: definedTerm, text: text, unparsed: true, attributes: attributes})
	}
	last := p.definitions(list, spaced)
	switch before, n := p.tree.last(), len(p.tree.children); {
	case before != nil && before.kind == definitionList:
		before.children = append(before.children, list.children...)
	case n > 1 && before.kind == blankBlock && p.tree.children[n-2].kind == definitionList:
		p.tree.children = p.tree.children[:n-1]
		before = p.tree.children[n-2]
		before.children = append(before.children, list.children...)
	default:
		p.tree.add(list)
	}
	if last != nil {
		p.tree.add(last)
	}
	return true
}

// terms removes and returns the paragraph before a definition; spaced is true if a blank line follows it.
func (p *blockParser) terms() (terms *node, spaced bool) {
	n := len(p.tree.children)
	if n == 0 {
		return nil, false
	}
	if terms = p.tree.last(); terms.kind == blankBlock && terms.text == "\n" && n > 1 {
		terms, spaced = p.tree.children[n-2], true
		n--
	}
	if terms.kind != paragraph || !terms.unparsed {
		return nil, false
	}
	p.tree.children = p.tree.children[:n-1]
	return terms, spaced
}

func (p *blockParser) definitions(list *node, spaced bool) (last *node) {
	var items []*item
	var loose []bool
	spaces, afterBlank := 3, false
	for p.pos < len(p.src) {
		line := p.line()
		if mark := definitionMark(line, spaces); mark != "" {
			it := firstLine(mark, line[len(mark):])
			items, loose = append(items, it), append(loose, spaced)
			spaces = min(it.indentation-1, 3)
			spaced, afterBlank = false, false
		} else if isEndOfBlock(line) {
			break
		} else if isBlank(line) {
			items[len(items)-1].write("\n")
			spaced, afterBlank = true, true
		} else if text, _, ok := items[len(items)-1].content(p.src[p.pos:], afterBlank); ok {
			items[len(items)-1].write(text)
			spaced, afterBlank = false, false
		} else {
			break
		}
		p.pos += len(line)
	}
	for i, it := range items {
		it.node.kind = definition
		list.add(it.node)
		p.parseItemPart(it.node, string(it.parts[0]))
		last = nil
		if end := it.node.last(); end != nil && end.kind == blankBlock {
			last = end
			it.node.children = it.node.children[:len(it.node.children)-1]
		}
		if len(it.node.children) > 0 && it.node.children[0].kind == paragraph && !loose[i] {
			it.node.children[0].transparent = true
		}
	}
	return last
}
