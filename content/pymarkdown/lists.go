package pymarkdown

import "strings"

func isList(e *element) bool { return e != nil && (e.tag == "ul" || e.tag == "ol") }

// indented reads what belongs to the list item before it.
func (p *blockParser) indented(parent *element, block string, _ *queue) bool {
	if !strings.HasPrefix(block, "    ") || p.in("detabbed") || parent.tag != "li" && !isList(parent.last()) {
		return false
	}
	level, sibling := p.level(parent, block)
	block = looseDetab(block, level)
	p.with("detabbed", func() {
		switch {
		case parent.tag == "li":
			if isList(parent.last()) {
				p.blocks(parent.last(), []string{block})
			} else {
				p.blocks(parent, []string{block})
			}
		case sibling.tag == "li":
			p.blocks(sibling, []string{block})
		case sibling.last() != nil && sibling.last().tag == "li":
			item := sibling.last()
			loosen(item)
			p.blocks(item, strings.Split(block, "\n\n"))
		default:
			p.blocks(sibling.add(&element{tag: "li"}), []string{block})
		}
	})
	return true
}

// loosen turns the text of an item into a paragraph.
func loosen(item *element) {
	if item.text != "" {
		item.children = append([]*element{{tag: "p", text: item.text}}, item.children...)
		item.text = ""
	}
}

// level returns the item that an indentation belongs to.
func (p *blockParser) level(parent *element, block string) (int, *element) {
	spaces := len(block) - len(strings.TrimLeft(block, " "))
	level := 0
	if p.in("list") {
		level = 1
	}
	for spaces/tabLength > level {
		child := parent.last()
		if child == nil || !isList(child) && child.tag != "li" {
			break
		}
		if isList(child) {
			level++
		}
		parent = child
	}
	return level, parent
}

// listItem returns the text of the first line of a list item; number is true if it is numbered.
func listItem(line string, spaces int) (text string, number, ok bool) {
	trimmed := strings.TrimLeft(line, " ")
	if len(line)-len(trimmed) > spaces || trimmed == "" {
		return "", false, false
	}
	end := 1
	if c := trimmed[0]; c >= '0' && c <= '9' {
		for end < len(trimmed) && trimmed[end] >= '0' && trimmed[end] <= '9' {
			end++
		}
		if end == len(trimmed) || trimmed[end] != '.' {
			return "", false, false
		}
		end++
		number = true
	} else if c != '*' && c != '+' && c != '-' {
		return "", false, false
	}
	rest := strings.TrimLeft(trimmed[end:], " ")
	if rest == trimmed[end:] {
		return "", false, false
	}
	return rest, number, true
}

func (p *blockParser) orderedList(parent *element, block string, q *queue) bool {
	return p.list(parent, block, true)
}

func (p *blockParser) bulletList(parent *element, block string, q *queue) bool {
	return p.list(parent, block, false)
}

// list reads a block that begins with an item. Its items may be of either kind, except with sane_lists.
func (p *blockParser) list(parent *element, block string, number bool) bool {
	if _, isNumber, ok := listItem(firstLine(block), 3); !ok || isNumber != number {
		return false
	}
	items := p.listItems(block, number)
	var list *element
	switch last := parent.last(); {
	case isList(last) && (!p.SaneLists || (last.tag == "ol") == number):
		list = last
		if item := list.last(); item != nil {
			loosen(item)
			p.with("looselist", func() { p.blocks(list.add(&element{tag: "li"}), items[:1]) })
			items = items[1:]
		}
	case isList(parent):
		list = parent
	default:
		list = parent.add(&element{tag: "ul"})
		if number {
			list.tag = "ol"
			if n, _, _ := strings.Cut(strings.TrimLeft(block, " "), "."); p.SaneLists && n != "1" {
				list.attr = ` start="` + n + `"`
			}
		}
	}
	p.with("list", func() {
		for _, item := range items {
			p.Budget.Nodes(1)
			if strings.HasPrefix(item, "    ") && list.last() != nil {
				p.blocks(list.last(), []string{item})
			} else {
				p.blocks(list.add(&element{tag: "li"}), []string{item})
			}
		}
	})
	return true
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// listItems divides a block into items; a nested item keeps its indentation. With sane_lists an item of the
// other kind does not begin one.
func (p *blockParser) listItems(block string, number bool) []string {
	var items []string
	var parts [][]string
	for line := range strings.SplitSeq(block, "\n") {
		if text, isNumber, ok := listItem(line, 3); ok && (!p.SaneLists || isNumber == number) {
			parts = append(parts, []string{text})
			continue
		}
		last := len(parts) - 1
		if spaces := len(line) - len(strings.TrimLeft(line, " ")); spaces >= 4 && spaces <= 7 {
			if _, _, ok := listItem(line, 7); ok && !strings.HasPrefix(parts[last][0], "    ") {
				parts = append(parts, []string{line})
				continue
			}
		}
		parts[last] = append(parts[last], line)
	}
	for _, lines := range parts {
		items = append(items, strings.Join(lines, "\n"))
	}
	return items
}
