package content

import (
	"html"
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
func expandZola(m *macros, text string) string {
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		return text
	}
	z := &zolaExpansion{macros: m, text: text, calls: map[string]int{}}
	code := codeIn(text)
	from := 0
	for _, found := range zolaMark.FindAllStringSubmatchIndex(text, -1) {
		if found[0] < from {
			continue
		}
		_, within := inCode(code, found[0])
		escaped := found[2] >= 0 || found[4] >= 0
		if within && !escaped {
			continue
		}
		z.out = append(z.out, text[from:found[0]]...)
		from = found[1]
		switch {
		case escaped:
			z.show(found, within)
		case m.spend(found[0]):
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
	*macros
	text  string
	out   []byte
	open  []zolaCall // block shortcodes that no {% end %} has closed
	calls map[string]int
}

// zolaCall is one use of a shortcode.
type zolaCall struct {
	name    string
	params  shortcodeParams
	stretch     // in the text
	body    int // where it begins in the output
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
		out := z.single(zolaCall{name: name, params: zolaArguments(z.group(found, 4)), stretch: stretch{from: found[0], to: found[1]}})
		z.out = append(z.out, out...)
		if strings.HasPrefix(out, "<") && !strings.HasSuffix(out, "\n\n") && strings.TrimSpace(lineAfter(z.text, found[1])) == "" {
			z.out = append(z.out, "\n\n"...) // what follows is Markdown again
		}
	case block != "":
		z.open = append(z.open, zolaCall{block, zolaArguments(z.group(found, 6)), stretch{from: found[0], to: found[1]}, len(z.out)})
	case len(z.open) > 0:
		z.end(found[1])
	}
}

// end closes the block that was opened last. to is where its end mark ends.
func (z *zolaExpansion) end(to int) {
	call := z.open[len(z.open)-1]
	z.open = z.open[:len(z.open)-1]
	call.to = to
	z.article.budget.wrote(len(z.out) - call.body)
	body := string(z.out[call.body:])
	z.out = append(z.out[:call.body], z.block(call, body)...)
}

func zolaArguments(text string) shortcodeParams {
	p := shortcodeParams{named: map[string]string{}}
	for _, m := range zolaArgument.FindAllStringSubmatch(text, 50) {
		p.named[strings.ToLower(m[1])] = m[2] + m[3] + m[4] + m[5]
	}
	return p
}

func (z *zolaExpansion) single(call zolaCall) string {
	p := call.params
	switch call.name {
	case "figure", "image", "img", "resize_image", "picture":
		if src := p.get(-1, "src", "path", "url"); src != "" {
			return z.picture(p, src)
		}
	}
	if id := p.get(-1, "id", "url", "src"); id != "" {
		if out, ok := embed(call.name, id, p.get(-1, "title")); ok {
			return out
		}
	}
	if out, ok := z.template(call, ""); ok {
		return out
	}
	for _, key := range []string{"src", "path", "url", "file", "light_src", "default_src"} {
		if src := p.get(-1, key); pictureName.MatchString(src) {
			return z.picture(p, src)
		}
	}
	z.unknown(call.from, "shortcode", call.name)
	return ""
}

var pictureName = regexp.MustCompile(`(?i)\.(?:png|jpe?g|gif|webp|avif|svg)$`)

func (z *zolaExpansion) picture(p shortcodeParams, src string) string {
	f := figure{src: src, alt: p.get(-1, "alt"), width: p.get(-1, "width"), height: p.get(-1, "height"), title: p.get(-1, "title")}
	if caption := p.get(-1, "caption"); caption != "" {
		f.caption = z.inlineHTML(caption)
	}
	return f.html()
}

func (z *zolaExpansion) block(call zolaCall, body string) string {
	if out, ok := z.template(call, strings.TrimSpace(body)); ok {
		return out
	}
	if call.name == "quote" {
		return "<blockquote>\n\n" + strings.TrimSpace(body) + "\n\n</blockquote>\n"
	}
	z.unknown(call.from, "shortcode", call.name)
	return body
}
