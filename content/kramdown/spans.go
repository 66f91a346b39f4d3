package kramdown

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/internal/htmldom"
)

// parseText parses the text in all blocks below a node.
func (d *document) parseText(n *node) {
	if n.unparsed {
		text := n.text
		n.text, n.unparsed = "", false
		d.spans(n, text)
		return
	}
	for _, child := range n.children {
		d.parseText(child)
	}
}

// spanParser parses one text.
type spanParser struct {
	finder
	pos      int
	within   [footnoteMark]int // how many of each kind are open
	rawDepth int
	depth    int
	onlyHTML bool
}

func (d *document) spans(into *node, text string) {
	p := &spanParser{finder: finder{document: d, src: text}}
	p.read(into, nil)
	if p.pos < len(p.src) {
		p.text(into, p.pos, len(p.src))
	}
}

// special are the bytes that may begin a span.
const special = "*_`<[!\"'$\\{&-.> ~\n"

var isSpecial = func() (table [256]bool) {
	for i := range len(special) {
		table[special[i]] = true
	}
	return table
}()

// read adds spans to a node until stop returns true. It reports whether it did; otherwise it has read to the
// end.
func (p *spanParser) read(into *node, stop func() bool) bool {
	from := p.pos // of text that is not added yet
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		if !isSpecial[c] && c != ']' && c != '(' {
			p.pos++
			continue
		}
		p.Budget.Step(1)
		at := p.pos
		back := 0 // bytes before a quote that belong to its pattern
		if (c == '"' || c == '\'') && at > from {
			_, back = utf8.DecodeLastRuneInString(p.src[from:at])
		}
		if stop != nil && p.retries <= 0 {
			break // stop looking for the end of an element
		}
		if stop != nil {
			p.text(into, from, at)
			from = at
			if stop() {
				return true
			}
			p.pos = at
		}
		if c == '"' || c == '\'' {
			p.Budget.Nodes(1)
			from = p.quoteAt(into, from, at, back)
			continue
		}
		if at > from {
			p.text(into, from, at)
			from = at
		}
		if !p.counted(into) {
			p.pos = max(p.pos, at+1)
			if strings.IndexByte(" \n.->", c) >= 0 {
				continue // nothing begins with this alone; a quote after it looks back
			}
			p.text(into, from, p.pos)
		}
		from = p.pos
	}
	if from < len(p.src) {
		p.text(into, from, len(p.src))
	}
	p.pos = len(p.src)
	return false
}

// text adds part of the source as text, joined to adjacent text before it.
func (p *spanParser) text(into *node, from, to int) {
	if from >= to {
		return
	}
	if last := into.last(); last != nil && last.kind == plainText && last.end == from && last.end-len(last.text) >= 0 {
		last.text, last.end = p.src[from-len(last.text):to], to
		return
	}
	p.Budget.Nodes(1)
	into.add(&node{kind: plainText, text: p.src[from:to], end: to})
}

// counted calls special, which adds at most one node if it returns true.
func (p *spanParser) counted(into *node) bool {
	found := p.special(into)
	if found {
		p.Budget.Nodes(1)
	}
	return found
}

// special reads what the byte at the position may begin. If it returns false, the position is after what is
// text, or unchanged.
func (p *spanParser) special(into *node) bool {
	start, rest := p.pos, p.src[p.pos:]
	if p.onlyHTML {
		return rest[0] == '<' && p.inlineHTML(into)
	}
	switch rest[0] {
	case '*', '_':
		return p.emphasis(into)
	case '`':
		return p.codeSpan(into)
	case '<':
		return p.autolink(into) || p.inlineHTML(into) || p.pos == start && p.symbol(into)
	case '[':
		return p.footnoteMark(into) || p.pos == start && p.link(into)
	case '!':
		return strings.HasPrefix(rest, "![") && p.link(into)
	case '$':
		return p.math(into)
	case '{':
		return p.inlineExtension(into)
	case '&':
		return p.entity(into)
	case '-', '.', '>':
		return p.symbol(into)
	case ' ':
		return p.symbol(into) || p.lineBreak(into)
	case '\n':
		return p.hardBreak(into)
	case '\\':
		return p.lineBreak(into) || p.symbol(into) || p.hardBreak(into) || p.escape(into)
	case '~':
		return p.GFM && p.strikethrough(into)
	}
	return false
}

// retry charges for a mark that turned out to open nothing. When maxRetries is used up, marks are text.
func (p *spanParser) retry(from int) bool {
	p.retries -= p.pos - from
	return p.retries > 0
}

func (p *spanParser) exhausted() bool { return p.retries <= 0 || p.depth >= maxDepth }

// emphasis reads *text* or **text**. It opens before anything but white space and closes after anything but
// white space, so that punctuation and scripts without spaces need no special rule.
func (p *spanParser) emphasis(into *node) bool {
	mark := p.src[p.pos : p.pos+1]
	start := p.pos
	k, size := emphasis, 1
	if strings.HasPrefix(p.src[p.pos+1:], mark) {
		k, size = strong, 2
	}
	next, _ := utf8.DecodeRuneInString(p.src[p.pos+size:])
	if p.exhausted() || p.within[k] > 0 || start+size < len(p.src) && isSpace(next) || mark == "_" && endsInWord(p.src[:start]) {
		p.pos = start + size
		return false
	}
	n, found := p.emphasized(k, strings.Repeat(mark, size), into)
	if !found && k == strong && into.kind != emphasis {
		if p.pos = start; p.within[emphasis] == 0 {
			n, found = p.emphasized(emphasis, mark, into)
		}
	}
	if !found {
		p.retry(start)
		p.pos = start + size
		return false
	}
	into.add(n)
	return true
}

// endsInWord reports whether an underscore after the text would be inside a word.
func endsInWord(before string) bool {
	return unicode.IsLetter(lastRune(before)) || unicode.IsLetter(lastRune(strings.TrimSuffix(before, "-")))
}

func (p *spanParser) emphasized(k kind, mark string, into *node) (*node, bool) {
	n := &node{kind: k}
	p.pos += len(mark)
	p.within[k]++
	p.depth++
	found := p.read(n, func() bool {
		rest := p.src[p.pos:]
		if !strings.HasPrefix(rest, mark) || len(n.children) == 0 {
			return false
		}
		if before, _ := utf8.DecodeLastRuneInString(p.src[:p.pos]); isSpace(before) {
			return false
		}
		if k == emphasis && strings.HasPrefix(rest, mark+mark) && !strings.HasPrefix(rest[2:], mark) {
			return false
		}
		if after, _ := utf8.DecodeRuneInString(rest[len(mark):]); mark[0] == '_' && len(rest) > len(mark) && (unicode.IsLetter(after) || unicode.IsDigit(after)) {
			return false
		}
		return true
	})
	p.within[k]--
	p.depth--
	if found {
		p.pos += len(mark)
	}
	return n, found
}

func (p *spanParser) codeSpan(into *node) bool {
	rest := p.src[p.pos:]
	n := len(rest) - len(strings.TrimLeft(rest, "`"))
	end := -1
	if n > 1 || !p.loneBacktick() {
		end = p.find(rest[:n], p.pos+n)
	}
	if end < 0 {
		p.pos += n
		return false
	}
	code := p.src[p.pos+n : end]
	if n > 1 {
		code = strings.TrimSuffix(strings.TrimPrefix(code, " "), " ")
	}
	into.add(&node{kind: codeSpan, text: code})
	p.pos = end + n
	return true
}

// loneBacktick reports whether a backtick has white space on both sides.
func (p *spanParser) loneBacktick() bool {
	before, _ := utf8.DecodeLastRuneInString(p.src[:p.pos])
	after, _ := utf8.DecodeRuneInString(p.src[p.pos+1:])
	return (p.pos == 0 || isSpace(before)) && isSpace(after)
}

// codeSpanEnd returns the end of the code span that begins at an offset with n backticks; 0 if there is
// none.
func codeSpanEnd(text string, at, n int) int {
	if end := strings.Index(text[at+n:], text[at:at+n]); end >= 0 {
		return at + n + end + n
	}
	return 0
}

func (p *spanParser) strikethrough(into *node) bool {
	rest := p.src[p.pos:]
	if !strings.HasPrefix(rest, "~~") || len(rest) < 5 || rest[2] == '~' || isSpace(rune(rest[2])) || p.exhausted() {
		return false
	}
	for end := p.pos + 3; ; end++ {
		from := end
		if end = p.find("~~", end); end < 0 {
			return false
		}
		if before := p.src[end-1]; before == '~' || isSpace(rune(before)) {
			if p.retries -= end - from + 1; p.retries <= 0 {
				return false
			}
			continue
		}
		n := &node{kind: deleted}
		inner := &spanParser{finder: finder{document: p.document, src: p.src[p.pos+2 : end]}, within: p.within, depth: p.depth + 1}
		inner.read(n, nil)
		into.add(n)
		p.pos = end + 2
		return true
	}
}

func (p *spanParser) math(into *node) bool {
	if !strings.HasPrefix(p.src[p.pos:], "$$") {
		return false
	}
	end := p.find("$$", p.pos+2)
	if end < 0 {
		p.pos += 2
		return false
	}
	into.add(&node{kind: mathSpan, text: strings.TrimSpace(p.src[p.pos+2 : end])})
	p.pos = end + 2
	return true
}

func (p *spanParser) entity(into *node) bool {
	size := referenceSize(p.src[p.pos:])
	if size == 0 {
		return false
	}
	reference := p.src[p.pos : p.pos+size]
	if html.UnescapeString(reference) == reference {
		return false
	}
	into.add(&node{kind: entity, text: reference})
	p.pos += size
	return true
}

// referenceSize returns the length of the character reference that s begins with; 0 if there is none.
func referenceSize(s string) int { return htmldom.ReferenceSize(s, isWordByte) }

func (p *spanParser) lineBreak(into *node) bool {
	if p.HardWrap {
		return false
	}
	rest := p.src[p.pos:]
	if !strings.HasPrefix(rest, "  \n") && !strings.HasPrefix(rest, "\\\\\n") {
		return false
	}
	into.add(&node{kind: lineBreak})
	p.pos += 2
	return true
}

// hardBreak reads a backslash at the end of a line, or any end of a line, depending on the settings.
func (p *spanParser) hardBreak(into *node) bool {
	rest := p.src[p.pos:]
	switch {
	case !p.GFM:
		return false
	case p.HardWrap && rest[0] == '\n':
		into.add(&node{kind: lineBreak})
		p.pos++
	case !p.HardWrap && strings.HasPrefix(rest, "\\\n"):
		into.add(&node{kind: lineBreak})
		p.pos += 2
	default:
		return false
	}
	p.text(into, p.pos-1, p.pos)
	return true
}

func (p *spanParser) escape(into *node) bool {
	rest := p.src[p.pos:]
	if len(rest) < 2 || !strings.ContainsRune("\\.*_+`<>()[]{}#!:|\"'$=-~", rune(rest[1])) || rest[1] == '~' && !p.GFM {
		return false
	}
	p.text(into, p.pos+1, p.pos+2)
	p.pos += 2
	return true
}
