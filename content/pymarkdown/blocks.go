package pymarkdown

import (
	"regexp"
	"strconv"
	"strings"
)

// blockParser reads blocks, which are separated by blank lines.
type blockParser struct {
	*document
	state  []string // the contexts of the current block, innermost last: list, looselist, detabbed, blockquote
	joined joinedText
}

// joinedText builds the text of code to which blocks are added one at a time.
type joinedText struct {
	of   *element
	text strings.Builder
}

func (p *blockParser) in(state string) bool {
	return len(p.state) > 0 && p.state[len(p.state)-1] == state
}

func (p *blockParser) with(state string, read func()) {
	p.state = append(p.state, state)
	read()
	p.state = p.state[:len(p.state)-1]
}

// queue holds the blocks to read, the next one last.
type queue struct{ list []string }

func (q *queue) pop() string {
	s := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	return s
}

func (q *queue) push(s string) { q.list = append(q.list, s) }

// blocks reads blocks into an element.
func (p *blockParser) blocks(parent *element, list []string) {
	if p.depth++; p.depth > maxDepth {
		parent.add(&element{tag: "p", text: strings.Join(list, "\n\n")})
		p.depth--
		return
	}
	q := &queue{make([]string, 0, len(list)+2)}
	for i := len(list) - 1; i >= 0; i-- {
		q.push(list[i])
	}
	for len(q.list) > 0 {
		p.block(parent, q)
	}
	p.depth--
}

func (p *blockParser) block(parent *element, q *queue) {
	block := q.pop()
	p.Budget.Scan(len(block) * 4)
	if p.work -= len(block); p.work < 0 {
		p.paragraph(parent, block)
		return
	}
	for _, read := range []func(*element, string, *queue) bool{
		p.admonition, p.empty, p.indented, p.definitionIndent, p.code, p.table, p.hashHeading, p.setextHeading, p.rule,
		p.orderedList, p.bulletList, p.definitions, p.quote, p.footnote, p.abbreviation, p.reference,
	} {
		if read(parent, block, q) {
			return
		}
	}
	p.paragraph(parent, block)
}

func (p *blockParser) empty(_ *element, block string, q *queue) bool {
	if block != "" && block[0] != '\n' {
		return false
	}
	if rest := strings.TrimPrefix(block, "\n"); rest != "" {
		q.push(rest)
	}
	return true
}

// detab removes one level of indentation from the lines up to the first without it.
func detab(text string) (inner, rest string) {
	lines := strings.Split(text, "\n")
	var out []string
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "    "):
			out = append(out, line[4:])
		case strings.TrimSpace(line) == "":
			out = append(out, "")
		default:
			return strings.Join(out, "\n"), strings.Join(lines[i:], "\n")
		}
	}
	return strings.Join(out, "\n"), ""
}

func looseDetab(text string, level int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, strings.Repeat("    ", level))
	}
	return strings.Join(lines, "\n")
}

func (p *blockParser) code(parent *element, block string, q *queue) bool {
	if !strings.HasPrefix(block, "    ") {
		return false
	}
	inner, rest := detab(block)
	inner = strings.TrimRight(inner, " \n")
	if last := parent.last(); last != nil && last.code {
		if p.joined.of != last {
			p.joined.of = last
			p.joined.text.Reset()
			p.joined.text.WriteString(last.text)
		}
		p.joined.text.WriteString("\n" + inner + "\n")
		last.text = p.joined.text.String()
	} else {
		parent.add(&element{code: true, text: inner + "\n"})
	}
	if rest != "" {
		q.push(rest)
	}
	return true
}

var hashHeading = regexp.MustCompile(`(?:^|\n)(#{1,6})((?:\\.|[^\\\n])*)(?:\n|$)`)

func (p *blockParser) hashHeading(parent *element, block string, q *queue) bool {
	if !hasLine(block, "#") {
		return false
	}
	m := hashHeading.FindStringSubmatchIndex(block)
	if m == nil {
		return false
	}
	if before := block[:m[0]]; before != "" {
		p.blocks(parent, []string{before})
	}
	text := strings.TrimRight(block[m[4]:m[5]], "#")
	parent.add(&element{tag: "h" + strconv.Itoa(m[3]-m[2]), text: strings.TrimSpace(text)})
	if after := block[m[1]:]; after != "" {
		q.push(after)
	}
	return true
}

func (p *blockParser) setextHeading(parent *element, block string, q *queue) bool {
	text, rest, ok := strings.Cut(block, "\n")
	if !ok {
		return false
	}
	line, rest, _ := strings.Cut(rest, "\n")
	marks := strings.TrimRight(line, " ")
	if marks == "" || strings.Trim(marks, "=-") != "" {
		return false
	}
	tag := "h2"
	if marks[0] == '=' {
		tag = "h1"
	}
	parent.add(&element{tag: tag, text: strings.TrimSpace(text)})
	if rest != "" {
		q.push(rest)
	}
	return true
}

// hasLine reports whether a line of a block begins with one of the characters.
func hasLine(block, characters string) bool {
	for line := range strings.SplitSeq(block, "\n") {
		if line = strings.TrimLeft(line, " "); line != "" && strings.IndexByte(characters, line[0]) >= 0 {
			return true
		}
	}
	return false
}

var ruleLine = regexp.MustCompile(`(?:^|\n) {0,3}(?:(?:-+ {0,2}){3,}|(?:_+ {0,2}){3,}|(?:\*+ {0,2}){3,}) *(?:\n|$)`)

func (p *blockParser) rule(parent *element, block string, q *queue) bool {
	if !hasLine(block, "-_*") {
		return false
	}
	m := ruleLine.FindStringIndex(block)
	if m == nil {
		return false
	}
	if before := strings.TrimRight(block[:m[0]], "\n"); before != "" {
		p.blocks(parent, []string{before})
	}
	parent.add(&element{tag: "hr"})
	if after := strings.TrimLeft(block[m[1]:], "\n"); after != "" {
		q.push(after)
	}
	return true
}

var quoteLine = regexp.MustCompile(`(?:^|\n) {0,3}> ?`)

func (p *blockParser) quote(parent *element, block string, _ *queue) bool {
	if !strings.Contains(block, ">") || p.depth > maxDepth/2 {
		return false
	}
	m := quoteLine.FindStringIndex(block)
	if m == nil {
		return false
	}
	if before := block[:m[0]]; before != "" {
		p.blocks(parent, []string{before})
	}
	lines := strings.Split(strings.TrimPrefix(block[m[0]:], "\n"), "\n")
	for i, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		if len(line)-len(trimmed) <= 3 && strings.HasPrefix(trimmed, ">") {
			lines[i] = strings.TrimPrefix(trimmed[1:], " ")
		}
	}
	quote := parent.last()
	if quote == nil || quote.tag != "blockquote" {
		quote = parent.add(&element{tag: "blockquote"})
	}
	p.with("blockquote", func() { p.blocks(quote, strings.Split(strings.Join(lines, "\n"), "\n\n")) })
	return true
}

func (p *blockParser) paragraph(parent *element, block string) {
	p.Budget.Nodes(1)
	if strings.TrimSpace(block) == "" {
		return
	}
	if !p.in("list") {
		parent.add(&element{tag: "p", text: strings.TrimLeft(block, " \n")})
		return
	}
	if last := parent.last(); last != nil { // after a heading or the like in an item
		parent.add(&element{text: "\n" + block})
		return
	}
	if parent.text != "" {
		parent.text += "\n" + block
	} else {
		parent.text = strings.TrimLeft(block, " \n")
	}
}
