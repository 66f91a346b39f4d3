package liquid

import (
	"regexp"
	"strings"

	"publisher/content/mdsource"
)

// Tag is one {% tag %} or, inside this package, one {{ output }}.
type Tag struct {
	mdsource.Span
	output    bool
	Name      string // of a tag
	Arguments string // of a tag, or the whole output expression
	verbatim  string // the content of a raw, comment or highlight block
	end       int    // the index of the tag that ends this block; 0 for none
}

// verbatimTags are blocks whose content is not searched for tags.
var verbatimTags = map[string]bool{"raw": true, "verbatim": true, "comment": true, "highlight": true}

// holdsVerbatim reports whether the content of a block is not searched for tags. Jekyll's Liquid evaluates
// the content of highlight.
func (e *Evaluator) holdsVerbatim(name string) bool {
	return verbatimTags[name] && (name != "highlight" || e.Nunjucks)
}

var verbatimEnd = map[string]*regexp.Regexp{
	"raw": endOf("raw"), "verbatim": endOf("verbatim"), "comment": endOf("comment"), "highlight": endOf("highlight"),
}

func endOf(name string) *regexp.Regexp { return regexp.MustCompile(`\{%-?\s*end` + name + `\s*-?%\}`) }

// findTags finds the tags and outputs. In code, Nunjucks recognizes only raw, so that code is not evaluated;
// Jekyll's Liquid does not know about Markdown and evaluates code.
func (e *Evaluator) findTags() {
	blocks := 0
	for at := 0; ; {
		mark, ok := e.next(at)
		if !ok {
			return
		}
		if _, within := mdsource.CodeAt(e.code, mark.From); within && mark.Name != "raw" && mark.Name != "verbatim" {
			at = mark.From + 2
			continue
		}
		if e.holdsVerbatim(mark.Name) {
			if end := verbatimEnd[mark.Name].FindStringIndex(e.text[mark.To:]); end != nil {
				mark.verbatim = e.text[mark.To : mark.To+end[0]]
				mark.To += end[1]
			} else {
				mark.verbatim = e.text[mark.To:]
				mark.To = len(e.text)
			}
			if _, within := mdsource.CodeAt(e.code, mark.From); !within && e.Nunjucks && mark.Name != "raw" && mark.Name != "verbatim" && blocks < maxVerbatim {
				blocks++
				e.code = append(e.code[:e.codeBefore(mark.From)], shift(mdsource.CodeSpans(e.text[mark.To:]), mark.To)...)
			}
		}
		at = mark.To
		e.tags = append(e.tags, mark)
	}
}

// codeBefore returns how many spans of code end before an offset.
func (e *Evaluator) codeBefore(at int) int {
	n := 0
	for n < len(e.code) && e.code[n].To <= at {
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

func (e *Evaluator) next(from int) (Tag, bool) {
	for {
		at := strings.IndexByte(e.text[from:], '{')
		if at < 0 || from+at+2 > len(e.text) {
			return Tag{}, false
		}
		from += at
		end := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[e.text[from+1]]
		if end != "" && (end != "#}" || e.Nunjucks) && !e.unended[end] {
			if n := strings.Index(e.text[from+2:], end); n >= 0 {
				return newTag(e.text, from, from+2+n+2), true
			}
			if e.unended == nil {
				e.unended = map[string]bool{}
			}
			e.unended[end] = true
		}
		from++
	}
}

// tagName matches the name at the beginning of a tag.
var tagName = regexp.MustCompile(`^[A-Za-z_][\w-]*`)

func newTag(text string, from, to int) Tag {
	inner := text[from+2 : to-2]
	mark := Tag{Span: mdsource.Span{From: from, To: to}, output: text[from+1] == '{'}
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
func (e *Evaluator) pair() {
	var open []int
	for n, mark := range e.tags {
		name, ends := strings.CutPrefix(mark.Name, "end")
		if mark.output || name == "" {
			continue
		}
		if !ends {
			open = append(open, n)
			continue
		}
		for i := len(open) - 1; i >= 0 && i >= len(open)-MaxDepth; i-- {
			if e.tags[open[i]].Name == name {
				e.tags[open[i]].end = n
				open = open[:i]
				break
			}
		}
	}
}

// IsBlock reports whether a tag has an end, and so content.
func (m Tag) IsBlock() bool { return m.end != 0 }
