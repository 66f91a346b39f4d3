package kramdown

import "strings"

// isTableLine reports whether a line contains an unescaped pipe.
func isTableLine(line string) bool {
	for i := range len(line) {
		if line[i] == '|' && (i == 0 || line[i-1] != '\\') {
			return true
		}
	}
	return false
}

// consistsOf reports whether a line contains only the given characters, and the first of them at least once.
func consistsOf(line, characters string) bool {
	line = strings.TrimRight(line, " \t\n")
	return strings.Contains(line, characters[:1]) && strings.Trim(line, characters) == ""
}

func isSeparator(line string) bool { return consistsOf(line, "-+|: \t") }

// table reads lines with pipes between blank lines. Pipes in code do not count.
func (p *blockParser) table(line string) bool {
	text, ok := unindented(line)
	if !ok || text[0] == '\t' || !isTableLine(text) || !p.afterBoundary() {
		return false
	}
	before := p.pos
	end := p.pos
	for end < len(p.src) && isTableLine(lineAt(p.src, end)) {
		end += len(lineAt(p.src, end))
	}
	p.pos = end
	bounded := p.beforeBoundary()
	p.pos = before
	if !bounded || !everyLineHasPipe(p.src[before:end]) {
		return false
	}
	t := &node{kind: table}
	p.tableRows(t, p.src[before:end], strings.HasPrefix(text, "|"))
	hasBody := false
	for _, section := range t.children {
		hasBody = hasBody || section.name == "tbody"
	}
	if !hasBody {
		return false
	}
	t.attributes, p.pending = p.pending, nil
	p.tree.add(t)
	p.pos = end
	return true
}

func everyLineHasPipe(text string) bool {
	for line := range strings.Lines(withoutCode(text)) {
		if !isTableLine(line) {
			return false
		}
	}
	return true
}

// withoutCode replaces the content of code spans by x, so that pipes in them do not count.
func withoutCode(text string) string {
	if !strings.Contains(text, "`") && !strings.Contains(text, "<code") {
		return text
	}
	b := []byte(text)
	for at := 0; at < len(b); {
		from, to := nextCode(text, at)
		if from < 0 {
			break
		}
		for i := from; i < to; i++ {
			if b[i] != '\n' {
				b[i] = 'x'
			}
		}
		at = to
	}
	return string(b)
}

// nextCode returns the next closed code span or code element.
func nextCode(text string, at int) (from, to int) {
	for at < len(text) {
		next := strings.IndexAny(text[at:], "`<\\")
		if next < 0 {
			break
		}
		at += next
		switch {
		case text[at] == '\\':
			at += 2
		case text[at] == '`':
			n := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
			if end := codeSpanEnd(text, at, n); end > 0 {
				return at, end
			}
			at += n
		default:
			if strings.HasPrefix(text[at:], "<code") {
				if end := strings.Index(text[at:], "</code>"); end >= 0 {
					return at, at + end + len("</code>")
				}
				return -1, -1
			}
			at++
		}
	}
	return -1, -1
}

// tableRows adds a table's head, bodies and foot.
func (p *blockParser) tableRows(t *node, text string, leadingPipe bool) {
	var rows []*node
	columns, hasFoot := 0, false
	section := func(name string, force bool) {
		if !hasFoot || name != "tbody" || force {
			t.add(&node{kind: tableSection, name: name, children: rows})
			rows = nil
		}
	}
	for line := range strings.Lines(text) {
		switch {
		case isSeparator(line):
			if len(rows) == 0 {
				break
			}
			if t.alignment == nil && !hasFoot {
				section("thead", false)
				t.alignment = alignments(line)
			} else {
				section("tbody", false)
			}
		case consistsOf(line, "=+|: \t"):
			if len(rows) > 0 {
				section("tbody", true)
			}
			hasFoot = true
		default:
			row := &node{kind: tableRow}
			p.Budget.Scan(len(line))
			p.Budget.Nodes(1)
			for _, cell := range cellsOf(strings.TrimRight(line, " \t\n"), leadingPipe) {
				p.Budget.Nodes(1)
				row.add(&node{kind: tableCell, text: strings.TrimSpace(cell), unparsed: true})
			}
			columns = max(columns, len(row.children))
			rows = append(rows, row)
		}
	}
	if len(rows) > 0 {
		name := "tbody"
		if hasFoot {
			name = "tfoot"
		}
		section(name, false)
	}
}

func alignments(line string) []string {
	list := []string{}
	for cell := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == '|' || r == '+' }) {
		cell = strings.TrimSpace(cell)
		if !strings.Contains(cell, "-") {
			continue
		}
		left, right := strings.HasPrefix(cell, ":"), strings.HasSuffix(cell, ":")
		switch {
		case left && right:
			list = append(list, "center")
		case left:
			list = append(list, "left")
		case right:
			list = append(list, "right")
		default:
			list = append(list, "")
		}
	}
	return list
}

// cellsOf returns the cells of a row.
func cellsOf(row string, leadingPipe bool) []string {
	masked := withoutCode(row)
	var cells []string
	from := 0
	for i := range len(masked) {
		if masked[i] == '|' && (i == 0 || masked[i-1] != '\\') {
			cells = append(cells, unescapePipes(row, masked, from, i))
			from = i + 1
		}
	}
	cells = append(cells, unescapePipes(row, masked, from, len(row)))
	if leadingPipe && strings.TrimSpace(cells[0]) == "" {
		cells = cells[1:]
	}
	if n := len(cells); n > 0 && strings.TrimSpace(cells[n-1]) == "" {
		cells = cells[:n-1]
	}
	return cells
}

// unescapePipes removes the backslash of pipes outside code.
func unescapePipes(row, masked string, from, to int) string {
	if !strings.Contains(masked[from:to], `\|`) {
		return row[from:to]
	}
	var b strings.Builder
	for i := from; i < to; i++ {
		if masked[i] == '\\' && i+1 < to && masked[i+1] == '|' {
			continue
		}
		b.WriteByte(row[i])
	}
	return b.String()
}
