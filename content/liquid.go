package content

import (
	"fmt"
	"html"
	"publisher/internal/xmltext"
	"regexp"
	"strings"
	"time"
)

// liquidHost is what the evaluator asks of the program that a text is part of. Offsets are those of the
// text that it was given first, wherever the includes are that something is about.
type liquidHost interface {
	// warn reports a problem.
	warn(offset int, message string)
	// lineAt returns the line of the file that an offset is in.
	lineAt(offset int) int
	// Absolute returns the address of a path on the site; a query or fragment is kept.
	Absolute(path string) string
	// Relative returns an address of the site without scheme and host.
	Relative(address string) string
	// Slugify returns a text as a part of an address.
	Slugify(text string) string
	// Markdown returns the HTML of a text; ok is false where there is none.
	Markdown(text string) (html string, ok bool)
	// Include returns the text of an include, of one beside the file where relative is set.
	Include(name string, relative bool) (text string, ok bool)
	// Tag evaluates a tag that the language itself does not have, and highlight. inner is what stands
	// between a block tag and its end. ok is false for an unknown one.
	Tag(l *liquid, tag liquidMark, inner string) (out string, ok bool)
	// Filter applies a filter that stands before those of the language; found is false where there is
	// none of that name, ok where it fails.
	Filter(l *liquid, name string, v any, arguments []any) (out any, found, ok bool)
}

// liquidOptions say which language a text is in, and what evaluating it may use.
type liquidOptions struct {
	nunjucks bool           // as in Nunjucks and Tera: {# comments #}, code that is not evaluated, looser types
	strict   bool           // an output that is empty is a failure
	escapes  bool           // what an output gives is text, not HTML, but for the filter safe
	location *time.Location // of dates without an offset; nil for UTC
	budget   *budget        // nil for no bounds
	memory   *pureIncludes  // of includes; nil to evaluate each every time
}

// liquid evaluates Liquid and what Nunjucks has in common with it: {% tags %}, {{ output }} and,
// in Nunjucks, {# comments #}. One value is for one text; includes have their own.
type liquid struct {
	*liquidRun
	text    string
	code    []stretch
	marks   []liquidMark
	vars    []map[string]any // the innermost scope last
	unended map[string]bool  // ends of marks that the rest of the text does not have
	leave   string           // "break" or "continue" until the loop that it is in ends or goes on
	out     strings.Builder
	uses    *uses  // of an include; nil for the outermost text
	within  string // the include that the text is of
	origin  int    // where in the outermost text the include stands
	depth   int    // of includes
	quiet   bool   // problems are not reported
	failed  bool   // something was not known
}

// liquidRun is what a text shares with its includes.
type liquidRun struct {
	liquidOptions
	host     liquidHost
	steps    int
	rendered int // texts that were made HTML
	states   *liquidState
	read     *liquidCache
	files    map[includeName]string // includes that were read
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

// hasLiquid reports whether there is anything to evaluate in a text.
func hasLiquid(text string, o liquidOptions) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || o.nunjucks && strings.Contains(text, "{#")
}

// expandLiquid returns a text with what can be evaluated in it. vars are the outermost variables. ok is
// false where there is something that cannot be evaluated; the host was told.
func expandLiquid(host liquidHost, o liquidOptions, text string, vars map[string]any) (out string, ok bool) {
	if o.location == nil {
		o.location = time.UTC
	}
	l := &liquid{liquidRun: &liquidRun{liquidOptions: o, host: host}, text: text, vars: []map[string]any{vars, {}}}
	out = l.expanded()
	return out, !l.failed
}

func (l *liquid) expanded() string {
	l.findMarks()
	l.pair()
	l.writeMarks(0, len(l.marks), 0, len(l.text), 0)
	return l.out.String()
}

// warn reports what is wrong with a tag.
func (l *liquid) warn(tag liquidMark, message string) {
	l.useOutside()
	if l.quiet {
		return
	}
	if l.within != "" {
		message = "in the include " + clip(l.within) + ": " + message
	}
	l.host.warn(l.offset(tag), message)
}

// offset is where a tag is in the outermost text.
func (l *liquid) offset(tag liquidMark) int {
	if l.depth > 0 {
		return l.origin
	}
	return tag.from
}

func (l *liquid) warnUnknown(tag liquidMark) {
	l.failed = true
	l.warn(tag, fmt.Sprintf("the tag %s is not known here: only its inner text was kept", clip(tag.name)))
}

func (l *liquid) warnUnevaluated(tag liquidMark, text string) {
	l.failed = true
	l.warn(tag, clip(xmltext.Line(text))+" cannot be evaluated here and was left out")
}

// writeMarks expands the marks first to last, and the text around them.
func (l *liquid) writeMarks(first, last, from, to, depth int) {
	for n := first; n < last; n++ {
		mark := l.marks[n]
		l.prose(from, mark.from)
		from = mark.to
		if l.steps++; l.steps > maxLiquidSteps || depth > maxLiquidDepth {
			l.refuse(mark, depth)
			continue
		}
		l.budget.step(10)
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
	if !ok || l.strict && l.depth == 0 && liquidText(v) == "" {
		l.warnUnevaluated(mark, l.text[mark.from:mark.to])
		return
	}
	out := liquidText(v)
	if l.escapes && l.depth == 0 && !isSafeFilter.MatchString(mark.arguments) {
		out = html.EscapeString(out)
	}
	l.emit(out)
}

// endsWith reports whether what was written so far ends with a text.
func (l *liquid) endsWith(text string) bool { return strings.HasSuffix(l.out.String(), text) }

// emit writes what was made, which counts.
func (l *liquid) emit(made string) {
	l.budget.wrote(len(made))
	l.out.WriteString(made)
}

// refuse ends the post where its tags do more than those of any author.
func (l *liquid) refuse(tag liquidMark, depth int) {
	err := &limitError{limit: fmt.Sprintf("%d tags and rounds of loops", maxLiquidSteps), message: "take away the loops or includes that repeat", line: l.host.lineAt(l.offset(tag))}
	if depth > maxLiquidDepth {
		err.limit = fmt.Sprintf("%d blocks of tags in one another", maxLiquidDepth)
	}
	l.budget.stop(err)
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
		if !l.nunjucks {
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
		l.warnUnevaluated(mark, l.text[mark.from:mark.to])
		return
	}
	if strings.HasPrefix(mark.name, "end") || mark.name == "else" || mark.name == "elsif" || mark.name == "when" {
		return // of a block that is not open
	}
	l.useOutside() // such as the addresses of other posts
	if out, ok := l.tag(mark, ""); ok {
		l.emit(out)
		return
	}
	l.warnUnknown(mark)
}

var rawTag = regexp.MustCompile(`\{%-?\s*(?:end)?raw\s*-?%\}`)

// tag evaluates a tag that Liquid itself has, or else one of the host's.
func (l *liquid) tag(mark liquidMark, inner string) (out string, ok bool) {
	if !l.nunjucks {
		switch mark.name {
		case "increment", "decrement":
			return l.counter(mark), true
		case "cycle":
			return l.cycle(mark), true
		case "echo":
			l.output(liquidMark{stretch: mark.stretch, arguments: mark.arguments})
			return "", true
		}
	}
	return l.host.Tag(l, mark, inner)
}

// highlighted is code as the host shows it, or else a fenced block where the tag stands.
func (l *liquid) highlighted(mark liquidMark, code string) string {
	if out, ok := l.host.Tag(l, mark, code); ok {
		return out
	}
	language, _, _ := strings.Cut(mark.arguments, " ")
	block := fencedCode(code, languageWord(language))
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
	if out, ok := l.tag(mark, inner); ok {
		l.out.WriteString(out)
		return
	}
	l.warnUnknown(mark)
	l.out.WriteString(dedent(inner))
}

func (l *liquid) inner(n, depth int) string {
	outer := l.out
	l.out = strings.Builder{}
	l.writeMarks(n+1, l.marks[n].end, l.marks[n].to, l.marks[l.marks[n].end].from, depth+1)
	inner := l.out.String()
	l.out = outer
	return inner
}

// isSafeFilter finds the filter by which an output stays HTML.
var isSafeFilter = regexp.MustCompile(`\|\s*safe\b`)
