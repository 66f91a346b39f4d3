package kramdown

import (
	"bytes"
	"strings"
)

// blockParser reads the blocks of one source: the document, a quotation, a list item.
type blockParser struct {
	finder
	pos      int
	tree     *node
	pending  *attributes     // an attribute list before the block that it is for
	unclosed map[string]bool // fences without a closing fence in the rest of the source
	joined   joinedText
	lineFrom int // of the current line
	lineEnd  int
}

// parseBlocks reads the blocks of a source of its own into a node.
func (d *document) parseBlocks(into *node, source string) {
	if d.depth++; d.depth > maxDepth {
		into.add(&node{kind: paragraph, text: strings.TrimSpace(source), unparsed: true})
		d.depth--
		return
	}
	p := &blockParser{finder: finder{document: d, src: source}, tree: into}
	p.blocks()
	d.depth--
}

// blocks reads to the end of the source, or to the end tag of the current HTML element.
func (p *blockParser) blocks() (ended bool) {
	for p.pos < len(p.src) {
		line := p.line()
		p.Budget.Step(1)
		switch {
		case p.blank(line), p.indentedCode(line), p.fencedCode(line), p.quotation(line), p.atxHeading(line), p.rule(line),
			p.list(line), p.definitionList(line):
			continue
		}
		if handled, end := p.htmlBlock(line); end {
			return true
		} else if handled {
			continue
		}
		switch {
		case p.setextHeading(line), p.mathBlock(line), p.table(line), p.footnoteDefinition(line), p.linkDefinition(line),
			p.abbreviationDefinition(line), p.extension(line), p.endOfBlock(line):
		default:
			p.paragraph()
		}
	}
	return false
}

// line returns the rest of the current line, with its line ending.
func (p *blockParser) line() string {
	if p.pos < p.lineFrom || p.pos >= p.lineEnd {
		p.lineFrom, p.lineEnd = p.pos, p.pos+len(lineAt(p.src, p.pos))
	}
	return p.src[p.pos:p.lineEnd]
}

func lineAt(s string, at int) string {
	if end := strings.IndexByte(s[at:], '\n'); end >= 0 {
		return s[at : at+end+1]
	}
	return s[at:]
}

// block adds a block, with the attribute list before it.
func (p *blockParser) block(n *node) *node {
	p.Budget.Nodes(1)
	if p.pending != nil {
		n.attributes, p.pending = n.attributes.with(p.pending), nil
	}
	return p.tree.add(n)
}

// afterBoundary reports whether the position is after a blank line, an end-of-block mark or the like.
func (p *blockParser) afterBoundary() bool {
	last := p.tree.last()
	return last == nil || last.kind == blankBlock || last.kind == boundary && last.isDefined == plainBoundary || p.pending != nil
}

// beforeBoundary reports the same about what follows.
func (p *blockParser) beforeBoundary() bool {
	if p.pos >= len(p.src) {
		return true
	}
	line := p.line()
	return isBlank(line) || isEndOfBlock(line) || beginsWithAttributes(p.src[p.pos:])
}

func isBlank(line string) bool { return strings.TrimLeft(line, " \t\n\r\f\v") == "" }

// indentOf returns how many spaces a line begins with.
func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// unindented returns a line without up to three spaces; ok is false if there are more, or a tab.
func unindented(line string) (string, bool) {
	n := indentOf(line)
	return line[n:], n < 4
}

func (p *blockParser) blank(line string) bool {
	if !isBlank(line) {
		return false
	}
	start := p.pos
	for p.pos < len(p.src) && isBlank(p.line()) {
		p.pos += len(p.line())
	}
	if last := p.tree.last(); last != nil && last.kind == blankBlock {
		last.text += p.src[start:p.pos]
		return true
	}
	p.block(&node{kind: blankBlock, text: p.src[start:p.pos]})
	return true
}

func isIndented(line string) bool {
	return strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
}

func cutIndent(line string) string {
	if strings.HasPrefix(line, "\t") {
		return line[1:]
	}
	return strings.TrimPrefix(line, "    ")
}

// indentedLines returns the length of the indented lines at an offset, with the lines directly below them
// and blank lines between them.
func (p *blockParser) indentedLines(at int) int {
	end := at
	for next := at; next < len(p.src); {
		line := lineAt(p.src, next)
		switch {
		case isBlank(line):
			next += len(line)
			continue
		case !isIndented(line):
			return end - at
		}
		for next < len(p.src) {
			line = lineAt(p.src, next)
			p.Budget.Step(1)
			if isBlank(line) || !isIndented(line) && endsLazyText(p.src[next:]) {
				break
			}
			next += len(line)
		}
		end = next
	}
	return end - at
}

func (p *blockParser) indentedCode(line string) bool {
	if !isIndented(line) {
		return false
	}
	size := p.indentedLines(p.pos)
	var out []byte
	for l := range strings.SplitAfterSeq(p.src[p.pos:p.pos+size], "\n") {
		if code := cutIndent(l); len(code) < len(l) || isBlank(l) {
			out = append(out, code...)
			continue
		}
		out = append(bytes.TrimSuffix(out, []byte("\n")), ' ') // a line of a paragraph is joined to the line before it
		out = append(out, l...)
	}
	p.pos += size
	p.block(&node{kind: codeBlock, text: string(out)})
	return true
}

// fenceMark returns the tildes or backticks that a line begins with.
func (d *document) fenceMark(line string) string {
	text, ok := unindented(line)
	if !d.GFM {
		text, ok = line, true
	}
	for _, c := range []string{"`", "~"} {
		if n := len(text) - len(strings.TrimLeft(text, c)); ok && n >= 3 && (c == "~" || d.GFM) {
			return text[:n]
		}
	}
	return ""
}

func (p *blockParser) fencedCode(line string) bool {
	fence := p.fenceMark(line)
	if fence == "" {
		return false
	}
	language := strings.TrimSpace(strings.TrimLeft(line, " ")[len(fence):])
	if strings.ContainsAny(language, " \t") {
		return false
	}
	language, _, _ = strings.Cut(language, "?")
	start := p.pos + len(line)
	at := p.closingFence(fence, start)
	if at < 0 {
		return false
	}
	p.pos = at + len(lineAt(p.src, at))
	p.block(&node{kind: codeBlock, text: p.src[start:at], name: language})
	return true
}

func (p *blockParser) closingFence(fence string, from int) int {
	if p.unclosed[fence] {
		return -1
	}
	for at := from; at < len(p.src); {
		at = p.find(fence, at)
		if at < 0 {
			break
		}
		begin := strings.LastIndexByte(p.src[:at], '\n') + 1
		line := lineAt(p.src, begin)
		if text, ok := unindented(line); ok && begin >= from && strings.TrimSpace(strings.TrimLeft(text, fence[:1])) == "" {
			return begin
		}
		at = begin + len(line)
	}
	if p.unclosed == nil {
		p.unclosed = map[string]bool{}
	}
	p.unclosed[fence] = true
	return -1
}

// endsLazyText reports whether what follows ends a lazily continued text, which needs no indentation or
// mark.
func endsLazyText(src string) bool {
	line := lineAt(src, 0)
	return isBlank(line) || beginsWithAttributes(src) || isEndOfBlock(line) || opensBlockElement(line)
}

func (p *blockParser) quotation(line string) bool {
	if !isQuotation(line) {
		return false
	}
	var b strings.Builder
	for first := true; p.pos < len(p.src); first = false {
		line := p.line()
		p.Budget.Scan(len(line))
		if !first && endsLazyText(p.src[p.pos:]) {
			break
		}
		p.pos += len(line)
		if isQuotation(line) {
			line = strings.TrimLeft(line, " ")[1:]
			line = strings.TrimPrefix(line, " ")
		}
		b.WriteString(line)
	}
	p.parseBlocks(p.block(&node{kind: quotation}), b.String())
	return true
}

func isQuotation(line string) bool {
	text, ok := unindented(line)
	return ok && strings.HasPrefix(text, ">")
}

// atxMarks returns the number of # of a heading; 0 if the line is not one.
func (d *document) atxMarks(line string) int {
	n := len(line) - len(strings.TrimLeft(line, "#"))
	if n == 0 || n > 6 && d.GFM || d.GFM && line[n] != ' ' && line[n] != '\t' {
		return 0
	}
	return min(n, 6)
}

func (p *blockParser) atxHeading(line string) bool {
	n := p.atxMarks(line)
	if n == 0 || (!p.GFM || p.NoParagraphEnd) && !p.afterBoundary() {
		return false
	}
	text, id := headingText(line[n:])
	if hashless := strings.TrimRight(text, "#"); hashless == "" || !p.GFM && !strings.HasSuffix(hashless, `\`) || strings.HasSuffix(hashless, " ") || strings.HasSuffix(hashless, "\t") {
		text = strings.TrimRight(hashless, " \t")
	}
	if text == "" {
		return false
	}
	p.pos += len(line)
	p.heading(n, text, id)
	return true
}

// headingText divides a heading from the ID after it.
func headingText(line string) (text, id string) {
	text = strings.TrimSpace(line)
	at := strings.LastIndex(text, "{#")
	if at < 1 || !strings.HasSuffix(text, "}") || text[at-1] != ' ' && text[at-1] != '\t' || strings.ContainsAny(text[at:], " \t") {
		return text, ""
	}
	return strings.TrimSpace(text[:at]), text[at+2 : len(text)-1]
}

func (p *blockParser) heading(level int, text, id string) {
	n := p.block(&node{kind: heading, level: level, text: text, unparsed: true})
	if id != "" {
		n.attributes = n.attributes.with(&attributes{list: []attribute{{"id", id}}})
	}
}

func (p *blockParser) setextHeading(line string) bool {
	text, ok := unindented(line)
	if !ok || text[0] == '\t' || p.pos+len(line) >= len(p.src) || !p.afterBoundary() {
		return false
	}
	below := lineAt(p.src, p.pos+len(line))
	marks := strings.TrimRight(below, " \t\r\f\v\n")
	if marks == "" || strings.Trim(marks, "-=") != "" {
		return false
	}
	text, id := headingText(text)
	if text == "" {
		return false
	}
	level := 1
	if marks[0] == '-' {
		level = 2
	}
	p.pos += len(line) + len(below)
	p.heading(level, text, id)
	return true
}

func isRule(line string) bool {
	text, ok := unindented(line)
	if !ok || text == "" || !strings.ContainsRune("*-_", rune(text[0])) {
		return false
	}
	return strings.Count(text, text[:1]) >= 3 && strings.Trim(text, text[:1]+" \t\n") == ""
}

func (p *blockParser) rule(line string) bool {
	if !isRule(line) {
		return false
	}
	p.pos += len(line)
	p.block(&node{kind: rule})
	return true
}

func (p *blockParser) mathBlock(line string) bool {
	text, ok := unindented(line)
	if !ok || !strings.HasPrefix(text, "$$") || !p.afterBoundary() {
		return false
	}
	from := p.pos + len(line) - len(text) + 2
	end := p.find("$$", from)
	if end < 0 {
		return false
	}
	before := p.pos
	p.pos = end + 2
	if rest := p.line(); isBlank(rest) {
		p.pos += len(rest)
	}
	if !p.beforeBoundary() {
		p.pos = before
		return false
	}
	p.block(&node{kind: mathBlock, text: strings.TrimSpace(p.src[from:end])})
	return true
}

func isEndOfBlock(line string) bool { return line[0] == '^' && isBlank(line[1:]) }

func (p *blockParser) endOfBlock(line string) bool {
	if !isEndOfBlock(line) {
		return false
	}
	p.pos += len(line)
	p.block(&node{kind: boundary})
	return true
}
