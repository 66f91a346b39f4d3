package pymarkdown

import (
	"strings"
	"unicode/utf8"
)

// loneMark keeps asterisks or underscores between white space as text.
func (d *document) loneMark(text string, at int) (string, int, bool) {
	n := len(text[at:]) - len(strings.TrimLeft(text[at:], text[at:at+1]))
	if n > 3 || at > 0 && !isSpace(text[at-1]) || at+n < len(text) && !isSpace(text[at+n]) {
		return "", at + n, false
	}
	return d.stashHTML(text[at:at+n], text[at:at+n]), at + n, true
}

// emphasized is a match: the parts of its text, and the elements around them.
type emphasized struct {
	outer, inner string // elements; inner is "" for one alone
	first        string // in the inner element, if there is one
	second       string // after the inner element, or in it if swapped
	swapped      bool
	end          int
}

// The forms of emphasis are tried in this order; inside one, only later ones are tried.
const (
	emStrong     = iota // ***em*strong**
	strongEm            // ***strong**em*
	strongThenEm        // **strong*em***
	strongAlone         // **strong**
	emAlone             // *em*
	forms
)

func (d *document) asterisk(text string, at int) (string, int, bool) {
	return d.emphasis(text, at, 0, d.stars)
}

func (d *document) underscore(text string, at int) (string, int, bool) {
	return d.emphasis(text, at, 0, d.underscores)
}

type matcher func(text string, at, form int) (emphasized, bool)

func (d *document) emphasis(text string, at, from int, match matcher) (string, int, bool) {
	for form := from; form < forms; form++ {
		if d.retries <= 0 {
			break
		}
		m, ok := match(text, at, form)
		if !ok {
			continue
		}
		next := d.after(text[at : at+1])
		read := func(s string) string { return d.inline(d.nested(s, form+1, text[at], match), next) }
		html := ""
		switch {
		case m.inner == "":
			html = read(m.first)
		case m.swapped:
			html = read(m.first) + "<" + m.inner + ">" + read(m.second) + "</" + m.inner + ">"
		default:
			html = "<" + m.inner + ">" + read(m.first) + "</" + m.inner + ">" + read(m.second)
		}
		return d.stashInline("<"+m.outer+">"+html+"</"+m.outer+">", text[at:m.end]), m.end, true
	}
	return "", 0, false
}

// nested stashes the emphasis inside emphasis.
func (d *document) nested(text string, from int, mark byte, match matcher) string {
	if from >= forms || strings.IndexByte(text, mark) < 0 {
		return text
	}
	if d.depth++; d.depth > maxDepth {
		d.depth--
		return text
	}
	out := d.apply(rule{string(mark), func(d *document, text string, at int) (string, int, bool) {
		return d.emphasis(text, at, from, match)
	}}, text)
	d.depth--
	return out
}

// index returns where s is in a text at or after an offset; -1 if it is not. Searching in vain counts.
func (d *document) index(text string, from int, s string) int {
	if from > len(text) {
		return -1
	}
	n := strings.Index(text[from:], s)
	if n < 0 {
		d.retries -= len(text) - from
		return -1
	}
	return from + n
}

func (d *document) stars(text string, at, form int) (m emphasized, ok bool) {
	rest := text[at:]
	three, two := strings.HasPrefix(rest, "***"), strings.HasPrefix(rest, "**")
	switch form {
	case emStrong, strongEm:
		if !three {
			return m, false
		}
		return d.double(text, at, form, "*")
	case strongThenEm:
		if !two || three {
			return m, false
		}
		a := d.index(text, at+3, "*")
		if a < 0 || strings.HasPrefix(text[a+1:], "*") {
			return m, false
		}
		b := d.index(text, a+2, "***")
		return emphasized{outer: "strong", inner: "em", first: text[at+2 : max(a, 0)], second: part(text, a+1, b), swapped: true, end: b + 3}, b >= 0
	case strongAlone:
		if !two {
			return m, false
		}
		a := d.index(text, at+3, "**")
		return emphasized{outer: "strong", first: part(text, at+2, a), end: a + 2}, a >= 0
	}
	a := d.index(text, at+1, "*")
	return emphasized{outer: "em", first: part(text, at+1, a), end: a + 1}, a > at+1
}

func part(text string, from, to int) string {
	if to < from {
		return ""
	}
	return text[from:to]
}

// double reads three marks: em in strong, or strong in em.
func (d *document) double(text string, at, form int, mark string) (m emphasized, ok bool) {
	first, second := mark, mark+mark
	outer, inner := "strong", "em"
	if form == strongEm {
		first, second = second, first
		outer, inner = inner, outer
	}
	a := d.index(text, at+4, first)
	if a < 0 {
		return m, false
	}
	b := d.index(text, a+len(first), second)
	return emphasized{outer: outer, inner: inner, first: text[at+3 : a], second: part(text, a+len(first), b), end: b + len(second)}, b >= 0
}

// underscores matches emphasis with underscores, which do not divide words.
func (d *document) underscores(text string, at, form int) (m emphasized, ok bool) {
	rest := text[at:]
	n := len(rest) - len(strings.TrimLeft(rest, "_"))
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	inWord := at > 0 && isWord(before)
	switch form {
	case emStrong, strongEm:
		if n < 3 {
			return m, false
		}
		return d.double(text, at, form, "_")
	case strongAlone:
		if inWord || n != 2 {
			return m, false
		}
		return d.smartUnderscore(text, at, "__", "strong")
	case emAlone:
		if inWord || n != 1 {
			return m, false
		}
		return d.smartUnderscore(text, at, "_", "em")
	}
	return m, false
}

func (d *document) smartUnderscore(text string, at int, mark, element string) (m emphasized, ok bool) {
	for end := at + len(mark) + 1; d.retries > 0; end++ {
		start := end
		if end = d.index(text, end, mark); end < 0 {
			return m, false
		}
		d.Budget.Step(1)
		d.retries -= 1 + (end-start)/4
		after, _ := utf8.DecodeRuneInString(text[end+len(mark):])
		if text[end-1] != '_' && (end+len(mark) == len(text) || !isWord(after)) {
			return emphasized{outer: element, first: text[at+len(mark) : end], end: end + len(mark)}, true
		}
	}
	return m, false
}
