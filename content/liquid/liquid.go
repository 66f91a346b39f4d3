// Package liquid evaluates Liquid, and what Nunjucks shares with it, within bounds. It knows nothing about
// blogs: a Host answers what templates ask about one.
package liquid

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/xmltext"
)

// Host is what the evaluator needs to know about the blog. Offsets are those of the outermost text, also for
// problems in includes.
type Host interface {
	// Warn reports a problem.
	Warn(offset int, message string)
	// LineAt returns the line of the file at an offset.
	LineAt(offset int) int
	// Absolute returns the address of a path on the site, with its query or fragment.
	Absolute(path string) string
	// Relative returns an address of the site without scheme and host.
	Relative(address string) string
	// Slugify returns a text as a part of an address.
	Slugify(text string) string
	// Markdown returns the HTML of a text; ok is false if it cannot be rendered.
	Markdown(text string) (html string, ok bool)
	// Include returns the text of an included file; relative is set for a path relative to the including file.
	Include(name string, relative bool) (text string, ok bool)
	// Tag evaluates a tag that the language itself does not have, and highlight. inner is what is between a
	// block tag and its end. ok is false for an unknown tag.
	Tag(e *Evaluator, tag Tag, inner string) (out string, ok bool)
	// Filter applies a filter that takes precedence over those of the language; found is false for an unknown
	// filter, ok if it fails.
	Filter(e *Evaluator, name string, v any, arguments []any) (out any, found, ok bool)
}

// Options say which language a text is in, and what evaluating it may cost.
type Options struct {
	Nunjucks bool           // as in Nunjucks and Tera: {# comments #}, code that is not evaluated, looser types
	Strict   bool           // an empty output is a failure
	Escapes  bool           // the value of an output is text, not HTML, unless it has the filter safe
	Location *time.Location // of dates without an offset; nil for UTC
	Budget   *limits.Budget // nil for no limits
	Cache    *IncludeCache  // nil to evaluate every include every time
}

// Evaluator evaluates one text: {% tags %}, {{ outputs }} and, in Nunjucks, {# comments #}. Each include has
// an evaluator of its own.
type Evaluator struct {
	*evaluation
	text    string
	code    []mdsource.Span
	tags    []Tag
	vars    []map[string]any // the innermost scope last
	unended map[string]bool  // closing delimiters that do not occur in the rest of the text
	leave   string           // "break" or "continue" until the loop around it ends or continues
	out     strings.Builder
	uses    *uses  // by an include; nil for the outermost text
	within  string // the name of the include
	origin  int    // where the include is in the outermost text
	depth   int    // of includes
	quiet   bool   // problems are not reported
	failed  bool   // something was unknown
}

// evaluation is what a text and its includes share.
type evaluation struct {
	Options
	host     Host
	steps    int
	rendered int // texts rendered as Markdown
	states   *tagState
	read     *parseCache
	files    map[includeName]string // the texts of includes
}

// Nested loops could run forever, and write more than anyone reads.
const (
	maxSteps      = 100_000
	maxListLength = 20_000
	maxVerbatim   = 200 // after each, the rest of the text is scanned for code again

	// MaxOutput bounds what the templates of one text write, in bytes.
	MaxOutput = 4 << 20
	// MaxValueSize bounds one value, in bytes: values can double themselves.
	MaxValueSize = 64 << 10
	// MaxDepth bounds how deep blocks are nested.
	MaxDepth = 40
)

// HasTags reports whether a text has anything to evaluate.
func HasTags(text string, o Options) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || o.Nunjucks && strings.Contains(text, "{#")
}

// Expand evaluates a text. vars are the outermost variables. ok is false if something could not be
// evaluated, which was reported to the host.
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

// Warn reports a problem with a tag.
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

// offset returns where a tag is in the outermost text.
func (e *Evaluator) offset(tag Tag) int {
	if e.depth > 0 {
		return e.origin
	}
	return tag.From
}

func (e *Evaluator) warnUnknown(tag Tag) {
	e.failed = true
	e.Warn(tag, fmt.Sprintf("unknown tag %s; kept its inner text", post.Clip(tag.Name)))
}

func (e *Evaluator) warnUnevaluated(tag Tag, text string) {
	e.failed = true
	e.Warn(tag, post.Clip(xmltext.Line(text))+" cannot be evaluated; left it out")
}

// writeTags evaluates the tags first to last, and writes the text around them.
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

// prose copies text between tags; a dash at a delimiter trims white space.
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

// EndsWith reports whether the output so far ends with a text.
func (e *Evaluator) EndsWith(text string) bool { return strings.HasSuffix(e.out.String(), text) }

// emit writes output, which the budget counts.
func (e *Evaluator) emit(made string) {
	e.Budget.Output(len(made))
	e.out.WriteString(made)
}

// refuse ends the post because its tags do more than any author needs.
func (e *Evaluator) refuse(tag Tag, depth int) {
	err := &limits.Error{Limit: fmt.Sprintf("%d tags and loop iterations", maxSteps), Message: "remove the loops or includes that repeat", Line: e.host.LineAt(e.offset(tag))}
	if depth > MaxDepth {
		err.Limit = fmt.Sprintf("%d nested blocks of tags", MaxDepth)
	}
	e.Budget.Fail(err)
}

// single evaluates a tag without an end.
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
		return // of a block that was not opened
	}
	e.useOutside() // such as the addresses of other posts
	if out, ok := e.tag(mark, ""); ok {
		e.emit(out)
		return
	}
	e.warnUnknown(mark)
}

var rawTag = regexp.MustCompile(`\{%-?\s*(?:end)?raw\s*-?%\}`)

// tag evaluates a tag of Liquid itself, or else one of the host's.
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

// highlighted returns code as the host highlights it, or else as a fenced block in place of the tag.
func (e *Evaluator) highlighted(mark Tag, code string) string {
	if out, ok := e.host.Tag(e, mark, code); ok {
		return out
	}
	language, _, _ := strings.Cut(mark.Arguments, " ")
	block := mdsource.FencedCode(code, mdsource.CodeLanguage(language))
	line := mdsource.LineBefore(e.text, mark.From)
	if strings.TrimSpace(line) != "" {
		return "\n\n" + block
	}
	return "\n" + line + strings.TrimSuffix(block, "\n") + "\n"
}

// block evaluates a tag with what is between it and its end.
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

// isSafeFilter matches the filter that keeps an output as HTML.
var isSafeFilter = regexp.MustCompile(`\|\s*safe\b`)
