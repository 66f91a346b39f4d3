package content

import (
	"html"
	"path"
	"publisher/internal/xmltext"
	"slices"
	"strings"
)

// maxShortcodes bounds how deep shortcodes may stand in one another.
const maxShortcodes = 50

// expandShortcodes replaces Hugo's shortcodes, in code too, as Hugo does. Where the
// blog is not Hugo's, host is nil, and only the escaped ones become in code what they
// stand for.
func expandShortcodes(m *macros, host hugoHost, text string) string {
	if !strings.Contains(text, "{{<") && !strings.Contains(text, "{{%") {
		return text
	}
	x := &shortcodeExpander{macros: m, host: host, text: text, code: codeIn(text)}
	x.read()
	var out strings.Builder
	x.write(&out, 0, len(text), 0, 0)
	return out.String()
}

type shortcodeExpander struct {
	*macros
	host  hugoHost
	text  string
	code  []stretch
	marks []shortcode
	ends  []int // by mark: the mark that closes it; 0 for none

	around    []shortcode // what is being written stands in
	templates *hugoTemplates
}

// read finds all marks, and which of them close which.
func (x *shortcodeExpander) read() {
	var open []int
	for at := 0; ; {
		s, ok := nextShortcode(x.text, at)
		if !ok {
			break
		}
		if code, ok := inCode(x.code, s.from); ok && s.escaped == "" && !x.inCodeToo(s) {
			at = min(s.from+3, code.to)
			continue
		}
		at = s.to
		x.marks = append(x.marks, s)
		x.ends = append(x.ends, 0)
		n := len(x.marks) - 1
		switch {
		case s.escaped != "" || s.itself:
		case s.closes:
			for i := len(open) - 1; i >= 0 && i >= len(open)-maxShortcodes; i-- {
				if x.marks[open[i]].name == s.name {
					x.ends[open[i]] = n
					open = open[:i]
					break
				}
			}
		default:
			open = append(open, n)
			if s.name == "highlight" || s.name == "comment" {
				at = x.skipTo(s, at)
			}
		}
	}
}

// inCodeToo reports that a shortcode is evaluated although it stands in code: Hugo reads
// no Markdown before its shortcodes. One that is not known stays as an example.
func (x *shortcodeExpander) inCodeToo(s shortcode) bool {
	if x.host == nil || x.tree.own == nil {
		return false
	}
	_, own := x.article.global[s.name].(hugoTemplate)
	return own || slices.Contains(embeddedShortcodes, s.name)
}

// embeddedShortcodes are those that Hugo brings along and that make sense in code.
var embeddedShortcodes = []string{"ref", "relref", "param"}

// skipTo passes over what is not read for shortcodes: it may hold anything.
func (x *shortcodeExpander) skipTo(s shortcode, at int) int {
	for {
		next, ok := nextShortcode(x.text, at)
		if !ok {
			return s.to
		}
		if next.closes && next.name == s.name {
			return next.from
		}
		at = next.to
	}
}

// write expands the text between two places. first is the first mark in it.
func (x *shortcodeExpander) write(out *strings.Builder, from, to, first, depth int) {
	for n := first; n < len(x.marks) && x.marks[n].from < to; n++ {
		s := x.marks[n]
		if s.from < from {
			continue
		}
		out.WriteString(x.text[from:s.from])
		from = s.to
		switch {
		case s.escaped != "":
			out.WriteString(x.escaped(s))
			continue
		case s.closes: // of a mark that is not there
			continue
		case !x.spend(s.from):
			continue
		}
		end := x.ends[n]
		if end == 0 || depth >= maxShortcodes {
			out.WriteString(x.replace(s, "", false))
			continue
		}
		inner := x.text[s.to:x.marks[end].from]
		if s.name != "highlight" && s.name != "comment" {
			var b strings.Builder
			x.around = append(x.around, s)
			x.write(&b, s.to, x.marks[end].from, n+1, depth+1)
			x.around = x.around[:len(x.around)-1]
			inner = b.String()
		}
		out.WriteString(x.replace(s, inner, true))
		from = x.marks[end].to
		n = end
	}
	out.WriteString(x.text[from:to])
}

// escaped shows the mark itself; outside code the browser would take what is
// between its angles for an element.
func (x *shortcodeExpander) escaped(s shortcode) string {
	if _, ok := inCode(x.code, s.from); ok {
		return s.escaped
	}
	return html.EscapeString(s.escaped)
}

func (x *shortcodeExpander) replace(s shortcode, inner string, paired bool) string {
	if out, ok := x.own(s, inner); ok {
		return out
	}
	p := s.params
	switch s.name {
	case "comment":
		return ""
	case "highlight":
		return x.highlight(s, inner)
	case "figure", "img", "image":
		if p.get(0, "src") != "" {
			return x.block(s, x.figure(p))
		}
	case "ref", "relref":
		to := x.ref(s)
		if _, code := inCode(x.code, s.from); code || inDestination(x.text, s.from) {
			return to
		}
		return x.set.aside(html.EscapeString(x.refText(s.name, to)))
	case "param":
		return x.param(s)
	case "details":
		return x.details(p, inner)
	case "qr":
		return p.get(0, "text") + inner
	case "video", "audio":
		if src := p.get(0, "src", "mp4", "webm"); src != "" {
			return x.block(s, "<"+s.name+` src="`+html.EscapeString(xmltext.Line(src))+`"></`+s.name+">")
		}
	}
	if out, ok := x.platform(s); ok {
		return out
	}
	if src := p.named["src"]; isPicture(src) || src != "" && p.get(-1, "alt", "caption") != "" && mediaType(path.Ext(src)) == "" {
		out := x.block(s, x.figure(p))
		if paired {
			out += "\n" + dedent(inner)
		}
		return out
	}
	x.unknown(s.from, "shortcode", s.name)
	if paired {
		return dedent(inner)
	}
	return ""
}

// isPicture tells an address of a picture by its ending.
func isPicture(address string) bool {
	file, _ := cutFragment(address)
	switch strings.ToLower(path.Ext(file)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg":
		return true
	}
	return false
}

// platform makes a link, or a video's picture, of what Hugo embeds.
func (x *shortcodeExpander) platform(s shortcode) (string, bool) {
	p := s.params
	name := strings.TrimSuffix(strings.ReplaceAll(s.name, "-", "_"), "_simple")
	id := p.get(0, "id", "url", "src")
	switch name {
	case "x", "twitter", "tweet":
		if user, status := p.get(0, "user"), p.get(1, "id"); user != "" && status != "" {
			return x.block(s, plainLink("https://x.com/"+user+"/status/"+status, "▶ x.com/"+user+"/status/"+status)), true
		}
	case "gist":
		if user, gist := p.get(0, "user"), p.get(1, "id"); user != "" && gist != "" {
			id = user + "/" + gist
		}
	}
	if id == "" {
		return "", false
	}
	out, _ := embed(name, id, p.get(-1, "title", "label"))
	return x.block(s, out), out != ""
}

// highlight makes a block of code. It stands aside, so that it interrupts no list
// and no paragraph, as little as in Hugo.
func (x *shortcodeExpander) highlight(s shortcode, code string) string {
	block := fencedCode(code, languageWord(s.params.get(0, "lang", "language")))
	w := x.article.writing()
	rendered, err := x.tree.markdown.html(block, w)
	if err != nil {
		return block
	}
	return x.set.aside(rendered)
}

// block keeps the text below from becoming part of an HTML block, which a blank
// line ends.
func (x *shortcodeExpander) block(s shortcode, out string) string {
	if strings.TrimSpace(lineBefore(x.text, s.from)) == "" && strings.TrimSpace(lineAfter(x.text, s.to)) == "" {
		return x.kept.aside(out) + "\n"
	}
	return x.kept.aside(out)
}

func (x *shortcodeExpander) figure(p shortcodeParams) string {
	f := figure{src: p.get(0, "src"), alt: p.get(1, "alt"), width: p.get(-1, "width"), height: p.get(-1, "height"), link: p.get(-1, "link"), title: p.get(-1, "title")}
	caption := p.get(-1, "caption")
	if f.alt == "" {
		f.alt = plainInline(caption)
	}
	if caption != "" {
		f.caption = x.inlineHTML(caption)
	}
	if by := p.get(-1, "attr"); by != "" {
		by = x.inlineHTML(by)
		if to := p.get(-1, "attrlink"); to != "" {
			by = `<a href="` + html.EscapeString(xmltext.Line(to)) + `">` + by + "</a>"
		}
		f.caption = strings.TrimSpace(f.caption + " " + by)
	}
	return f.html()
}

func (x *shortcodeExpander) details(p shortcodeParams, inner string) string {
	summary := p.get(0, "summary")
	if summary == "" {
		summary = "Details"
	}
	open := x.kept.aside("<details><summary>" + x.inlineHTML(summary) + "</summary>")
	return open + "\n\n" + strings.Trim(dedent(inner), "\n") + "\n\n" + x.kept.aside("</details>") + "\n"
}

// param is a value of the page, else of the site.
func (x *shortcodeExpander) param(s shortcode) string {
	name := strings.ToLower(s.params.get(0, "name"))
	page := x.article.front.values
	for _, values := range []any{page["params"], page, x.tree.own.setting("params")} {
		if v, ok := dig(values, name); ok {
			if text, ok := v.(string); ok {
				return text
			}
		}
	}
	x.unevaluated(s.from, x.text[s.from:s.to])
	return ""
}

// own evaluates the shortcode's own template; ok is false where it has none, or
// one that asks for what is not here.
func (x *shortcodeExpander) own(s shortcode, inner string) (out string, ok bool) {
	t, ok := x.article.global[s.name].(hugoTemplate)
	if !ok || x.host == nil {
		return "", false
	}
	if x.templates == nil {
		x.templates = newHugoTemplates(x.macros, x.host)
	}
	marked := x.text[s.from+2] == '%' // what it makes is Markdown
	if x.templates.charge(len(inner)) != nil {
		return "", false
	}
	call := x.templates.call(s, x.around)
	call.inner = x.set.restore(inner)
	if x.templates.charge(len(call.inner)) != nil {
		return "", false
	}
	if marked && len(x.around) > 0 {
		call.inner = x.templates.render(call.inner)
	}
	if out, ok = x.templates.run(t, s.name, call); !ok {
		return "", false
	}
	if strings.Contains(out, "<script") {
		if link, known := x.platform(s); known {
			return link, true // which says more than what a script would have made
		}
	}
	switch out = strings.Trim(withoutTokens(out), "\n"); {
	case marked:
		return x.beside(s, out), true
	case !strings.ContainsAny(out, "<\n") && inDestination(x.text, s.from):
		return out, true
	}
	out = x.set.aside(out)
	if strings.TrimSpace(lineBefore(x.text, s.from)) == "" && strings.TrimSpace(lineAfter(x.text, s.to)) == "" {
		out += "\n"
	}
	return out, true
}

// beside keeps all lines of what a shortcode makes where its mark stands.
func (x *shortcodeExpander) beside(s shortcode, out string) string {
	if line := lineBefore(x.text, s.from); line != "" && strings.TrimSpace(line) == "" {
		return strings.ReplaceAll(out, "\n", "\n"+line)
	}
	return out
}

// inDestination reports that a place is where a link leads to: what stands there is
// read before it is shown.
func inDestination(text string, at int) bool {
	line := lineBefore(text, at)
	if open := strings.LastIndex(line, "]("); open >= 0 && !strings.ContainsAny(line[open+2:], ") ") {
		return true
	}
	return isLinkDefinition(line+"x") && !strings.Contains(strings.TrimSpace(line[strings.Index(line, "]:")+2:]), " ")
}
