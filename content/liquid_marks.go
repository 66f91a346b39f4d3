package content

import (
	"regexp"
	"strings"
)

// liquidMark is one {% tag %} or {{ output }}.
type liquidMark struct {
	stretch
	output    bool
	name      string // of a tag
	arguments string // of a tag, or the whole output expression
	verbatim  string // what a raw, comment or highlight block holds
	end       int    // of a block tag: the mark that ends it; 0 for none
}

// verbatimTags hold what is not read for tags.
var verbatimTags = map[string]bool{"raw": true, "verbatim": true, "comment": true, "highlight": true}

// holdsVerbatim reports whether a block's text is not read for tags. Jekyll's Liquid evaluates what it
// highlights.
func (l *liquid) holdsVerbatim(name string) bool {
	return verbatimTags[name] && (name != "highlight" || l.nunjucks)
}

var verbatimEnd = map[string]*regexp.Regexp{
	"raw": endOf("raw"), "verbatim": endOf("verbatim"), "comment": endOf("comment"), "highlight": endOf("highlight"),
}

func endOf(name string) *regexp.Regexp { return regexp.MustCompile(`\{%-?\s*end` + name + `\s*-?%\}`) }

// findMarks finds the marks. In code of Nunjucks only raw counts, which keeps code from being evaluated;
// Jekyll's Liquid knows nothing of Markdown and evaluates it.
func (l *liquid) findMarks() {
	blocks := 0
	for at := 0; ; {
		mark, ok := l.next(at)
		if !ok {
			return
		}
		if _, within := inCode(l.code, mark.from); within && mark.name != "raw" && mark.name != "verbatim" {
			at = mark.from + 2
			continue
		}
		if l.holdsVerbatim(mark.name) {
			if end := verbatimEnd[mark.name].FindStringIndex(l.text[mark.to:]); end != nil {
				mark.verbatim = l.text[mark.to : mark.to+end[0]]
				mark.to += end[1]
			} else {
				mark.verbatim = l.text[mark.to:]
				mark.to = len(l.text)
			}
			if _, within := inCode(l.code, mark.from); !within && l.nunjucks && mark.name != "raw" && mark.name != "verbatim" && blocks < maxVerbatim {
				blocks++
				l.code = append(l.code[:l.codeBefore(mark.from)], shift(codeIn(l.text[mark.to:]), mark.to)...)
			}
		}
		at = mark.to
		l.marks = append(l.marks, mark)
	}
}

// codeBefore counts the stretches of code that end before an offset.
func (l *liquid) codeBefore(at int) int {
	n := 0
	for n < len(l.code) && l.code[n].to <= at {
		n++
	}
	return n
}

func shift(list []stretch, by int) []stretch {
	for i := range list {
		list[i].from += by
		list[i].to += by
	}
	return list
}

func (l *liquid) next(from int) (liquidMark, bool) {
	for {
		at := strings.IndexByte(l.text[from:], '{')
		if at < 0 || from+at+2 > len(l.text) {
			return liquidMark{}, false
		}
		from += at
		end := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[l.text[from+1]]
		if end != "" && (end != "#}" || l.nunjucks) && !l.unended[end] {
			if n := strings.Index(l.text[from+2:], end); n >= 0 {
				return newMark(l.text, from, from+2+n+2), true
			}
			if l.unended == nil {
				l.unended = map[string]bool{}
			}
			l.unended[end] = true
		}
		from++
	}
}

var tagName = regexp.MustCompile(`^[A-Za-z_][\w-]*`)

func newMark(text string, from, to int) liquidMark {
	inner := text[from+2 : to-2]
	mark := liquidMark{stretch: stretch{from: from, to: to}, output: text[from+1] == '{'}
	if text[from+1] == '#' {
		mark.name = "#"
		return mark
	}
	inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "-"), "-"))
	if mark.output {
		mark.arguments = inner
		return mark
	}
	mark.name = tagName.FindString(inner)
	mark.arguments = strings.TrimSpace(inner[len(mark.name):])
	return mark
}

// pair finds the end of each block tag.
func (l *liquid) pair() {
	var open []int
	for n, mark := range l.marks {
		name, ends := strings.CutPrefix(mark.name, "end")
		if mark.output || name == "" {
			continue
		}
		if !ends {
			open = append(open, n)
			continue
		}
		for i := len(open) - 1; i >= 0 && i >= len(open)-maxLiquidDepth; i-- {
			if l.marks[open[i]].name == name {
				l.marks[open[i]].end = n
				open = open[:i]
				break
			}
		}
	}
}

// isBlock reports whether a tag has an end, and so something in between.
func (m liquidMark) isBlock() bool { return m.end != 0 }
