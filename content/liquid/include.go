package liquid

import (
	"fmt"
	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/post"
	"strings"
)

// maxIncludes is how many includes may be in one another.
const maxIncludes = 10

// includeName is what a file is included by.
type includeName struct {
	name     string
	relative bool // to the file that includes it
}

// include evaluates a file of the blog's own with the variables of the text that includes it. What it
// sets is set there too, as in Jekyll. ok is false where there is no such file.
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
		inner.code = mdsource.CodeIn(text)
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

// inside is the evaluation of another text where a tag stands.
func (e *Evaluator) inside(tag Tag, within, text string) *Evaluator {
	return &Evaluator{evaluation: e.evaluation, text: text, vars: e.vars, within: within, origin: e.offset(tag), depth: e.depth + 1, quiet: e.quiet}
}

// insert evaluates another text where a tag stands.
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

// includeText reads an include, each once in a text.
func (e *Evaluator) includeText(tag Tag, name string) (string, bool) {
	if strings.Contains(name, "..") {
		return "", false
	}
	if e.depth >= maxIncludes {
		e.Budget.Stop(&limits.Error{Limit: fmt.Sprintf("%d includes in one another", maxIncludes), Message: "take away the include of " + post.Clip(name) + " in itself", Line: e.host.LineAt(e.offset(tag))})
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
