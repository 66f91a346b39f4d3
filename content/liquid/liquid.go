// Package liquid evaluates Liquid, and what Nunjucks has in common with it, within bounds. It knows no blog: a Host
// answers what a template asks of one.
package liquid

import (
	"fmt"
	"html"
	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/xmltext"
	"regexp"
	"strings"
	"time"
)

// liquidHost is what the evaluator asks of the program that a text is part of. Offsets are those of the
// text that it was given first, wherever the includes are that something is about.
type Host interface {
	// warn reports a problem.
	Warn(offset int, message string)
	// lineAt returns the line of the file that an offset is in.
	LineAt(offset int) int
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
	Tag(l *Evaluator, tag Mark, inner string) (out string, ok bool)
	// Filter applies a filter that stands before those of the language; found is false where there is
	// none of that name, ok where it fails.
	Filter(l *Evaluator, name string, v any, arguments []any) (out any, found, ok bool)
}

// liquidOptions say which language a text is in, and what evaluating it may use.
type Options struct {
	Nunjucks bool           // as in Nunjucks and Tera: {# comments #}, code that is not evaluated, looser types
	Strict   bool           // an output that is empty is a failure
	Escapes  bool           // what an output gives is text, not HTML, but for the filter safe
	Location *time.Location // of dates without an offset; nil for UTC
	Budget   *limits.Budget // nil for no bounds
	Memory   *PureIncludes  // of includes; nil to evaluate each every time
}

// liquid evaluates Liquid and what Nunjucks has in common with it: {% tags %}, {{ output }} and,
// in Nunjucks, {# comments #}. One value is for one text; includes have their own.
type Evaluator struct {
	*liquidRun
	text    string
	code    []mdsource.Span
	marks   []Mark
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
	Options
	host     Host
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
	MaxOut         = 4 << 20
	MaxText        = 64 << 10 // of one value: values can double themselves
	MaxDepth       = 40
	maxVerbatim    = 200 // after each the rest of the text is looked through again
)

// hasLiquid reports whether there is anything to evaluate in a text.
func HasMarks(text string, o Options) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || o.Nunjucks && strings.Contains(text, "{#")
}

// expandLiquid returns a text with what can be evaluated in it. vars are the outermost variables. ok is
// false where there is something that cannot be evaluated; the host was told.
func Expand(host Host, o Options, text string, vars map[string]any) (out string, ok bool) {
	if o.Location == nil {
		o.Location = time.UTC
	}
	l := &Evaluator{liquidRun: &liquidRun{Options: o, host: host}, text: text, vars: []map[string]any{vars, {}}}
	out = l.expanded()
	return out, !l.failed
}

func (l *Evaluator) expanded() string {
	l.findMarks()
	l.pair()
	l.writeMarks(0, len(l.marks), 0, len(l.text), 0)
	return l.out.String()
}

// warn reports what is wrong with a tag.
func (l *Evaluator) Warn(tag Mark, message string) {
	l.useOutside()
	if l.quiet {
		return
	}
	if l.within != "" {
		message = "in the include " + post.Clip(l.within) + ": " + message
	}
	l.host.Warn(l.offset(tag), message)
}

// offset is where a tag is in the outermost text.
func (l *Evaluator) offset(tag Mark) int {
	if l.depth > 0 {
		return l.origin
	}
	return tag.From
}

func (l *Evaluator) warnUnknown(tag Mark) {
	l.failed = true
	l.Warn(tag, fmt.Sprintf("the tag %s is not known here: only its inner text was kept", post.Clip(tag.Name)))
}

func (l *Evaluator) warnUnevaluated(tag Mark, text string) {
	l.failed = true
	l.Warn(tag, post.Clip(xmltext.Line(text))+" cannot be evaluated here and was left out")
}

// writeMarks expands the marks first to last, and the text around them.
func (l *Evaluator) writeMarks(first, last, from, to, depth int) {
	for n := first; n < last; n++ {
		mark := l.marks[n]
		l.prose(from, mark.From)
		from = mark.To
		if l.steps++; l.steps > maxLiquidSteps || depth > MaxDepth {
			l.refuse(mark, depth)
			continue
		}
		l.Budget.Step(10)
		if mark.output {
			l.output(mark)
			continue
		}
		if mark.end != 0 {
			l.block(n, depth)
			if l.leave != "" {
				return
			}
			n, from = mark.end, l.marks[mark.end].To
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
func (l *Evaluator) prose(from, to int) {
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

func (l *Evaluator) output(mark Mark) {
	v, ok := l.evaluate(mark.Arguments)
	if !ok || l.Strict && l.depth == 0 && Text(v) == "" {
		l.warnUnevaluated(mark, l.text[mark.From:mark.To])
		return
	}
	out := Text(v)
	if l.Escapes && l.depth == 0 && !isSafeFilter.MatchString(mark.Arguments) {
		out = html.EscapeString(out)
	}
	l.emit(out)
}

// endsWith reports whether what was written so far ends with a text.
func (l *Evaluator) EndsWith(text string) bool { return strings.HasSuffix(l.out.String(), text) }

// emit writes what was made, which counts.
func (l *Evaluator) emit(made string) {
	l.Budget.Output(len(made))
	l.out.WriteString(made)
}

// refuse ends the post where its tags do more than those of any author.
func (l *Evaluator) refuse(tag Mark, depth int) {
	err := &limits.Error{Limit: fmt.Sprintf("%d tags and rounds of loops", maxLiquidSteps), Message: "take away the loops or includes that repeat", Line: l.host.LineAt(l.offset(tag))}
	if depth > MaxDepth {
		err.Limit = fmt.Sprintf("%d blocks of tags in one another", MaxDepth)
	}
	l.Budget.Fail(err)
}

// single is a tag without an end.
func (l *Evaluator) single(mark Mark) {
	switch mark.Name {
	case "#", "comment":
		return
	case "raw", "verbatim":
		l.out.WriteString(mark.verbatim)
		return
	case "highlight":
		l.out.WriteString(l.highlighted(mark, rawTag.ReplaceAllString(mark.verbatim, "")))
		return
	case "liquid":
		if !l.Nunjucks {
			l.useOutside()
			l.state()
			l.lines(mark)
			return
		}
	case "break", "continue":
		l.useOutside()
		if len(l.vars) > 2 { // in a loop
			l.leave = mark.Name
		}
		return
	case "assign", "set":
		name, value, ok := strings.Cut(mark.Arguments, "=")
		if v, known := l.evaluate(strings.TrimSpace(value)); ok && known {
			l.assign(strings.TrimSpace(name), v)
			return
		}
		l.warnUnevaluated(mark, l.text[mark.From:mark.To])
		return
	}
	if strings.HasPrefix(mark.Name, "end") || mark.Name == "else" || mark.Name == "elsif" || mark.Name == "when" {
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
func (l *Evaluator) tag(mark Mark, inner string) (out string, ok bool) {
	if !l.Nunjucks {
		switch mark.Name {
		case "increment", "decrement":
			return l.counter(mark), true
		case "cycle":
			return l.cycle(mark), true
		case "echo":
			l.output(Mark{Span: mark.Span, Arguments: mark.Arguments})
			return "", true
		}
	}
	return l.host.Tag(l, mark, inner)
}

// highlighted is code as the host shows it, or else a fenced block where the tag stands.
func (l *Evaluator) highlighted(mark Mark, code string) string {
	if out, ok := l.host.Tag(l, mark, code); ok {
		return out
	}
	language, _, _ := strings.Cut(mark.Arguments, " ")
	block := mdsource.FencedCode(code, mdsource.CodeLanguage(language))
	line := mdsource.LineBefore(l.text, mark.From)
	if strings.TrimSpace(line) != "" {
		return "\n\n" + block
	}
	return "\n" + line + strings.TrimSuffix(block, "\n") + "\n"
}

// block is a tag with what stands between it and its end.
func (l *Evaluator) block(n, depth int) {
	mark := l.marks[n]
	switch mark.Name {
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
		if name, _, filtered := strings.Cut(mark.Arguments, "|"); !filtered {
			if text := l.inner(n, depth); len(text) <= MaxText {
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
	l.out.WriteString(mdsource.Dedent(inner))
}

func (l *Evaluator) inner(n, depth int) string {
	outer := l.out
	l.out = strings.Builder{}
	l.writeMarks(n+1, l.marks[n].end, l.marks[n].To, l.marks[l.marks[n].end].From, depth+1)
	inner := l.out.String()
	l.out = outer
	return inner
}

// isSafeFilter finds the filter by which an output stays HTML.
var isSafeFilter = regexp.MustCompile(`\|\s*safe\b`)
