package zola

import (
	"html"
	"publisher/content/dialect"
	"publisher/content/mdsource"
	"regexp"
	"strings"
)

// zolaMark is {{ name(…) }} or {% name(…) %}, which {% end %} closes; escaped,
// {{/* … */}} or {%/* … */%} shows the mark itself.
var zolaMark = regexp.MustCompile(`\{\{/\*([^*]*)\*/\}\}|\{%/\*([^*]*)\*/%\}|\{\{-?\s*([A-Za-z_]\w*)\(((?:[^()"'` + "`" + `]|"[^"]*"|'[^']*'|` + "`[^`]*`" + `)*)\)\s*-?\}\}|\{%-?\s*(?:([A-Za-z_]\w*)\(((?:[^()"'` + "`" + `]|"[^"]*"|'[^']*'|` + "`[^`]*`" + `)*)\)|(end))\s*-?%\}`)

var zolaArgument = regexp.MustCompile(`(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|` + "`([^`]*)`" + `|(\[(?:"[^"]*"|'[^']*'|[^\]"'])*\]|[^\s,]+))`)

// zolaItem is one of a list that is an argument.
var zolaItem = regexp.MustCompile(`"([^"]*)"|'([^']*)'|` + "`([^`]*)`" + `|([^\s,\[\]]+)`)

// expandZola replaces Zola's shortcodes: the blog's own, whose templates are
// evaluated as far as they are simple, and those that most blogs have.
func expandZola(m *dialect.Expansion, text string) string {
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		return text
	}
	z := &zolaExpansion{Expansion: m, text: text, calls: map[string]int{}}
	code := mdsource.CodeSpans(text)
	from := 0
	for _, found := range zolaMark.FindAllStringSubmatchIndex(text, -1) {
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
		case m.Spend(found[0]):
			z.mark(found)
		}
	}
	z.out = append(z.out, text[from:]...)
	for len(z.open) > 0 {
		z.end(len(text))
	}
	return string(z.out)
}

// zolaExpansion is a text on its way.
type zolaExpansion struct {
	*dialect.Expansion
	text  string
	out   []byte
	open  []zolaCall // block shortcodes that no {% end %} has closed
	calls map[string]int
}

// zolaCall is one use of a shortcode.
type zolaCall struct {
	name          string
	params        dialect.Params
	mdsource.Span     // in the text
	body          int // where it begins in the output
}

func (z *zolaExpansion) group(m []int, n int) string {
	if m[2*n] < 0 {
		return ""
	}
	return z.text[m[2*n]:m[2*n+1]]
}

// show writes what was escaped.
func (z *zolaExpansion) show(found []int, within bool) {
	shown := "{{" + z.group(found, 1) + "}}"
	if found[4] >= 0 {
		shown = "{%" + z.group(found, 2) + "%}"
	}
	if !within {
		shown = html.EscapeString(shown)
	}
	z.out = append(z.out, shown...)
}

func (z *zolaExpansion) mark(found []int) {
	name, block := z.group(found, 3), z.group(found, 5)
	switch {
	case name != "":
		out := z.single(zolaCall{name: name, params: zolaArguments(z.group(found, 4)), Span: mdsource.Span{From: found[0], To: found[1]}})
		z.out = append(z.out, out...)
		if strings.HasPrefix(out, "<") && !strings.HasSuffix(out, "\n\n") && strings.TrimSpace(mdsource.LineAfter(z.text, found[1])) == "" {
			z.out = append(z.out, "\n\n"...) // what follows is Markdown again
		}
	case block != "":
		z.open = append(z.open, zolaCall{block, zolaArguments(z.group(found, 6)), mdsource.Span{From: found[0], To: found[1]}, len(z.out)})
	case len(z.open) > 0:
		z.end(found[1])
	}
}

// end closes the block that was opened last. to is where its end mark ends.
func (z *zolaExpansion) end(to int) {
	call := z.open[len(z.open)-1]
	z.open = z.open[:len(z.open)-1]
	call.To = to
	z.Article.Budget.Output(len(z.out) - call.body)
	body := string(z.out[call.body:])
	z.out = append(z.out[:call.body], z.block(call, body)...)
}

func zolaArguments(text string) dialect.Params {
	p := dialect.Params{Named: map[string]string{}}
	for _, m := range zolaArgument.FindAllStringSubmatch(text, 50) {
		p.Named[strings.ToLower(m[1])] = m[2] + m[3] + m[4] + m[5]
	}
	return p
}

func (z *zolaExpansion) single(call zolaCall) string {
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

func (z *zolaExpansion) picture(p dialect.Params, src string) string {
	f := dialect.Figure{Src: src, Alt: p.Get(-1, "alt"), Width: p.Get(-1, "width"), Height: p.Get(-1, "height"), Title: p.Get(-1, "title")}
	if caption := p.Get(-1, "caption"); caption != "" {
		f.Caption = z.InlineHTML(caption)
	}
	return f.Html()
}

func (z *zolaExpansion) block(call zolaCall, body string) string {
	if out, ok := z.template(call, strings.TrimSpace(body)); ok {
		return out
	}
	if call.name == "quote" {
		return "<blockquote>\n\n" + strings.TrimSpace(body) + "\n\n</blockquote>\n"
	}
	z.Unknown(call.From, "shortcode", call.name)
	return body
}
