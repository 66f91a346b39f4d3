package pymarkdown

import (
	"regexp"
	"strings"
)

var referenceLine = regexp.MustCompile(`(?m)^ {0,3}\[([^\[\]\n]*)\]: *\n? *([^\s]+)[ ]*(?:(?:\n *)?(?:"([^\n]*)"|'([^\n]*)'|\(([^\n]*)\)) *)?$`)

// reference reads the definition of a link, which may be anywhere in a block.
func (p *blockParser) reference(_ *element, block string, q *queue) bool {
	if !strings.Contains(block, "]:") {
		return false
	}
	m := referenceLine.FindStringSubmatchIndex(block)
	if m == nil {
		return false
	}
	part := func(i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return block[m[2*i]:m[2*i+1]]
	}
	address := part(2)
	if strings.HasPrefix(address, "<") && strings.HasSuffix(address, ">") {
		address = address[1 : len(address)-1]
	}
	p.links[strings.ToLower(strings.TrimSpace(part(1)))] = reference{address, part(3) + part(4) + part(5)}
	if after := strings.TrimLeft(block[m[1]:], "\n"); strings.TrimSpace(after) != "" {
		q.push(after)
	}
	if before := strings.TrimRight(block[:m[0]], "\n"); strings.TrimSpace(before) != "" {
		q.push(before) // as a block of its own
	}
	return true
}

var footnoteStart = regexp.MustCompile(`(?m)^ {0,3}\[\^([^\]\n]*)\]: *`)

func (p *blockParser) footnote(parent *element, block string, q *queue) bool {
	if !p.Footnotes || !strings.Contains(block, "[^") {
		return false
	}
	m := footnoteStart.FindStringSubmatchIndex(block)
	if m == nil {
		return false
	}
	if before := strings.TrimRight(block[:m[0]], "\n"); before != "" {
		p.blocks(parent, []string{before})
	}
	name, text := block[m[2]:m[3]], block[m[1]:]
	next := footnoteStart.FindStringIndex(text)
	if next != nil {
		q.push(text[next[0]:])
		text = strings.TrimRight(text[:next[0]], "\n")
	}
	first, more, _ := strings.Cut(text, "\n")
	parts := []string{strings.TrimSpace(first + "\n" + looseDetab(more, 1))}
	for next == nil && len(q.list) > 0 && strings.HasPrefix(q.list[len(q.list)-1], "    ") {
		parts = append(parts, looseDetab(q.pop(), 1))
	}
	note := &element{}
	inner := &blockParser{document: p.document}
	inner.blocks(note, parts)
	if _, ok := p.notes[name]; !ok {
		p.order = append(p.order, name)
		p.numbers[name] = len(p.order)
	}
	p.notes[name] = note
	return true
}

var abbreviationLine = regexp.MustCompile(`(?m)^ {0,3}\*\[([^\]\n]*)\][ ]?:[ ]*\n?[ ]*([^\n]*)$`)

func (p *blockParser) abbreviation(parent *element, block string, q *queue) bool {
	if !p.Abbr || !strings.Contains(block, "*[") {
		return false
	}
	m := abbreviationLine.FindStringSubmatchIndex(block)
	if m == nil {
		return false
	}
	if short := strings.TrimSpace(block[m[2]:m[3]]); short != "" && len(p.abbr) < 1000 {
		p.abbr[short] = strings.TrimSpace(block[m[4]:m[5]])
	}
	if after := strings.TrimLeft(block[m[1]:], "\n"); after != "" {
		q.push(after)
	}
	if before := strings.TrimRight(block[:m[0]], "\n"); before != "" {
		q.push(before)
	}
	return true
}

var definitionStart = regexp.MustCompile(`(?:^|\n) {0,3}: {1,3}(.*?)(?:\n|$)`)

func (p *blockParser) definitions(parent *element, block string, q *queue) bool {
	if !p.DefLists || !hasLine(block, ":") {
		return false
	}
	m := definitionStart.FindStringSubmatchIndex(block)
	if m == nil {
		return false
	}
	text, rest := block[m[1]:], ""
	if below := strings.TrimLeft(text, " "); len(text)-len(below) > 3 || below == "" || below[0] == ':' {
		text, rest = detab(text)
	}
	if text = block[m[2]:m[3]] + "\n" + text; text[len(text)-1] == '\n' {
		text = strings.TrimRight(text, "\n")
	}
	var terms []string
	for term := range strings.SplitSeq(block[:m[0]], "\n") {
		if term = strings.TrimSpace(term); term != "" {
			terms = append(terms, term)
		}
	}
	last := parent.last()
	paragraph := false
	if len(terms) == 0 {
		switch {
		case last != nil && last.tag == "p":
			terms = strings.Split(last.text, "\n")
			paragraph = true
			parent.children = parent.children[:len(parent.children)-1]
			last = parent.last()
		case last == nil || last.tag != "dl":
			return false
		}
	}
	list := last
	if list == nil || list.tag != "dl" {
		list = parent.add(&element{tag: "dl"})
	}
	for _, term := range terms {
		p.Budget.Nodes(1)
		list.add(&element{tag: "dt", text: term})
	}
	state := "list"
	if paragraph {
		state = "looselist"
	}
	item := list.add(&element{tag: "dd"})
	p.with(state, func() { p.blocks(item, []string{text}) })
	if rest != "" {
		q.push(rest)
	}
	return true
}

// definitionIndent continues the definition before it.
func (p *blockParser) definitionIndent(parent *element, block string, _ *queue) bool {
	last := parent.last()
	if !p.DefLists || !strings.HasPrefix(block, "    ") || p.in("detabbed") || last == nil || last.tag != "dl" || last.last() == nil || last.last().tag != "dd" {
		return false
	}
	item := last.last()
	loosen(item)
	p.with("detabbed", func() { p.blocks(item, []string{looseDetab(block, 1)}) })
	return true
}

var admonitionStart = regexp.MustCompile(`(?:^|\n)!!! ?([\w-]+(?: +[\w-]+)*)(?: +"(.*?)")? *(?:\n|$)`)

// admonition reads `!!! note "Title"` and the indented lines below it.
func (p *blockParser) admonition(parent *element, block string, q *queue) bool {
	if !p.Admonitions {
		return false
	}
	if last := parent.last(); strings.HasPrefix(block, "    ") && last != nil && last.tag == "div" && strings.Contains(last.attr, "admonition") {
		inner, rest := detab(block)
		p.blocks(last, []string{inner})
		if rest != "" {
			q.push(rest)
		}
		return true
	}
	m := admonitionStart.FindStringSubmatchIndex(block)
	if m == nil {
		return false
	}
	if before := block[:m[0]]; before != "" {
		p.blocks(parent, []string{before})
	}
	kinds := block[m[2]:m[3]]
	first, _, _ := strings.Cut(kinds, " ")
	title := strings.ToUpper(first[:1]) + strings.ToLower(first[1:])
	if m[4] >= 0 {
		title = block[m[4]:m[5]]
	}
	box := parent.add(&element{tag: "div", attr: ` class="admonition ` + kinds + `"`})
	if title != "" {
		box.add(&element{tag: "p", text: "**" + title + "**"})
	}
	inner, rest := detab(block[m[1]:])
	p.blocks(box, []string{inner})
	if rest != "" {
		q.push(rest)
	}
	return true
}

// table reads a header row, a row of dashes, and body rows.
func (p *blockParser) table(parent *element, block string, _ *queue) bool {
	if !p.Tables || !strings.Contains(block, "|") {
		return false
	}
	rows := strings.Split(block, "\n")
	for i, row := range rows {
		rows[i] = strings.TrimSpace(row)
	}
	if len(rows) < 2 {
		return false
	}
	border := strings.HasPrefix(rows[0], "|")
	head, under := cells(rows[0], border), cells(rows[1], border)
	if len(head) != len(under) || len(head) == 1 && !border {
		return false
	}
	for _, cell := range under {
		if inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(cell), ":"), ":"); inner == "" || strings.Trim(inner, "-") != "" {
			return false
		}
	}
	t := parent.add(&element{tag: "table"})
	row := t.add(&element{tag: "thead"}).add(&element{tag: "tr"})
	for _, cell := range head {
		row.add(&element{tag: "th", text: strings.TrimSpace(cell)})
	}
	body := t.add(&element{tag: "tbody"})
	for _, line := range rows[2:] {
		row, list := body.add(&element{tag: "tr"}), cells(line, border)
		if p.work -= 8 * len(head); p.work < 0 {
			break // short rows of a wide table are filled up
		}
		p.Budget.Nodes(len(head))
		for i := range head {
			text := ""
			if i < len(list) {
				text = strings.TrimSpace(list[i])
			}
			row.add(&element{tag: "td", text: text})
		}
	}
	return true
}

// cells returns the cells of a row, which are divided by pipes outside code.
func cells(row string, border bool) []string {
	if border {
		row = strings.TrimPrefix(row, "|")
		if strings.HasSuffix(row, "|") && !strings.HasSuffix(row, `\|`) {
			row = row[:len(row)-1]
		}
	}
	var out []string
	from := 0
	for i := 0; i < len(row); i++ {
		switch row[i] {
		case '\\':
			i++
		case '`':
			n := len(row[i:]) - len(strings.TrimLeft(row[i:], "`"))
			if end := strings.Index(row[i+n:], row[i:i+n]); end >= 0 {
				i += n + end + n - 1
			} else {
				i += n - 1
			}
		case '|':
			out = append(out, row[from:i])
			from = i + 1
		}
	}
	return append(out, row[from:])
}
