package kramdown

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// linkID folds white space and case, which do not count in references.
func linkID(s string) string { return strings.ToLower(foldSpace(s)) }

func foldSpace(s string) string {
	if !strings.ContainsAny(s, "\n\t\r") && !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		if isSpace(r) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

func isSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

// linkDefinition reads `[id]: address "title"`. The address may contain spaces; the title may be on the next
// line.
func (p *blockParser) linkDefinition(line string) bool {
	text, ok := unindented(line)
	if !ok || text[0] != '[' {
		return false
	}
	end := strings.Index(text, "]:")
	if end < 2 || strings.IndexByte(text[1:end], ']') >= 0 {
		return false
	}
	rest := strings.TrimSpace(text[end+2:])
	size := len(line)
	d := linkDefinition{}
	if inner, after, ok := strings.Cut(strings.TrimPrefix(rest, "<"), ">"); strings.HasPrefix(rest, "<") && ok && (after == "" || titleIn(after) != "") {
		d.address, rest = inner, after
	} else {
		d.address, rest = cutTitle(rest)
	}
	if d.address == "" && !strings.HasPrefix(strings.TrimSpace(text[end+2:]), "<>") {
		return false
	}
	if rest != "" {
		d.title, d.titled = titleIn(rest), true
	} else if next := p.pos + len(line); next < len(p.src) {
		below := lineAt(p.src, next)
		if title := quotedTitle(strings.TrimSpace(below)); title != "" {
			d.title, d.titled = title, true
			size += len(below)
		}
	}
	p.pos += size
	at := p.tree.last() // long lists of definitions share one boundary
	if at == nil || at.isDefined != definitionBoundary || at.attributes != nil || p.pending != nil {
		at = p.block(&node{kind: boundary, isDefined: definitionBoundary})
	}
	if p.pos < len(p.src) && beginsWithAttributes(p.src[p.pos:]) {
		inner, _ := braced(strings.TrimLeft(p.src[p.pos:], " "))
		d.attributes = parseAttributes(inner)
	}
	d.attributes = at.attributes.with(d.attributes)
	p.links[linkID(text[1:end])] = d
	return true
}

// titleIn returns the text between quotes that only white space surrounds.
func titleIn(s string) string {
	trimmed := strings.TrimSpace(s)
	if len(trimmed) == len(s) {
		return ""
	}
	return quotedTitle(trimmed)
}

func quotedTitle(s string) string {
	if len(s) < 3 || s[0] != '"' && s[0] != '\'' || s[len(s)-1] != s[0] {
		return ""
	}
	return s[1 : len(s)-1]
}

// cutTitle divides an address from the title after it. An address with a quote that does not begin a title
// is invalid.
func cutTitle(s string) (address, title string) {
	for i := 1; i < len(s); i++ {
		if (s[i] == '"' || s[i] == '\'') && (s[i-1] == ' ' || s[i-1] == '\t') {
			if titleIn(s[i-1:]+" ") == "" {
				return "", ""
			}
			return strings.TrimSpace(s[:i]), s[i-1:]
		}
	}
	return s, ""
}

func nameSize(s string) int {
	n := 0
	for n < len(s) && (isWordByte(s[n]) || n > 0 && s[n] == '-') {
		n++
	}
	return n
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func (p *blockParser) footnoteDefinition(line string) bool {
	text, ok := unindented(line)
	if !ok || !strings.HasPrefix(text, "[^") {
		return false
	}
	n := nameSize(text[2:])
	if n == 0 || !strings.HasPrefix(text[2+n:], "]:") {
		return false
	}
	name := text[2 : 2+n]
	below := p.indentedLines(p.pos + len(line))
	var b strings.Builder
	b.WriteString(strings.TrimLeft(text[2+n+2:], " \t"))
	for l := range strings.SplitAfterSeq(p.src[p.pos+len(line):p.pos+len(line)+below], "\n") {
		b.WriteString(cutIndent(l))
	}
	p.pos += len(line) + below
	f := &footnote{name: name, content: &node{kind: rootBlock}}
	p.parseBlocks(f.content, b.String())
	p.footnotes[name] = f
	p.block(&node{kind: boundary, isDefined: definitionBoundary})
	return true
}

func (p *blockParser) abbreviationDefinition(line string) bool {
	text, ok := unindented(line)
	if !ok || !strings.HasPrefix(text, "*[") {
		return false
	}
	end := strings.Index(text, "]:")
	if end < 3 {
		return false
	}
	p.pos += len(line)
	p.abbreviations[text[2:end]] = strings.TrimSpace(text[end+2:])
	p.block(&node{kind: boundary, isDefined: definitionBoundary})
	return true
}

// abbreviationFinder finds a document's abbreviations in its text.
type abbreviationFinder struct {
	byFirst map[byte][]string // longest first
	meaning map[string]string
}

func newAbbreviationFinder(meaning map[string]string) *abbreviationFinder {
	if len(meaning) == 0 {
		return nil
	}
	f := &abbreviationFinder{byFirst: map[byte][]string{}, meaning: meaning}
	for short := range meaning {
		f.byFirst[short[0]] = append(f.byFirst[short[0]], short)
	}
	for _, list := range f.byFirst {
		sort.Slice(list, func(i, j int) bool {
			return len(list[i]) > len(list[j]) || len(list[i]) == len(list[j]) && list[i] < list[j]
		})
	}
	return f
}

// write passes the parts of a text to plain, and its abbreviations to abbreviated.
func (f *abbreviationFinder) write(text string, plain func(string), abbreviated func(short, meaning string)) {
	from, inWord := 0, false
	for i := 0; i < len(text); {
		if !inWord {
			if short := f.at(text, i); short != "" {
				plain(text[from:i])
				abbreviated(short, f.meaning[short])
				i += len(short)
				from = i
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		inWord = isWord(r)
		i += size
	}
	plain(text[from:])
}

const maxSameFirst = 100 // abbreviations that begin with the same letter and are searched for

func (f *abbreviationFinder) at(text string, i int) string {
	list := f.byFirst[text[i]]
	for _, short := range list[:min(len(list), maxSameFirst)] {
		if strings.HasPrefix(text[i:], short) {
			if r, _ := utf8.DecodeRuneInString(text[i+len(short):]); i+len(short) == len(text) || !isWord(r) {
				return short
			}
		}
	}
	return ""
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isWordByte(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
