// Package shortcode expands the shortcodes of Hugo and evaluates the templates behind them, within bounds.
package shortcode

import (
	"html"
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/internal/xmltext"
	"slices"
	"strings"
)

// maxShortcodes bounds how deep shortcodes may stand in one another.
const maxShortcodes = 50

// expandShortcodes replaces Hugo's shortcodes, in code too, as Hugo does. Where the
// blog is not Hugo's, host is nil, and only the escaped ones become in code what they
// stand for.
func Expand(m *dialect.Expansion, host hugoHost, text string) string {
	if !strings.Contains(text, "{{<") && !strings.Contains(text, "{{%") {
		return text
	}
	x := &shortcodeExpander{Expansion: m, host: host, text: text, code: mdsource.CodeSpans(text)}
	x.read()
	var out strings.Builder
	x.write(&out, 0, len(text), 0, 0)
	return out.String()
}

type shortcodeExpander struct {
	*dialect.Expansion
	host  hugoHost
	text  string
	code  []mdsource.Span
	marks []shortcode
	ends  []int // by mark: the mark that closes it; 0 for none

	around    []shortcode // what is being written stands in
	templates *HugoTemplates
}

// read finds all marks, and which of them close which.
func (x *shortcodeExpander) read() {
	var open []int
	for at := 0; ; {
		s, ok := nextShortcode(x.text, at)
		if !ok {
			break
		}
		if code, ok := mdsource.CodeAt(x.code, s.From); ok && s.escaped == "" && !x.inCodeToo(s) {
			at = min(s.From+3, code.To)
			continue
		}
		at = s.To
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
	if x.host == nil || x.Tree.Own == nil {
		return false
	}
	_, own := x.Article.Global[s.name].(Template)
	return own || slices.Contains(embeddedShortcodes, s.name)
}

// embeddedShortcodes are those that Hugo brings along and that make sense in code.
var embeddedShortcodes = []string{"ref", "relref", "param"}

// skipTo passes over what is not read for shortcodes: it may hold anything.
func (x *shortcodeExpander) skipTo(s shortcode, at int) int {
	for {
		next, ok := nextShortcode(x.text, at)
		if !ok {
			return s.To
		}
		if next.closes && next.name == s.name {
			return next.From
		}
		at = next.To
	}
}

// write expands the text between two places. first is the first mark in it.
func (x *shortcodeExpander) write(out *strings.Builder, from, to, first, depth int) {
	for n := first; n < len(x.marks) && x.marks[n].From < to; n++ {
		s := x.marks[n]
		if s.From < from {
			continue
		}
		out.WriteString(x.text[from:s.From])
		from = s.To
		switch {
		case s.escaped != "":
			out.WriteString(x.escaped(s))
			continue
		case s.closes: // of a mark that is not there
			continue
		case !x.Spend(s.From):
			continue
		}
		end := x.ends[n]
		if end == 0 || depth >= maxShortcodes {
			out.WriteString(x.replace(s, "", false))
			continue
		}
		inner := x.text[s.To:x.marks[end].From]
		if s.name != "highlight" && s.name != "comment" {
			var b strings.Builder
			x.around = append(x.around, s)
			x.write(&b, s.To, x.marks[end].From, n+1, depth+1)
			x.around = x.around[:len(x.around)-1]
			inner = b.String()
		}
		out.WriteString(x.replace(s, inner, true))
		from = x.marks[end].To
		n = end
	}
	out.WriteString(x.text[from:to])
}

// escaped shows the mark itself; outside code the browser would take what is
// between its angles for an element.
func (x *shortcodeExpander) escaped(s shortcode) string {
	if _, ok := mdsource.CodeAt(x.code, s.From); ok {
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
		if p.Get(0, "src") != "" {
			return x.block(s, x.figure(p))
		}
	case "ref", "relref":
		to := x.ref(s)
		if _, code := mdsource.CodeAt(x.code, s.From); code || inDestination(x.text, s.From) {
			return to
		}
		return x.Set.Put(html.EscapeString(x.refText(s.name, to)))
	case "param":
		return x.param(s)
	case "details":
		return x.details(p, inner)
	case "qr":
		return p.Get(0, "text") + inner
	case "video", "audio":
		if src := p.Get(0, "src", "mp4", "webm"); src != "" {
			return x.block(s, "<"+s.name+` src="`+html.EscapeString(xmltext.Line(src))+`"></`+s.name+">")
		}
	}
	if out, ok := x.platform(s); ok {
		return out
	}
	if src := p.Named["src"]; isPicture(src) || src != "" && p.Get(-1, "alt", "caption") != "" && dialect.MediaType(path.Ext(src)) == "" {
		out := x.block(s, x.figure(p))
		if paired {
			out += "\n" + mdsource.Dedent(inner)
		}
		return out
	}
	x.Unknown(s.From, "shortcode", s.name)
	if paired {
		return mdsource.Dedent(inner)
	}
	return ""
}

// isPicture tells an address of a picture by its ending.
func isPicture(address string) bool {
	file, _ := dialect.CutFragment(address)
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
	id := p.Get(0, "id", "url", "src")
	switch name {
	case "x", "twitter", "tweet":
		if user, status := p.Get(0, "user"), p.Get(1, "id"); user != "" && status != "" {
			return x.block(s, dialect.PlainLink("https://x.com/"+user+"/status/"+status, "▶ x.com/"+user+"/status/"+status)), true
		}
	case "gist":
		if user, gist := p.Get(0, "user"), p.Get(1, "id"); user != "" && gist != "" {
			id = user + "/" + gist
		}
	}
	if id == "" {
		return "", false
	}
	out, _ := dialect.Embed(name, id, p.Get(-1, "title", "label"))
	return x.block(s, out), out != ""
}

// highlight makes a block of code. It stands aside, so that it interrupts no list
// and no paragraph, as little as in Hugo.
func (x *shortcodeExpander) highlight(s shortcode, code string) string {
	block := mdsource.FencedCode(code, mdsource.CodeLanguage(s.params.Get(0, "lang", "language")))
	w := x.Article.MarkdownOptions()
	rendered, err := x.Tree.Markdown.HTML(block, w)
	if err != nil {
		return block
	}
	return x.Set.Put(rendered)
}

// block keeps the text below from becoming part of an HTML block, which a blank
// line ends.
func (x *shortcodeExpander) block(s shortcode, out string) string {
	if strings.TrimSpace(mdsource.LineBefore(x.text, s.From)) == "" && strings.TrimSpace(mdsource.LineAfter(x.text, s.To)) == "" {
		return x.Kept.Put(out) + "\n"
	}
	return x.Kept.Put(out)
}

func (x *shortcodeExpander) figure(p dialect.Params) string {
	f := dialect.Figure{Src: p.Get(0, "src"), Alt: p.Get(1, "alt"), Width: p.Get(-1, "width"), Height: p.Get(-1, "height"), Link: p.Get(-1, "link"), Title: p.Get(-1, "title")}
	caption := p.Get(-1, "caption")
	if f.Alt == "" {
		f.Alt = markdown.PlainText(caption)
	}
	if caption != "" {
		f.Caption = x.InlineHTML(caption)
	}
	if by := p.Get(-1, "attr"); by != "" {
		by = x.InlineHTML(by)
		if to := p.Get(-1, "attrlink"); to != "" {
			by = `<a href="` + html.EscapeString(xmltext.Line(to)) + `">` + by + "</a>"
		}
		f.Caption = strings.TrimSpace(f.Caption + " " + by)
	}
	return f.Html()
}

func (x *shortcodeExpander) details(p dialect.Params, inner string) string {
	summary := p.Get(0, "summary")
	if summary == "" {
		summary = "Details"
	}
	open := x.Kept.Put("<details><summary>" + x.InlineHTML(summary) + "</summary>")
	return open + "\n\n" + strings.Trim(mdsource.Dedent(inner), "\n") + "\n\n" + x.Kept.Put("</details>") + "\n"
}

// param is a value of the page, else of the site.
func (x *shortcodeExpander) param(s shortcode) string {
	name := strings.ToLower(s.params.Get(0, "name"))
	page := x.Article.Front.Values
	for _, values := range []any{page["params"], page, x.Tree.Own.Setting("params")} {
		if v, ok := frontmatter.Lookup(values, name); ok {
			if text, ok := v.(string); ok {
				return text
			}
		}
	}
	x.Unevaluated(s.From, x.text[s.From:s.To])
	return ""
}

// own evaluates the shortcode's own template; ok is false where it has none, or
// one that asks for what is not here.
func (x *shortcodeExpander) own(s shortcode, inner string) (out string, ok bool) {
	t, ok := x.Article.Global[s.name].(Template)
	if !ok || x.host == nil {
		return "", false
	}
	if x.templates == nil {
		x.templates = NewTemplates(x.Expansion, x.host)
	}
	marked := x.text[s.From+2] == '%' // what it makes is Markdown
	if x.templates.charge(len(inner)) != nil {
		return "", false
	}
	call := x.templates.call(s, x.around)
	call.inner = x.Set.Restore(inner)
	if x.templates.charge(len(call.inner)) != nil {
		return "", false
	}
	if marked && len(x.around) > 0 {
		call.inner = x.templates.render(call.inner)
	}
	if out, ok = x.templates.Run(t, s.name, call); !ok {
		return "", false
	}
	if strings.Contains(out, "<script") {
		if link, known := x.platform(s); known {
			return link, true // which says more than what a script would have made
		}
	}
	switch out = strings.Trim(markdown.StripTokens(out), "\n"); {
	case marked:
		return x.beside(s, out), true
	case !strings.ContainsAny(out, "<\n") && inDestination(x.text, s.From):
		return out, true
	}
	out = x.Set.Put(out)
	if strings.TrimSpace(mdsource.LineBefore(x.text, s.From)) == "" && strings.TrimSpace(mdsource.LineAfter(x.text, s.To)) == "" {
		out += "\n"
	}
	return out, true
}

// beside keeps all lines of what a shortcode makes where its mark stands.
func (x *shortcodeExpander) beside(s shortcode, out string) string {
	if line := mdsource.LineBefore(x.text, s.From); line != "" && strings.TrimSpace(line) == "" {
		return strings.ReplaceAll(out, "\n", "\n"+line)
	}
	return out
}

// inDestination reports that a place is where a link leads to: what stands there is
// read before it is shown.
func inDestination(text string, at int) bool {
	line := mdsource.LineBefore(text, at)
	if open := strings.LastIndex(line, "]("); open >= 0 && !strings.ContainsAny(line[open+2:], ") ") {
		return true
	}
	return mdsource.IsLinkDefinition(line+"x") && !strings.Contains(strings.TrimSpace(line[strings.Index(line, "]:")+2:]), " ")
}
