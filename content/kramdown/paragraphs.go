package kramdown

import "strings"

// endsParagraph reports whether a line begins another block.
func (p *blockParser) endsParagraph(line string) bool {
	if endsLazyText(p.src[p.pos:]) || isDefinition(line) {
		return true
	}
	if !p.GFM || p.NoParagraphEnd {
		return false
	}
	_, _, isItem := listMark(line, 3)
	return isItem || p.atxMarks(line) > 0 || isQuotation(line) || p.fenceMark(line) != ""
}

// joinedText builds the text of a paragraph to which lines are added one at a time.
type joinedText struct {
	of   *node
	text strings.Builder
}

func (p *blockParser) paragraph() {
	start := p.pos
	for first := true; p.pos < len(p.src); first = false {
		line := p.line()
		if !first && p.endsParagraph(line) {
			break
		}
		p.pos += len(line)
	}
	text := strings.TrimRight(p.src[start:p.pos], " \t\n\r\f\v")
	if last := p.tree.last(); last != nil && last.kind == paragraph && last.unparsed {
		between := "\n"
		if start >= 3 && p.src[start-3:start] == "  \n" {
			between = "  \n"
		}
		if p.joined.of != last {
			p.joined.of = last
			p.joined.text.Reset()
			p.joined.text.WriteString(last.text)
		}
		p.joined.text.WriteString(between + text)
		last.text = p.joined.text.String()
		return
	}
	p.block(&node{kind: paragraph, text: strings.TrimLeft(text, " \t\n\r\f\v"), unparsed: true})
}
