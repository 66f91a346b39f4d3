package content

import (
	"html"
	"regexp"
	"strings"
)

// zolaMark is {{ name(…) }} or {% name(…) %}, which {% end %} closes; escaped,
// {{/* … */}} or {%/* … */%} shows the mark itself.
var zolaMark = regexp.MustCompile(`\{\{/\*([^*]*)\*/\}\}|\{%/\*([^*]*)\*/%\}|\{\{-?\s*([A-Za-z_]\w*)\(((?:[^()"'` + "`" + `]|"[^"]*"|'[^']*'|` + "`[^`]*`" + `)*)\)\s*-?\}\}|\{%-?\s*(?:([A-Za-z_]\w*)\(((?:[^()"'` + "`" + `]|"[^"]*"|'[^']*'|` + "`[^`]*`" + `)*)\)|(end))\s*-?%\}`)

var zolaArgument = regexp.MustCompile(`(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|` + "`([^`]*)`" + `|([^\s,]+))`)

// expandZola replaces Zola's shortcodes; its own are the only ones known.
func expandZola(m *macros, text string) string {
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		return text
	}
	code := codeIn(text)
	var out strings.Builder
	var open []string
	from := 0
	group := func(m []int, n int) string {
		if m[2*n] < 0 {
			return ""
		}
		return text[m[2*n]:m[2*n+1]]
	}
	for _, found := range zolaMark.FindAllStringSubmatchIndex(text, -1) {
		if found[0] < from {
			continue
		}
		_, within := inCode(code, found[0])
		escaped := found[2] >= 0 || found[4] >= 0
		if within && !escaped {
			continue
		}
		out.WriteString(text[from:found[0]])
		from = found[1]
		name, block := group(found, 3), group(found, 5)
		switch {
		case escaped:
			shown := "{{" + group(found, 1) + "}}"
			if found[4] >= 0 {
				shown = "{%" + group(found, 2) + "%}"
			}
			if !within {
				shown = html.EscapeString(shown)
			}
			out.WriteString(shown)
		case !m.spend(found[0]):
		case name != "":
			out.WriteString(zolaEmbed(m, found[0], name, group(found, 4)))
		case block != "":
			out.WriteString(zolaBlock(m, found[0], block, &open))
		case len(open) > 0:
			out.WriteString(open[len(open)-1])
			open = open[:len(open)-1]
		}
	}
	out.WriteString(text[from:])
	return out.String()
}

func zolaArguments(text string) shortcodeParams {
	p := shortcodeParams{named: map[string]string{}}
	for _, m := range zolaArgument.FindAllStringSubmatch(text, 50) {
		p.named[strings.ToLower(m[1])] = m[2] + m[3] + m[4] + m[5]
	}
	return p
}

func zolaEmbed(m *macros, at int, name, arguments string) string {
	p := zolaArguments(arguments)
	switch name {
	case "figure", "image", "img", "resize_image", "picture":
		if src := p.get(-1, "src", "path", "url"); src != "" {
			f := figure{src: src, alt: p.get(-1, "alt"), width: p.get(-1, "width"), height: p.get(-1, "height"), title: p.get(-1, "title")}
			if caption := p.get(-1, "caption"); caption != "" {
				f.caption = m.inlineHTML(caption)
			}
			return f.html()
		}
	}
	if id := p.get(-1, "id", "url", "src"); id != "" {
		if out, ok := embed(name, id, p.get(-1, "title")); ok {
			return out
		}
	}
	m.unknown(at, "shortcode", name)
	return ""
}

// zolaBlock opens a block shortcode; its end is pushed for {% end %}.
func zolaBlock(m *macros, at int, name string, open *[]string) string {
	before, after := "", ""
	switch name {
	case "quote":
		before, after = "<blockquote>\n\n", "\n\n</blockquote>\n"
	default:
		m.unknown(at, "shortcode", name)
	}
	*open = append(*open, after)
	return before
}
