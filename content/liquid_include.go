package content

import (
	"fmt"
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
func (l *liquid) include(tag liquidMark, name string) (out string, ok bool) {
	text, ok := l.includeText(tag, name)
	if !ok {
		return "", false
	}
	remembers := l.memory != nil && !l.nunjucks && !l.shadowsSite()
	if remembers {
		if out, ok := l.recallInclude(text); ok {
			return out, true
		}
	}
	outermost := map[string]any{}
	for k, v := range l.vars[0] {
		outermost[k] = v
	}
	outermost["include"] = l.parameters(tag.arguments)
	inner := l.inside(tag, name, text)
	inner.vars = append([]map[string]any{outermost}, l.vars[1:]...)
	inner.uses = &uses{inner: len(l.vars)}
	if l.nunjucks {
		inner.code = codeIn(text)
	}
	before := l.steps
	out = inner.expanded()
	if remembers {
		inner.rememberInclude(text, out, l.steps-before)
	}
	l.failed = l.failed || inner.failed
	if l.nunjucks {
		out = strings.TrimSpace(out)
	}
	return out, true
}

// inside is the evaluation of another text where a tag stands.
func (l *liquid) inside(tag liquidMark, within, text string) *liquid {
	return &liquid{liquidRun: l.liquidRun, text: text, vars: l.vars, within: within, origin: l.offset(tag), depth: l.depth + 1, quiet: l.quiet}
}

// insert evaluates another text where a tag stands.
func (l *liquid) insert(tag liquidMark, text string) string {
	if l.depth >= maxIncludes {
		return ""
	}
	inner := l.inside(tag, tag.name, text)
	inner.uses = l.uses
	out := inner.expanded()
	l.failed = l.failed || inner.failed
	return out
}

// includeText reads an include, each once in a text.
func (l *liquid) includeText(tag liquidMark, name string) (string, bool) {
	if strings.Contains(name, "..") {
		return "", false
	}
	if l.depth >= maxIncludes {
		l.budget.stop(&limitError{limit: fmt.Sprintf("%d includes in one another", maxIncludes), message: "take away the include of " + clip(name) + " in itself", line: l.host.lineAt(l.offset(tag))})
	}
	l.budget.step(20)
	key := includeName{name, tag.name == "include_relative"}
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
