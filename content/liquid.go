package content

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// liquid expands Liquid and what Nunjucks has in common with it: {% tags %},
// {{ output }} and, in Nunjucks, {# comments #}.
type liquid struct {
	*macros
	text     string
	code     []stretch
	marks    []liquidMark
	vars     []map[string]any // the innermost scope last
	comments bool             // {# … #} are comments
	strict   bool             // an output that is empty is a failure
	escapes  bool             // what an output gives is text, not HTML, but for the filter safe
	unended  map[string]bool  // ends of marks that the rest of the text does not have
	tags     liquidTags
	steps    int
	rendered int    // texts that were made HTML
	leave    string // "break" or "continue" until the loop that it is in ends or goes on
	out      strings.Builder
}

// liquidTags knows the tags of one engine; ok is false for an unknown one.
type liquidTags func(l *liquid, tag liquidMark, inner string) (out string, ok bool)

// liquidMark is one {% tag %} or {{ output }}.
type liquidMark struct {
	stretch
	output    bool
	name      string // of a tag
	arguments string // of a tag, or the whole output expression
	verbatim  string // what a raw, comment or highlight block holds
	end       int    // of a block tag: the mark that ends it; 0 for none
}

// Loops over loops could run for ever, and write more than anybody reads.
const (
	maxLiquidSteps = 100_000
	maxLiquidList  = 20_000 // values
	maxLiquidOut   = 4 << 20
	maxLiquidText  = 64 << 10 // of one value: values can double themselves
	maxLiquidDepth = 40
	maxVerbatim    = 200 // after each the rest of the text is looked through again
)

// expandLiquid evaluates what can be. vars are the outermost variables.
func expandLiquid(m *macros, text string, comments bool, vars map[string]any, tags liquidTags) string {
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") && !(comments && strings.Contains(text, "{#")) {
		return text
	}
	l := &liquid{macros: m, text: text, vars: []map[string]any{vars, {}}, comments: comments, tags: tags}
	return l.expanded()
}

func (l *liquid) expanded() string {
	l.read()
	l.pair()
	l.write(0, len(l.marks), 0, len(l.text), 0)
	return l.out.String()
}

// verbatimTags hold what is not read for tags.
var verbatimTags = map[string]bool{"raw": true, "verbatim": true, "comment": true, "highlight": true}

// holdsVerbatim reports whether a block's text is not read for tags. Jekyll's Liquid evaluates what it
// highlights.
func (l *liquid) holdsVerbatim(name string) bool {
	return verbatimTags[name] && (name != "highlight" || l.comments)
}

var verbatimEnd = map[string]*regexp.Regexp{
	"raw": endOf("raw"), "verbatim": endOf("verbatim"), "comment": endOf("comment"), "highlight": endOf("highlight"),
}

func endOf(name string) *regexp.Regexp { return regexp.MustCompile(`\{%-?\s*end` + name + `\s*-?%\}`) }

// read finds the marks. In code of Nunjucks only raw counts, which keeps code from being evaluated;
// Jekyll's Liquid knows nothing of Markdown and evaluates it.
func (l *liquid) read() {
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
			if _, within := inCode(l.code, mark.from); !within && l.comments && mark.name != "raw" && mark.name != "verbatim" && blocks < maxVerbatim {
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
		if end != "" && (end != "#}" || l.comments) && !l.unended[end] {
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
	mark := liquidMark{stretch: stretch{from, to}, output: text[from+1] == '{'}
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

// write expands the marks first to last, and the text around them.
func (l *liquid) write(first, last, from, to, depth int) {
	for n := first; n < last; n++ {
		mark := l.marks[n]
		l.prose(from, mark.from)
		from = mark.to
		if l.steps++; l.steps > maxLiquidSteps || depth > maxLiquidDepth {
			l.refuse(mark.from, depth)
			continue
		}
		l.article.budget.step(10)
		if mark.output {
			l.output(mark)
			continue
		}
		if mark.end != 0 {
			l.block(n, depth)
			if l.leave != "" {
				return
			}
			n, from = mark.end, l.marks[mark.end].to
			continue
		}
		l.single(mark)
		if l.leave != "" {
			return
		}
	}
	l.prose(from, to)
}

// prose copies text between marks; a dash beside a mark takes white space away.
func (l *liquid) prose(from, to int) {
	if from >= to {
		return
	}
	text := l.text[from:to]
	if from >= 3 && l.text[from-3] == '-' && l.text[from-1] == '}' {
		text = strings.TrimLeft(text, " \t\n")
	}
	if to+2 < len(l.text) && l.text[to] == '{' && l.text[to+2] == '-' && (l.text[to+1] == '%' || l.text[to+1] == '{') {
		text = strings.TrimRight(text, " \t\n")
	}
	l.emit(text)
}

func (l *liquid) output(mark liquidMark) {
	v, ok := l.evaluate(mark.arguments)
	if !ok || l.strict && liquidText(v) == "" {
		l.unevaluated(mark.from, l.text[mark.from:mark.to])
		return
	}
	out := liquidText(v)
	if l.escapes && !isSafeFilter.MatchString(mark.arguments) {
		out = html.EscapeString(out)
	}
	l.emit(out)
}

// emit writes what was made, which counts.
func (l *liquid) emit(made string) {
	l.article.budget.wrote(len(made))
	l.out.WriteString(made)
}

// refuse ends the post where its tags do more than those of any author.
func (l *liquid) refuse(at, depth int) {
	err := &limitError{limit: fmt.Sprintf("%d tags and rounds of loops", maxLiquidSteps), message: "take away the loops or includes that repeat", line: l.lineAt(at)}
	if depth > maxLiquidDepth {
		err.limit = fmt.Sprintf("%d blocks of tags in one another", maxLiquidDepth)
	}
	l.article.budget.stop(err)
}

// single is a tag without an end.
func (l *liquid) single(mark liquidMark) {
	switch mark.name {
	case "#", "comment":
		return
	case "raw", "verbatim":
		l.out.WriteString(mark.verbatim)
		return
	case "highlight":
		l.out.WriteString(l.highlighted(mark, rawTag.ReplaceAllString(mark.verbatim, "")))
		return
	case "liquid":
		if !l.comments {
			l.useOutside()
			l.state()
			l.lines(mark)
			return
		}
	case "break", "continue":
		l.useOutside()
		if len(l.vars) > 2 { // in a loop
			l.leave = mark.name
		}
		return
	case "assign", "set":
		name, value, ok := strings.Cut(mark.arguments, "=")
		if v, known := l.evaluate(strings.TrimSpace(value)); ok && known {
			l.assign(strings.TrimSpace(name), v)
			return
		}
		l.unevaluated(mark.from, l.text[mark.from:mark.to])
		return
	}
	if strings.HasPrefix(mark.name, "end") || mark.name == "else" || mark.name == "elsif" || mark.name == "when" {
		return // of a block that is not open
	}
	l.useOutside() // such as the addresses of other posts
	if out, ok := l.tags(l, mark, ""); ok {
		l.emit(out)
		return
	}
	l.unknown(mark.from, "tag", mark.name)
}

var rawTag = regexp.MustCompile(`\{%-?\s*(?:end)?raw\s*-?%\}`)

// highlighted makes a fenced block where the tag stands.
func (l *liquid) highlighted(mark liquidMark, code string) string {
	lang, _, _ := strings.Cut(mark.arguments, " ")
	if w := l.article.writing(); w.kramdown != nil && l.tree != nil {
		code = strings.Trim(code, "\n")
		return `<figure class="highlight">` + l.tree.markdown.highlight(code, languageWord(lang), l.article.budget) + "</figure>"
	}
	if _, ok := l.article.engine.(*eleventy); ok && !isMarkdownName(l.article.path) {
		return "<pre><code>" + html.EscapeString(strings.Trim(code, "\n")) + "</code></pre>"
	}
	block := fencedCode(code, languageWord(lang))
	line := lineBefore(l.text, mark.from)
	if strings.TrimSpace(line) != "" {
		return "\n\n" + block
	}
	return "\n" + line + strings.TrimSuffix(block, "\n") + "\n"
}

// block is a tag with what stands between it and its end.
func (l *liquid) block(n, depth int) {
	mark := l.marks[n]
	switch mark.name {
	case "if", "unless":
		l.conditional(n, depth)
		return
	case "ifchanged":
		l.ifChanged(n, depth)
		return
	case "tablerow":
		l.tableRow(n, depth)
		return
	case "case":
		l.choose(n, depth)
		return
	case "for":
		l.loop(n, depth)
		return
	case "highlight":
		l.out.WriteString(l.highlighted(mark, l.inner(n, depth)))
		return
	case "capture", "set":
		if name, _, filtered := strings.Cut(mark.arguments, "|"); !filtered {
			if text := l.inner(n, depth); len(text) <= maxLiquidText {
				l.assign(strings.Trim(strings.TrimSpace(name), `"'`), text)
			}
			return
		}
	}
	inner := l.inner(n, depth)
	l.useOutside()
	if out, ok := l.tags(l, mark, inner); ok {
		l.out.WriteString(out)
		return
	}
	l.unknown(mark.from, "tag", mark.name)
	l.out.WriteString(dedent(inner))
}

func (l *liquid) inner(n, depth int) string {
	outer := l.out
	l.out = strings.Builder{}
	l.write(n+1, l.marks[n].end, l.marks[n].to, l.marks[l.marks[n].end].from, depth+1)
	inner := l.out.String()
	l.out = outer
	return inner
}

// conditional writes the first branch whose condition holds.
func (l *liquid) conditional(n, depth int) {
	mark := l.marks[n]
	holds := l.condition(mark.arguments) != (mark.name == "unless")
	first, from := n+1, mark.to
	for i := n + 1; i < mark.end; i++ {
		branch := l.marks[i]
		if branch.end != 0 {
			i = branch.end
			continue
		}
		if branch.name != "else" && branch.name != "elsif" && branch.name != "elif" && branch.name != "elseif" {
			continue
		}
		if holds {
			l.write(first, i, from, branch.from, depth+1)
			return
		}
		first, from = i+1, branch.to
		holds = branch.name == "else" || l.condition(branch.arguments)
	}
	if holds {
		l.write(first, mark.end, from, l.marks[mark.end].from, depth+1)
	}
}
