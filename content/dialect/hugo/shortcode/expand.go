// Package shortcode expands the shortcodes of Hugo and evaluates the templates behind them, within bounds.
package shortcode

import (
	"html"
	"path"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/internal/xmltext"
)

// maxNesting bounds the nesting of shortcodes.
const maxNesting = 50

// Expand replaces Hugo's shortcodes, in code too, as Hugo does. A nil host means that the blog is
// not Hugo's: then only escaped ones are replaced in code.
func Expand(x *dialect.Expansion, host Host, text string) string {
	if !strings.Contains(text, "{{<") && !strings.Contains(text, "{{%") {
		return text
	}
	e := &expander{Expansion: x, host: host, text: text, code: mdsource.CodeSpans(text)}
	e.read()
	var out strings.Builder
	e.write(&out, 0, len(text), 0, 0)
	return out.String()
}

type expander struct {
	*dialect.Expansion
	host  Host
	text  string
	code  []mdsource.Span
	marks []mark
	ends  []int // by mark: the mark that closes it; 0 for none

	enclosing []mark // the marks around what is being written
	templates *Evaluator
}

// read finds all marks, and which of them close which.
func (x *expander) read() {
	var open []int
	for at := 0; ; {
		s, ok := nextMark(x.text, at)
		if !ok {
			break
		}
		if code, ok := mdsource.CodeAt(x.code, s.From); ok && s.escaped == "" && !x.evaluatesInCode(s) {
			at = min(s.From+3, code.To)
			continue
		}
		at = s.To
		x.marks = append(x.marks, s)
		x.ends = append(x.ends, 0)
		n := len(x.marks) - 1
		switch {
		case s.escaped != "" || s.selfClosing:
		case s.closing:
			for i := len(open) - 1; i >= 0 && i >= len(open)-maxNesting; i-- {
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

// evaluatesInCode reports whether a shortcode in code is evaluated: Hugo reads no Markdown before
// its shortcodes. An unknown one stays as an example.
func (x *expander) evaluatesInCode(s mark) bool {
	if x.host == nil || x.Blog.Settings == nil {
		return false
	}
	_, own := x.host.Library(x.Page).Shortcodes[s.name]
	return own || slices.Contains(embeddedShortcodes, s.name)
}

// embeddedShortcodes are those of Hugo itself that make sense in code.
var embeddedShortcodes = []string{"ref", "relref", "param"}

// skipTo skips what is not read for shortcodes and may contain anything.
func (x *expander) skipTo(s mark, at int) int {
	for {
		next, ok := nextMark(x.text, at)
		if !ok {
			return s.To
		}
		if next.closing && next.name == s.name {
			return next.From
		}
		at = next.To
	}
}

// write expands the text between two places. first is the first mark in it.
func (x *expander) write(out *strings.Builder, from, to, first, depth int) {
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
		case s.closing: // of a mark that is not there
			continue
		case !x.Spend(s.From):
			continue
		}
		end := x.ends[n]
		if end == 0 || depth >= maxNesting {
			out.WriteString(x.replace(s, "", false))
			continue
		}
		inner := x.text[s.To:x.marks[end].From]
		if s.name != "highlight" && s.name != "comment" {
			var b strings.Builder
			x.enclosing = append(x.enclosing, s)
			x.write(&b, s.To, x.marks[end].From, n+1, depth+1)
			x.enclosing = x.enclosing[:len(x.enclosing)-1]
			inner = b.String()
		}
		out.WriteString(x.replace(s, inner, true))
		from = x.marks[end].To
		n = end
	}
	out.WriteString(x.text[from:to])
}

// escaped shows the mark itself; outside code a browser would take its angle brackets for an
// element.
func (x *expander) escaped(s mark) string {
	if _, ok := mdsource.CodeAt(x.code, s.From); ok {
		return s.escaped
	}
	return html.EscapeString(s.escaped)
}

func (x *expander) replace(s mark, inner string, paired bool) string {
	if out, ok := x.evaluate(s, inner); ok {
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
		return x.TemplateStash.Put(html.EscapeString(x.refText(s.name, to)))
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

// isPicture reports whether an address has the extension of a picture.
func isPicture(address string) bool {
	file, _ := dialect.CutFragment(address)
	switch strings.ToLower(path.Ext(file)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg":
		return true
	}
	return false
}

// platform returns a link, or a video's picture, for what Hugo embeds.
func (x *expander) platform(s mark) (string, bool) {
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

// highlight returns a block of code. It is stashed so that it interrupts neither a list nor a
// paragraph, as in Hugo.
func (x *expander) highlight(s mark, code string) string {
	block := mdsource.FencedCode(code, mdsource.CodeLanguage(s.params.Get(0, "lang", "language")))
	w := x.Page.MarkdownOptions()
	rendered, err := x.Blog.Markdown.HTML(block, w)
	if err != nil {
		return block
	}
	return x.TemplateStash.Put(rendered)
}

// block keeps the text below from becoming part of an HTML block, which a blank line ends.
func (x *expander) block(s mark, out string) string {
	if strings.TrimSpace(mdsource.LineBefore(x.text, s.From)) == "" && strings.TrimSpace(mdsource.LineAfter(x.text, s.To)) == "" {
		return x.Stash.Put(out) + "\n"
	}
	return x.Stash.Put(out)
}

func (x *expander) figure(p dialect.Params) string {
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
	return f.HTML()
}

func (x *expander) details(p dialect.Params, inner string) string {
	summary := p.Get(0, "summary")
	if summary == "" {
		summary = "Details"
	}
	open := x.Stash.Put("<details><summary>" + x.InlineHTML(summary) + "</summary>")
	return open + "\n\n" + strings.Trim(mdsource.Dedent(inner), "\n") + "\n\n" + x.Stash.Put("</details>") + "\n"
}

// param returns a value of the page, else of the site.
func (x *expander) param(s mark) string {
	name := strings.ToLower(s.params.Get(0, "name"))
	page := x.Page.Front.Values
	for _, values := range []any{page["params"], page, x.Blog.Settings.Value("params")} {
		if v, ok := frontmatter.Lookup(values, name); ok {
			if text, ok := v.(string); ok {
				return text
			}
		}
	}
	x.Unevaluated(s.From, x.text[s.From:s.To])
	return ""
}

// evaluate evaluates the shortcode's own template; ok is false if it has none, or one that uses
// what is not supported.
func (x *expander) evaluate(s mark, inner string) (out string, ok bool) {
	if x.host == nil {
		return "", false
	}
	t, ok := x.host.Library(x.Page).Shortcodes[s.name]
	if !ok {
		return "", false
	}
	if x.templates == nil {
		x.templates = NewEvaluator(x.Expansion, x.host)
	}
	marked := x.text[s.From+2] == '%' // what it makes is Markdown
	if x.templates.charge(len(inner)) != nil {
		return "", false
	}
	call := x.templates.call(s, x.enclosing)
	call.inner = x.TemplateStash.Restore(inner)
	if x.templates.charge(len(call.inner)) != nil {
		return "", false
	}
	if marked && len(x.enclosing) > 0 {
		call.inner = x.templates.render(call.inner)
	}
	if out, ok = x.templates.Run(t, call); !ok {
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
	out = x.TemplateStash.Put(out)
	if strings.TrimSpace(mdsource.LineBefore(x.text, s.From)) == "" && strings.TrimSpace(mdsource.LineAfter(x.text, s.To)) == "" {
		out += "\n"
	}
	return out, true
}

// beside indents the lines of a shortcode's output as its mark.
func (x *expander) beside(s mark, out string) string {
	if line := mdsource.LineBefore(x.text, s.From); line != "" && strings.TrimSpace(line) == "" {
		return strings.ReplaceAll(out, "\n", "\n"+line)
	}
	return out
}

// inDestination reports whether a place is the destination of a link, which is read before it is
// shown.
func inDestination(text string, at int) bool {
	line := mdsource.LineBefore(text, at)
	if open := strings.LastIndex(line, "]("); open >= 0 && !strings.ContainsAny(line[open+2:], ") ") {
		return true
	}
	return mdsource.IsLinkDefinition(line+"x") && !strings.Contains(strings.TrimSpace(line[strings.Index(line, "]:")+2:]), " ")
}
