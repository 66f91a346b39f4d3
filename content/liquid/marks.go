package liquid

import (
	"publisher/content/mdsource"
	"regexp"
	"strings"
)

// liquidMark is one {% tag %} or {{ output }}.
type Mark struct {
	mdsource.Span
	output    bool
	Name      string // of a tag
	Arguments string // of a tag, or the whole output expression
	verbatim  string // what a raw, comment or highlight block holds
	end       int    // of a block tag: the mark that ends it; 0 for none
}

// verbatimTags hold what is not read for tags.
var verbatimTags = map[string]bool{"raw": true, "verbatim": true, "comment": true, "highlight": true}

// holdsVerbatim reports whether a block's text is not read for tags. Jekyll's Liquid evaluates what it
// highlights.
func (l *Evaluator) holdsVerbatim(name string) bool {
	return verbatimTags[name] && (name != "highlight" || l.Nunjucks)
}

var verbatimEnd = map[string]*regexp.Regexp{
	"raw": endOf("raw"), "verbatim": endOf("verbatim"), "comment": endOf("comment"), "highlight": endOf("highlight"),
}

func endOf(name string) *regexp.Regexp { return regexp.MustCompile(`\{%-?\s*end` + name + `\s*-?%\}`) }

// findMarks finds the marks. In code of Nunjucks only raw counts, which keeps code from being evaluated;
// Jekyll's Liquid knows nothing of Markdown and evaluates it.
func (l *Evaluator) findMarks() {
	blocks := 0
	for at := 0; ; {
		mark, ok := l.next(at)
		if !ok {
			return
		}
		if _, within := mdsource.CodeAt(l.code, mark.From); within && mark.Name != "raw" && mark.Name != "verbatim" {
			at = mark.From + 2
			continue
		}
		if l.holdsVerbatim(mark.Name) {
			if end := verbatimEnd[mark.Name].FindStringIndex(l.text[mark.To:]); end != nil {
				mark.verbatim = l.text[mark.To : mark.To+end[0]]
				mark.To += end[1]
			} else {
				mark.verbatim = l.text[mark.To:]
				mark.To = len(l.text)
			}
			if _, within := mdsource.CodeAt(l.code, mark.From); !within && l.Nunjucks && mark.Name != "raw" && mark.Name != "verbatim" && blocks < maxVerbatim {
				blocks++
				l.code = append(l.code[:l.codeBefore(mark.From)], shift(mdsource.CodeSpans(l.text[mark.To:]), mark.To)...)
			}
		}
		at = mark.To
		l.marks = append(l.marks, mark)
	}
}

// codeBefore counts the stretches of code that end before an offset.
func (l *Evaluator) codeBefore(at int) int {
	n := 0
	for n < len(l.code) && l.code[n].To <= at {
		n++
	}
	return n
}

func shift(list []mdsource.Span, by int) []mdsource.Span {
	for i := range list {
		list[i].From += by
		list[i].To += by
	}
	return list
}

func (l *Evaluator) next(from int) (Mark, bool) {
	for {
		at := strings.IndexByte(l.text[from:], '{')
		if at < 0 || from+at+2 > len(l.text) {
			return Mark{}, false
		}
		from += at
		end := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[l.text[from+1]]
		if end != "" && (end != "#}" || l.Nunjucks) && !l.unended[end] {
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

func newMark(text string, from, to int) Mark {
	inner := text[from+2 : to-2]
	mark := Mark{Span: mdsource.Span{From: from, To: to}, output: text[from+1] == '{'}
	if text[from+1] == '#' {
		mark.Name = "#"
		return mark
	}
	inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "-"), "-"))
	if mark.output {
		mark.Arguments = inner
		return mark
	}
	mark.Name = tagName.FindString(inner)
	mark.Arguments = strings.TrimSpace(inner[len(mark.Name):])
	return mark
}

// pair finds the end of each block tag.
func (l *Evaluator) pair() {
	var open []int
	for n, mark := range l.marks {
		name, ends := strings.CutPrefix(mark.Name, "end")
		if mark.output || name == "" {
			continue
		}
		if !ends {
			open = append(open, n)
			continue
		}
		for i := len(open) - 1; i >= 0 && i >= len(open)-MaxDepth; i-- {
			if l.marks[open[i]].Name == name {
				l.marks[open[i]].end = n
				open = open[:i]
				break
			}
		}
	}
}

// isBlock reports whether a tag has an end, and so something in between.
func (m Mark) IsBlock() bool { return m.end != 0 }
