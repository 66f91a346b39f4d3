package liquid

import (
	"fmt"
	"strings"

	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/post"
)

// maxIncludes is how deep includes may be nested.
const maxIncludes = 10

// includeName identifies an included file.
type includeName struct {
	name     string
	relative bool // to the file that includes it
}

// Include evaluates a file of the blog with the variables of the text that includes it, which keeps the
// variables that the file sets, as in Jekyll. ok is false if the file does not exist.
func (e *Evaluator) Include(tag Tag, name string) (out string, ok bool) {
	text, ok := e.includeText(tag, name)
	if !ok {
		return "", false
	}
	remembers := e.Cache != nil && !e.Nunjucks && !e.shadowsSite()
	if remembers {
		if out, ok := e.cachedOutput(text); ok {
			return out, true
		}
	}
	outermost := map[string]any{}
	for k, v := range e.vars[0] {
		outermost[k] = v
	}
	outermost["include"] = e.parameters(tag.Arguments)
	inner := e.inside(tag, name, text)
	inner.vars = append([]map[string]any{outermost}, e.vars[1:]...)
	inner.uses = &uses{inner: len(e.vars)}
	if e.Nunjucks {
		inner.code = mdsource.CodeSpans(text)
	}
	before := e.steps
	out = inner.expanded()
	if remembers {
		inner.storeInclude(text, out, e.steps-before)
	}
	e.failed = e.failed || inner.failed
	if e.Nunjucks {
		out = strings.TrimSpace(out)
	}
	return out, true
}

// inside returns an evaluator for another text in place of a tag.
func (e *Evaluator) inside(tag Tag, within, text string) *Evaluator {
	return &Evaluator{evaluation: e.evaluation, text: text, vars: e.vars, within: within, origin: e.offset(tag), depth: e.depth + 1, quiet: e.quiet}
}

// Insert returns the evaluation of another text in place of a tag.
func (e *Evaluator) Insert(tag Tag, text string) string {
	if e.depth >= maxIncludes {
		return ""
	}
	inner := e.inside(tag, tag.Name, text)
	inner.uses = e.uses
	out := inner.expanded()
	e.failed = e.failed || inner.failed
	return out
}

// includeText returns the text of an include, which is read once per text.
func (e *Evaluator) includeText(tag Tag, name string) (string, bool) {
	if strings.Contains(name, "..") {
		return "", false
	}
	if e.depth >= maxIncludes {
		e.Budget.Fail(&limits.Error{Limit: fmt.Sprintf("%d nested includes", maxIncludes), Message: "remove the include of " + post.Clip(name) + " in itself", Line: e.host.LineAt(e.offset(tag))})
	}
	e.Budget.Step(20)
	key := includeName{name, tag.Name == "include_relative"}
	if text, ok := e.files[key]; ok {
		return text, true
	}
	text, ok := e.host.Include(name, key.relative)
	if !ok {
		return "", false
	}
	if e.files == nil {
		e.files = map[includeName]string{}
	}
	e.files[key] = text
	return text, true
}
