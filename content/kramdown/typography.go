package kramdown

import (
	"strings"
	"unicode/utf8"
)

// The typographic characters, in the order of the setting smart_quotes.
const (
	leftSingle = iota
	rightSingle
	leftDouble
	rightDouble
)

var curly = []string{"‘", "’", "“", "”"}

func (p *spanParser) quote(into *node, which int) {
	text := curly[which]
	if which < len(p.SmartQuotes) {
		text = p.SmartQuotes[which]
	}
	into.add(&node{kind: typographic, text: text})
}

// quoteAt replaces the quotation mark at an offset with a typographic one. back is the size of the character
// before it, if that is text; from is where text begins that is not added yet. It returns the new from,
// which is also the position.
func (p *spanParser) quoteAt(into *node, from, at, back int) int {
	if p.onlyHTML {
		p.pos = at + 1
		return from
	}
	before := p.src[at-back : at]
	if before == `\` {
		back, before = 0, ""
	}
	p.text(into, from, at)
	mark, rest := p.src[at], p.src[at+1:]
	left, right := leftDouble, rightDouble
	if mark == '\'' {
		left, right = leftSingle, rightSingle
	}
	p.pos = at + 1
	space := before != "" && isSpace(lastRune(before))
	switch {
	case before == "" && beforeEmphasis(rest):
		p.quote(into, left)
	case before == "" && beforePunctuation(rest):
		p.quote(into, right)
	case (before == "" || space) && mark == '"' && startsWord(rest, "'"):
		p.quote(into, leftDouble)
		p.quote(into, leftSingle)
		p.pos++
	case (before == "" || space) && mark == '\'' && startsWord(rest, `"`):
		p.quote(into, leftSingle)
		p.quote(into, leftDouble)
		p.pos++
	case (before == "" || space) && mark == '\'' && isDecade(rest):
		p.quote(into, rightSingle)
	case space && startsWord(rest, ""):
		p.quote(into, left)
	case before != "" && !space && !strings.Contains("\\[{(-", before):
		p.quote(into, right)
	case before == "" && (strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "'")):
		p.text(into, at, at+1) // the second of two is a closing one
		second := rightDouble
		if rest[0] == '\'' {
			second = rightSingle
		}
		p.quote(into, second)
		p.pos++
	case before == "" && (rest == "" || isSpace(rune(rest[0])) || rest[0] == 's' && !startsWord(rest[1:], "")):
		p.quote(into, right)
	default:
		p.quote(into, left)
	}
	return p.pos
}

func startsWord(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	return ok && rest != "" && isWordByte(rest[0])
}

func beforeEmphasis(s string) bool {
	n := len(s) - len(strings.TrimLeft(s, "_*"))
	return n > 1 || n == 1 && len(s) > 1 && !isSpace(rune(s[1]))
}

// beforePunctuation reports whether s begins with a punctuation mark that no word follows, and not with an
// ellipsis.
func beforePunctuation(s string) bool {
	if s == "" || strings.IndexByte("!\"#$%'()*+,-./:;<=>?@[\\]^_`{|}~", s[0]) < 0 || strings.HasPrefix(s[1:], "..") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[1:])
	followed := len(s) > 1 && isWord(r)
	return followed == (s[0] == '_')
}

func isDecade(s string) bool {
	return len(s) > 2 && s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9' && s[2] == 's'
}

// symbols are the replacements of dashes, dots and angle quotes, longest first.
var symbols = []struct{ source, text string }{
	{"---", "—"}, {"--", "–"}, {"...", "…"}, {`\<<`, "<<"}, {`\>>`, ">>"}, {"<< ", "«\u00a0"}, {" >>", "\u00a0»"}, {"<<", "«"}, {">>", "»"},
}

func (p *spanParser) symbol(into *node) bool {
	if p.NoTypography {
		return false
	}
	rest := p.src[p.pos:]
	if len(rest) < 2 {
		return false
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s.source) {
			into.add(&node{kind: typographic, text: s.text})
			p.pos += len(s.source)
			return true
		}
	}
	return false
}
