package zola

import (
	"html"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/mdsource"
)

// markPattern matches {{ name(…) }} or {% name(…) %}, which {% end %} closes, and the escaped
// {{/* … */}} or {%/* … */%}.
var markPattern = regexp.MustCompile(`\{\{/\*([^*]*)\*/\}\}|\{%/\*([^*]*)\*/%\}|\{\{-?\s*([A-Za-z_]\w*)\(((?:[^()"'` + "`" + `]|"[^"]*"|'[^']*'|` + "`[^`]*`" + `)*)\)\s*-?\}\}|\{%-?\s*(?:([A-Za-z_]\w*)\(((?:[^()"'` + "`" + `]|"[^"]*"|'[^']*'|` + "`[^`]*`" + `)*)\)|(end))\s*-?%\}`)

var argumentPattern = regexp.MustCompile(`(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|` + "`([^`]*)`" + `|(\[(?:"[^"]*"|'[^']*'|[^\]"'])*\]|[^\s,]+))`)

// itemPattern matches an item of a list argument.
var itemPattern = regexp.MustCompile(`"([^"]*)"|'([^']*)'|` + "`([^`]*)`" + `|([^\s,\[\]]+)`)

// expand replaces shortcodes: the blog's own, whose templates are evaluated if they are simple,
// and those that most blogs have.
func expand(x *dialect.Expansion, text string) string {
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		return text
	}
	z := &expansion{Expansion: x, text: text, calls: map[string]int{}}
	code := mdsource.CodeSpans(text)
	from := 0
	for _, found := range markPattern.FindAllStringSubmatchIndex(text, -1) {
		if found[0] < from {
			continue
		}
		_, within := mdsource.CodeAt(code, found[0])
		escaped := found[2] >= 0 || found[4] >= 0
		if within && !escaped {
			continue
		}
		z.out = append(z.out, text[from:found[0]]...)
		from = found[1]
		switch {
		case escaped:
			z.show(found, within)
		case x.Spend(found[0]):
			z.mark(found)
		}
	}
	z.out = append(z.out, text[from:]...)
	for len(z.open) > 0 {
		z.end(len(text))
	}
	return string(z.out)
}

// expansion is a text while its shortcodes are replaced.
type expansion struct {
	*dialect.Expansion
	text  string
	out   []byte
	open  []invocation // block shortcodes that no {% end %} has closed
	calls map[string]int
}

// invocation is one use of a shortcode.
type invocation struct {
	name          string
	params        dialect.Params
	mdsource.Span     // in the text
	body          int // where it begins in the output
}

func (z *expansion) group(m []int, n int) string {
	if m[2*n] < 0 {
		return ""
	}
	return z.text[m[2*n]:m[2*n+1]]
}

// show writes what was escaped.
func (z *expansion) show(found []int, within bool) {
	shown := "{{" + z.group(found, 1) + "}}"
	if found[4] >= 0 {
		shown = "{%" + z.group(found, 2) + "%}"
	}
	if !within {
		shown = html.EscapeString(shown)
	}
	z.out = append(z.out, shown...)
}

func (z *expansion) mark(found []int) {
	name, block := z.group(found, 3), z.group(found, 5)
	switch {
	case name != "":
		out := z.single(invocation{name: name, params: parseArguments(z.group(found, 4)), Span: mdsource.Span{From: found[0], To: found[1]}})
		z.out = append(z.out, out...)
		if strings.HasPrefix(out, "<") && !strings.HasSuffix(out, "\n\n") && strings.TrimSpace(mdsource.LineAfter(z.text, found[1])) == "" {
			z.out = append(z.out, "\n\n"...) // what follows is Markdown again
		}
	case block != "":
		z.open = append(z.open, invocation{block, parseArguments(z.group(found, 6)), mdsource.Span{From: found[0], To: found[1]}, len(z.out)})
	case len(z.open) > 0:
		z.end(found[1])
	}
}

// end closes the block that was opened last, whose end mark ends at to.
func (z *expansion) end(to int) {
	call := z.open[len(z.open)-1]
	z.open = z.open[:len(z.open)-1]
	call.To = to
	z.Page.Budget.Output(len(z.out) - call.body)
	body := string(z.out[call.body:])
	z.out = append(z.out[:call.body], z.block(call, body)...)
}

func parseArguments(text string) dialect.Params {
	p := dialect.Params{Named: map[string]string{}}
	for _, m := range argumentPattern.FindAllStringSubmatch(text, 50) {
		p.Named[strings.ToLower(m[1])] = m[2] + m[3] + m[4] + m[5]
	}
	return p
}

func (z *expansion) single(call invocation) string {
	p := call.params
	switch call.name {
	case "figure", "image", "img", "resize_image", "picture":
		if src := p.Get(-1, "src", "path", "url"); src != "" {
			return z.picture(p, src)
		}
	}
	if id := p.Get(-1, "id", "url", "src"); id != "" {
		if out, ok := dialect.Embed(call.name, id, p.Get(-1, "title")); ok {
			return out
		}
	}
	if out, ok := z.template(call, ""); ok {
		return out
	}
	for _, key := range []string{"src", "path", "url", "file", "light_src", "default_src"} {
		if src := p.Get(-1, key); pictureName.MatchString(src) {
			return z.picture(p, src)
		}
	}
	z.Unknown(call.From, "shortcode", call.name)
	return ""
}

var pictureName = regexp.MustCompile(`(?i)\.(?:png|jpe?g|gif|webp|avif|svg)$`)

func (z *expansion) picture(p dialect.Params, src string) string {
	f := dialect.Figure{Src: src, Alt: p.Get(-1, "alt"), Width: p.Get(-1, "width"), Height: p.Get(-1, "height"), Title: p.Get(-1, "title")}
	if caption := p.Get(-1, "caption"); caption != "" {
		f.Caption = z.InlineHTML(caption)
	}
	return f.HTML()
}

func (z *expansion) block(call invocation, body string) string {
	if out, ok := z.template(call, strings.TrimSpace(body)); ok {
		return out
	}
	if call.name == "quote" {
		return "<blockquote>\n\n" + strings.TrimSpace(body) + "\n\n</blockquote>\n"
	}
	z.Unknown(call.From, "shortcode", call.name)
	return body
}
