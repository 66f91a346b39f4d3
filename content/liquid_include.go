package content

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Bounds of includes: within each other, and in bytes of one.
const (
	maxIncludes = 10
	maxInclude  = 64 << 10
)

// include evaluates a file of the blog's own, or does what the best known ones
// of themes do.
func (l *liquid) include(tag liquidMark) string {
	arguments := l.tagArguments(tag.arguments)
	name := l.includeName(tag.arguments, arguments)
	if out, ok := l.includedFile(tag, name); ok {
		return out
	}
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	src := arguments.get(-1, "image_path", "src", "url", "image", "file", "path", "name")
	switch base {
	case "figure", "image", "img", "picture", "responsive-image":
		if src != "" {
			f := figure{src: src, alt: arguments.get(-1, "alt", "description"), caption: l.inlineHTML(arguments.get(-1, "caption"))}
			return f.html()
		}
	case "video":
		if id := arguments.get(-1, "id"); id != "" {
			if provider := arguments.get(-1, "provider"); provider != "" {
				if out, ok := embed(provider, id, arguments.get(-1, "title")); ok {
					return out
				}
			}
			out, _ := embed("youtube", id, arguments.get(-1, "title"))
			return out
		}
	case "toc":
		return ""
	}
	base = strings.ToLower(strings.NewReplacer("-", "", "_", "", "embed", "", "player", "", "video", "").Replace(base))
	if out, ok := embed(base, arguments.get(-1, "id", "url", "src", base+"_id"), arguments.get(-1, "title")); ok && out != "" {
		return out
	}
	l.warn(tag.from, "the include "+clip(name)+" is not known here and was left out")
	return ""
}

// includeName is the file's name, which may be made of variables: {{ page.box }}.html.
func (l *liquid) includeName(text string, arguments shortcodeParams) string {
	if l.comments || !strings.Contains(text, "{{") {
		return strings.TrimSuffix(arguments.get(0), ",")
	}
	var name strings.Builder
	for text != "" && text[0] != ' ' && text[0] != '\t' && text[0] != '\n' {
		expression, rest, ok := strings.Cut(strings.TrimPrefix(text, "{{"), "}}")
		if !strings.HasPrefix(text, "{{") || !ok {
			name.WriteByte(text[0])
			text = text[1:]
			continue
		}
		v, _ := l.evaluate(strings.TrimSpace(expression))
		name.WriteString(liquidText(v))
		text = rest
	}
	return name.String()
}

// includedFile evaluates a file below the includes folder with the variables of the text that
// includes it. What it sets is set there too, as in Jekyll.
func (l *liquid) includedFile(tag liquidMark, name string) (string, bool) {
	text, ok := l.includeText(tag, name)
	if !ok {
		return "", false
	}
	remembers := l.tree != nil && !l.comments && !l.shadowsSite()
	if remembers {
		if out, ok := l.recall(text); ok {
			return out, true
		}
	}
	l.cache() // shared with the include, as what tags count
	l.state()
	m := *l.macros
	m.depth, m.within = l.depth+1, name
	m.line = l.lineAt(tag.from)
	m.uses = &uses{inner: len(l.vars)}
	outermost := map[string]any{}
	for k, v := range l.vars[0] {
		outermost[k] = v
	}
	outermost["include"] = l.parameters(tag.arguments)
	inner := &liquid{macros: &m, text: text, vars: append([]map[string]any{outermost}, l.vars[1:]...), comments: l.comments, tags: l.tags, steps: l.steps, rendered: l.rendered}
	if l.comments {
		inner.code = codeIn(text)
	}
	out := inner.expanded()
	if remembers {
		inner.remember(text, out, inner.steps-l.steps)
	}
	l.steps, l.rendered, l.failed = inner.steps, inner.rendered, l.failed || m.failed
	if l.comments {
		out = strings.TrimSpace(out)
	}
	return out, true
}

// includeText reads an include, each once in a text.
func (l *liquid) includeText(tag liquidMark, name string) (string, bool) {
	folder := "_includes"
	root := l.article.site.root
	if j, ok := l.article.engine.(*jekyll); ok {
		root = j.source()
		if own := path.Clean(j.own.scalar("includes_dir")); own != "." && filepath.IsLocal(own) {
			folder = own
		}
	}
	if e, ok := l.article.engine.(*eleventy); ok && e.includes != "" {
		folder = e.includes
		if path.Ext(name) == "" {
			name += ".liquid"
		}
	}
	if tag.name == "include_relative" {
		folder = path.Join(l.article.site.below, path.Dir(l.article.path))
	}
	if strings.Contains(name, "..") {
		return "", false
	}
	if l.depth >= maxIncludes {
		l.article.budget.stop(&limitError{limit: fmt.Sprintf("%d includes in one another", maxIncludes), message: "take away the include of " + clip(name) + " in itself", line: l.lineAt(tag.from)})
	}
	l.article.budget.step(20)
	key := folder + "/" + name
	if text, ok := l.files[key]; ok {
		return text, true
	}
	file := l.article.site.insideFolder(filepath.Join(root, filepath.FromSlash(folder)), filepath.FromSlash(name))
	if file == "" {
		return "", false
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() > maxInclude {
		return "", false
	}
	read, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	if l.files == nil {
		l.files = map[string]string{}
	}
	l.files[key] = strings.ToValidUTF8(strings.ReplaceAll(string(read), "\r\n", "\n"), "")
	return l.files[key], true
}

// parameters are what an include is given: texts, and variables as they are.
func (l *liquid) parameters(text string) map[string]any {
	values := map[string]any{}
	for _, m := range includeParameter.FindAllStringSubmatch(text, 50) {
		switch {
		case m[4] == "":
			values[m[1]] = strings.NewReplacer(`\"`, `"`, `\'`, `'`).Replace(m[2] + m[3])
		default:
			values[m[1]], _ = l.value(m[4])
		}
	}
	return values
}

var includeParameter = regexp.MustCompile(`([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|((?:[\w.-]|\[[^\]]*\])+))`)
