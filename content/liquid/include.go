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
func (l *Evaluator) Include(tag Mark, name string) (out string, ok bool) {
	text, ok := l.includeText(tag, name)
	if !ok {
		return "", false
	}
	remembers := l.Memory != nil && !l.Nunjucks && !l.shadowsSite()
	if remembers {
		if out, ok := l.recallInclude(text); ok {
			return out, true
		}
	}
	outermost := map[string]any{}
	for k, v := range l.vars[0] {
		outermost[k] = v
	}
	outermost["include"] = l.parameters(tag.Arguments)
	inner := l.inside(tag, name, text)
	inner.vars = append([]map[string]any{outermost}, l.vars[1:]...)
	inner.uses = &uses{inner: len(l.vars)}
	if l.Nunjucks {
		inner.code = mdsource.CodeSpans(text)
	}
	before := l.steps
	out = inner.expanded()
	if remembers {
		inner.rememberInclude(text, out, l.steps-before)
	}
	l.failed = l.failed || inner.failed
	if l.Nunjucks {
		out = strings.TrimSpace(out)
	}
	return out, true
}

// inside is the evaluation of another text where a tag stands.
func (l *Evaluator) inside(tag Mark, within, text string) *Evaluator {
	return &Evaluator{liquidRun: l.liquidRun, text: text, vars: l.vars, within: within, origin: l.offset(tag), depth: l.depth + 1, quiet: l.quiet}
}

// insert evaluates another text where a tag stands.
func (l *Evaluator) Insert(tag Mark, text string) string {
	if l.depth >= maxIncludes {
		return ""
	}
	inner := l.inside(tag, tag.Name, text)
	inner.uses = l.uses
	out := inner.expanded()
	l.failed = l.failed || inner.failed
	return out
}

// includeText reads an include, each once in a text.
func (l *Evaluator) includeText(tag Mark, name string) (string, bool) {
	if strings.Contains(name, "..") {
		return "", false
	}
	if l.depth >= maxIncludes {
		l.Budget.Fail(&limits.Error{Limit: fmt.Sprintf("%d includes in one another", maxIncludes), Message: "take away the include of " + post.Clip(name) + " in itself", Line: l.host.LineAt(l.offset(tag))})
	}
	l.Budget.Step(20)
	key := includeName{name, tag.Name == "include_relative"}
	if text, ok := l.files[key]; ok {
		return text, true
	}
	text, ok := l.host.Include(name, key.relative)
	if !ok {
		return "", false
	}
	if l.files == nil {
		l.files = map[includeName]string{}
	}
	l.files[key] = text
	return text, true
}
