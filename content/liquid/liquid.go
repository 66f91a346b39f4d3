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
	Tag(e *Evaluator, tag Tag, inner string) (out string, ok bool)
	// Filter applies a filter that stands before those of the language; found is false where there is
	// none of that name, ok where it fails.
	Filter(e *Evaluator, name string, v any, arguments []any) (out any, found, ok bool)
}

// liquidOptions say which language a text is in, and what evaluating it may use.
type Options struct {
	Nunjucks bool           // as in Nunjucks and Tera: {# comments #}, code that is not evaluated, looser types
	Strict   bool           // an output that is empty is a failure
	Escapes  bool           // what an output gives is text, not HTML, but for the filter safe
	Location *time.Location // of dates without an offset; nil for UTC
	Budget   *limits.Budget // nil for no bounds
	Cache    *IncludeCache  // of includes; nil to evaluate each every time
}

// liquid evaluates Liquid and what Nunjucks has in common with it: {% tags %}, {{ output }} and,
// in Nunjucks, {# comments #}. One value is for one text; includes have their own.
type Evaluator struct {
	*evaluation
	text    string
	code    []mdsource.Span
	tags    []Tag
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

// evaluation is what a text shares with its includes.
type evaluation struct {
	Options
	host     Host
	steps    int
	rendered int // texts that were made HTML
	states   *tagState
	read     *parseCache
	files    map[includeName]string // includes that were read
}

// Loops over loops could run for ever, and write more than anybody reads.
const (
	maxSteps      = 100_000
	maxListLength = 20_000 // values
	MaxOutput     = 4 << 20
	MaxValueSize  = 64 << 10 // of one value: values can double themselves
	MaxDepth      = 40
	maxVerbatim   = 200 // after each the rest of the text is looked through again
)

// hasLiquid reports whether there is anything to evaluate in a text.
func HasTags(text string, o Options) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || o.Nunjucks && strings.Contains(text, "{#")
}

// expandLiquid returns a text with what can be evaluated in it. vars are the outermost variables. ok is
// false where there is something that cannot be evaluated; the host was told.
func Expand(host Host, o Options, text string, vars map[string]any) (out string, ok bool) {
	if o.Location == nil {
		o.Location = time.UTC
	}
	e := &Evaluator{evaluation: &evaluation{Options: o, host: host}, text: text, vars: []map[string]any{vars, {}}}
	out = e.expanded()
	return out, !e.failed
}

func (e *Evaluator) expanded() string {
	e.findTags()
	e.pair()
	e.writeTags(0, len(e.tags), 0, len(e.text), 0)
	return e.out.String()
}

// warn reports what is wrong with a tag.
func (e *Evaluator) Warn(tag Tag, message string) {
	e.useOutside()
	if e.quiet {
		return
	}
	if e.within != "" {
		message = "in the include " + post.Clip(e.within) + ": " + message
	}
	e.host.Warn(e.offset(tag), message)
}

// offset is where a tag is in the outermost text.
func (e *Evaluator) offset(tag Tag) int {
	if e.depth > 0 {
		return e.origin
	}
	return tag.From
}

func (e *Evaluator) warnUnknown(tag Tag) {
	e.failed = true
	e.Warn(tag, fmt.Sprintf("the tag %s is not known here: only its inner text was kept", post.Clip(tag.Name)))
}

func (e *Evaluator) warnUnevaluated(tag Tag, text string) {
	e.failed = true
	e.Warn(tag, post.Clip(xmltext.Line(text))+" cannot be evaluated here and was left out")
}

// writeTags expands the marks first to last, and the text around them.
func (e *Evaluator) writeTags(first, last, from, to, depth int) {
	for n := first; n < last; n++ {
		mark := e.tags[n]
		e.prose(from, mark.From)
		from = mark.To
		if e.steps++; e.steps > maxSteps || depth > MaxDepth {
			e.refuse(mark, depth)
			continue
		}
		e.Budget.Step(10)
		if mark.output {
			e.output(mark)
			continue
		}
		if mark.end != 0 {
			e.block(n, depth)
			if e.leave != "" {
				return
			}
			n, from = mark.end, e.tags[mark.end].To
			continue
		}
		e.single(mark)
		if e.leave != "" {
			return
		}
	}
	e.prose(from, to)
}

// prose copies text between marks; a dash beside a mark takes white space away.
func (e *Evaluator) prose(from, to int) {
	if from >= to {
		return
	}
	text := e.text[from:to]
	if from >= 3 && e.text[from-3] == '-' && e.text[from-1] == '}' {
		text = strings.TrimLeft(text, " \t\n")
	}
	if to+2 < len(e.text) && e.text[to] == '{' && e.text[to+2] == '-' && (e.text[to+1] == '%' || e.text[to+1] == '{') {
		text = strings.TrimRight(text, " \t\n")
	}
	e.emit(text)
}

func (e *Evaluator) output(mark Tag) {
	v, ok := e.evaluate(mark.Arguments)
	if !ok || e.Strict && e.depth == 0 && Text(v) == "" {
		e.warnUnevaluated(mark, e.text[mark.From:mark.To])
		return
	}
	out := Text(v)
	if e.Escapes && e.depth == 0 && !isSafeFilter.MatchString(mark.Arguments) {
		out = html.EscapeString(out)
	}
	e.emit(out)
}

// endsWith reports whether what was written so far ends with a text.
func (e *Evaluator) EndsWith(text string) bool { return strings.HasSuffix(e.out.String(), text) }

// emit writes what was made, which counts.
func (e *Evaluator) emit(made string) {
	e.Budget.Wrote(len(made))
	e.out.WriteString(made)
}

// refuse ends the post where its tags do more than those of any author.
func (e *Evaluator) refuse(tag Tag, depth int) {
	err := &limits.Error{Limit: fmt.Sprintf("%d tags and rounds of loops", maxSteps), Message: "take away the loops or includes that repeat", Line: e.host.LineAt(e.offset(tag))}
	if depth > MaxDepth {
		err.Limit = fmt.Sprintf("%d blocks of tags in one another", MaxDepth)
	}
	e.Budget.Stop(err)
}

// single is a tag without an end.
func (e *Evaluator) single(mark Tag) {
	switch mark.Name {
	case "#", "comment":
		return
	case "raw", "verbatim":
		e.out.WriteString(mark.verbatim)
		return
	case "highlight":
		e.out.WriteString(e.highlighted(mark, rawTag.ReplaceAllString(mark.verbatim, "")))
		return
	case "liquid":
		if !e.Nunjucks {
			e.useOutside()
			e.state()
			e.lines(mark)
			return
		}
	case "break", "continue":
		e.useOutside()
		if len(e.vars) > 2 { // in a loop
			e.leave = mark.Name
		}
		return
	case "assign", "set":
		name, value, ok := strings.Cut(mark.Arguments, "=")
		if v, known := e.evaluate(strings.TrimSpace(value)); ok && known {
			e.assign(strings.TrimSpace(name), v)
			return
		}
		e.warnUnevaluated(mark, e.text[mark.From:mark.To])
		return
	}
	if strings.HasPrefix(mark.Name, "end") || mark.Name == "else" || mark.Name == "elsif" || mark.Name == "when" {
		return // of a block that is not open
	}
	e.useOutside() // such as the addresses of other posts
	if out, ok := e.tag(mark, ""); ok {
		e.emit(out)
		return
	}
	e.warnUnknown(mark)
}

var rawTag = regexp.MustCompile(`\{%-?\s*(?:end)?raw\s*-?%\}`)

// tag evaluates a tag that Liquid itself has, or else one of the host's.
func (e *Evaluator) tag(mark Tag, inner string) (out string, ok bool) {
	if !e.Nunjucks {
		switch mark.Name {
		case "increment", "decrement":
			return e.counter(mark), true
		case "cycle":
			return e.cycle(mark), true
		case "echo":
			e.output(Tag{Span: mark.Span, Arguments: mark.Arguments})
			return "", true
		}
	}
	return e.host.Tag(e, mark, inner)
}

// highlighted is code as the host shows it, or else a fenced block where the tag stands.
func (e *Evaluator) highlighted(mark Tag, code string) string {
	if out, ok := e.host.Tag(e, mark, code); ok {
		return out
	}
	language, _, _ := strings.Cut(mark.Arguments, " ")
	block := mdsource.FencedCode(code, mdsource.LanguageWord(language))
	line := mdsource.LineBefore(e.text, mark.From)
	if strings.TrimSpace(line) != "" {
		return "\n\n" + block
	}
	return "\n" + line + strings.TrimSuffix(block, "\n") + "\n"
}

// block is a tag with what stands between it and its end.
func (e *Evaluator) block(n, depth int) {
	mark := e.tags[n]
	switch mark.Name {
	case "if", "unless":
		e.conditional(n, depth)
		return
	case "ifchanged":
		e.ifChanged(n, depth)
		return
	case "tablerow":
		e.tableRow(n, depth)
		return
	case "case":
		e.choose(n, depth)
		return
	case "for":
		e.loop(n, depth)
		return
	case "highlight":
		e.out.WriteString(e.highlighted(mark, e.inner(n, depth)))
		return
	case "capture", "set":
		if name, _, filtered := strings.Cut(mark.Arguments, "|"); !filtered {
			if text := e.inner(n, depth); len(text) <= MaxValueSize {
				e.assign(strings.Trim(strings.TrimSpace(name), `"'`), text)
			}
			return
		}
	}
	inner := e.inner(n, depth)
	e.useOutside()
	if out, ok := e.tag(mark, inner); ok {
		e.out.WriteString(out)
		return
	}
	e.warnUnknown(mark)
	e.out.WriteString(mdsource.Dedent(inner))
}

func (e *Evaluator) inner(n, depth int) string {
	outer := e.out
	e.out = strings.Builder{}
	e.writeTags(n+1, e.tags[n].end, e.tags[n].To, e.tags[e.tags[n].end].From, depth+1)
	inner := e.out.String()
	e.out = outer
	return inner
}

// isSafeFilter finds the filter by which an output stays HTML.
var isSafeFilter = regexp.MustCompile(`\|\s*safe\b`)
