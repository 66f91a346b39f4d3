package pymarkdown

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/internal/htmldom"
)

// rule is an inline rule. read reads what begins at an offset of a text, and returns its replacement and its
// end; ok is false if the rule does not apply.
type rule struct {
	trigger string
	read    func(d *document, text string, at int) (out string, end int, ok bool)
}

// inlineRules returns the rules, each of which is applied to the whole text in turn: what one finds is
// stashed and means nothing to the next.
func inlineRules(d *document) []rule {
	list := []rule{{"\\`", (*document).codeSpan}}
	if d.Math {
		list = append(list, rule{"$\\", (*document).formula})
	}
	list = append(list, rule{"\\", (*document).escape})
	if d.Footnotes {
		list = append(list, rule{"[", (*document).footnoteMark})
	}
	list = append(list,
		rule{"[", (*document).referenceLink}, rule{"[", (*document).inlineLink}, rule{"!", (*document).inlineImage}, rule{"!", (*document).referenceImage},
		rule{"[", (*document).shortReference}, rule{"!", (*document).shortImage}, rule{"<", (*document).autolink}, rule{" ", (*document).lineBreak},
		rule{"<", (*document).tag}, rule{"&", (*document).entity}, rule{"*_", (*document).loneMark}, rule{"*", (*document).asterisk}, rule{"_", (*document).underscore})
	if d.HardWrap {
		list = append(list, rule{"\n", (*document).newline})
	}
	return list
}

// inline returns the HTML of a text. from is the first rule to apply.
func (d *document) inline(text string, from int) string {
	if d.depth++; d.depth > maxDepth {
		d.depth--
		return d.finish(text)
	}
	d.Budget.Scan(len(text) * (len(d.rules) - from) / 4)
	for i := from; i < len(d.rules); i++ {
		if strings.ContainsAny(text, d.rules[i].trigger) {
			text = d.apply(d.rules[i], text)
		}
	}
	d.depth--
	return d.finish(text)
}

// after returns the index of the rule after the one with a trigger.
func (d *document) after(trigger string) int {
	for i, r := range d.rules {
		if r.trigger == trigger {
			return i + 1
		}
	}
	return 0
}

func (d *document) apply(r rule, text string) string {
	var b strings.Builder
	from := 0
	for at := 0; at < len(text); {
		n := strings.IndexAny(text[at:], r.trigger)
		if n < 0 {
			break
		}
		at += n
		d.Budget.Step(1)
		out, end, ok := r.read(d, text, at)
		if !ok || end <= at {
			at = max(at+1, end)
			continue
		}
		b.WriteString(text[from:at] + out)
		at, from = end, end
	}
	if from == 0 {
		return text
	}
	b.WriteString(text[from:])
	return b.String()
}

// stashHTML stashes HTML; source is what it is in an address.
func (d *document) stashHTML(html, source string) string {
	return d.store(stashed{html: html, text: source})
}

// stashInline stashes an inline element.
func (d *document) stashInline(html, source string) string {
	return d.store(stashed{html: html, text: source, inline: true})
}

// finish restores what was stashed, and escapes the rest.
func (d *document) finish(text string) string {
	var b strings.Builder
	for text != "" {
		d.Budget.Step(1)
		d.Budget.CheckHTML(b.Len())
		at := strings.IndexByte(text, markStart)
		if at < 0 {
			break
		}
		b.WriteString(d.plain(text[:at]))
		s, size := d.marked(text[at:])
		if s == nil {
			text = text[at+1:]
			continue
		}
		if s.element != nil {
			d.renderElement(&b, s.element, 1)
		} else {
			b.WriteString(s.html)
		}
		text = text[at+size:]
		if s.inline && d.AttrLists {
			text = text[len(listBehind.FindString(text)):]
		}
	}
	b.WriteString(d.plain(text))
	return b.String()
}

// plain returns text with its abbreviations and, depending on the settings, typographic characters.
func (d *document) plain(s string) string {
	if d.Smarty {
		s = d.smart(s)
	}
	s = escapeText(s)
	for short, meaning := range d.abbr {
		d.Budget.Scan(len(s))
		if strings.Contains(s, short) {
			s = d.abbreviate(s, escapeText(short), meaning)
		}
	}
	return s
}

func (d *document) abbreviate(s, short, meaning string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, short)
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		after, _ := utf8.DecodeRuneInString(s[at+len(short):])
		b.WriteString(s[:at])
		if isWord(before) || isWord(after) || strings.Contains(s[:at], "<abbr") && strings.LastIndex(s[:at], "<abbr") > strings.LastIndex(s[:at], "</abbr") {
			b.WriteString(short)
		} else {
			d.Budget.Nodes(2)
			d.Budget.CheckHTML(b.Len())
			b.WriteString(`<abbr title="` + html.EscapeString(meaning) + `">` + short + "</abbr>")
		}
		s = s[at+len(short):]
	}
}

// unescape returns a text with what was stashed as it was written.
func (d *document) unescape(s string) string {
	if strings.IndexByte(s, markStart) < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		at := strings.IndexByte(s, markStart)
		if at < 0 {
			break
		}
		b.WriteString(s[:at])
		m, size := d.marked(s[at:])
		if m == nil {
			size = 1
		} else {
			b.WriteString(m.text)
		}
		s = s[at+size:]
	}
	return b.String() + s
}

// escapeText escapes text, except for character references.
func escapeText(s string) string { return htmldom.EscapeText(s, isLetterOrDigit) }

// referenceSize returns the length of the character reference that s begins with; 0 if there is none.
func referenceSize(s string) int { return htmldom.ReferenceSize(s, isLetterOrDigit) }

func isLetterOrDigit(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (d *document) codeSpan(text string, at int) (string, int, bool) {
	if text[at] == '\\' { // an even number of backslashes before code are pairs
		n := len(text[at:]) - len(strings.TrimLeft(text[at:], `\`))
		if n%2 == 0 && strings.HasPrefix(text[at+n:], "`") {
			return d.stashHTML(strings.Repeat(`\`, n/2), strings.Repeat(`\`, n)), at + n, true
		}
		if strings.HasPrefix(text[at+n:], "`") {
			m := len(text[at+n:]) - len(strings.TrimLeft(text[at+n:], "`"))
			return "", at + n + m, false
		}
		return "", at + n, false
	}
	run := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
	for n := run; n > 0; n-- { // a shorter mark may close the code if the whole run does not
		if end := d.closingRun(text, at+run, n); end >= 0 {
			code := strings.TrimSpace(text[at+n : end])
			return d.stashInline("<code>"+html.EscapeString(d.unescape(code))+"</code>", code), end + n, true
		}
	}
	return "", at + run, false
}

// closingRun returns the offset of the next run of exactly n backticks; -1 if there is none.
func (d *document) closingRun(text string, from, n int) int {
	for end := from; end < len(text) && d.retries > 0; {
		d.Budget.Step(1)
		next := strings.IndexByte(text[end:], '`')
		if next < 0 {
			break
		}
		end += next
		run := len(text[end:]) - len(strings.TrimLeft(text[end:], "`"))
		if run == n {
			return end
		}
		end += run
	}
	d.retries -= len(text) - from
	return -1
}

const escapable = "\\`*_{}[]()>#+-.!"

func (d *document) escape(text string, at int) (string, int, bool) {
	if at+1 >= len(text) {
		return "", 0, false
	}
	c := text[at+1]
	if strings.IndexByte(escapable, c) < 0 && (c != '|' || !d.Tables) && (c != '"' && c != '\'' || !d.Smarty) {
		return "", at + 1, false
	}
	return d.stashHTML(html.EscapeString(string(c)), string(c)), at + 2, true
}

// formulaMarks are the delimiters of TeX.
var formulaMarks = [][2]string{{"$$", "$$"}, {"$", "$"}, {`\begin{`, `\end{`}, {`\(`, `\)`}, {`\[`, `\]`}}

func (d *document) formula(text string, at int) (string, int, bool) {
	rest := text[at:]
	for _, pair := range formulaMarks {
		inner, ok := strings.CutPrefix(rest, pair[0])
		if !ok || !d.MathBrackets && (pair[0] == `\(` || pair[0] == `\[`) {
			continue
		}
		end := d.formulaEnd(inner[:min(len(inner), maxFormula)], pair)
		if end <= 0 {
			continue
		}
		size := len(pair[0]) + end + len(pair[1])
		if pair[0] == `\begin{` {
			brace := strings.IndexByte(rest[size:], '}')
			if brace < 0 {
				return "", 0, false
			}
			size += brace + 1
		}
		return d.stashHTML(html.EscapeString(d.unescape(rest[:size])), rest[:size]), at + size, true
	}
	return "", 0, false
}

// formulaEnd returns the end of a formula; 0 or less if there is none. A dollar after white space does not
// close one; with MathBrackets, a dollar before white space does not open one, and a dollar before a digit
// does not close one.
func (d *document) formulaEnd(inner string, pair [2]string) int {
	end := strings.Index(inner, pair[1])
	if pair[0] != "$" || end < 0 {
		return end
	}
	if d.MathBrackets {
		if end == 0 || isSpace(inner[0]) || isSpace(inner[end-1]) || end+1 < len(inner) && inner[end+1] >= '0' && inner[end+1] <= '9' {
			return -1
		}
		return end
	}
	if d.retries < 0 {
		return -1
	}
	for end = 1; end < len(inner); end++ {
		if inner[end] == '$' && !isSpace(inner[end-1]) {
			return end
		}
	}
	d.retries -= len(inner)
	return -1
}

const maxFormula = 4000

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (d *document) lineBreak(text string, at int) (string, int, bool) {
	if !strings.HasPrefix(text[at:], "  \n") {
		return "", 0, false
	}
	return d.stashHTML("<br />\n", "\n"), at + 3, true
}

func (d *document) newline(_ string, at int) (string, int, bool) {
	return d.stashHTML("<br />\n", "\n"), at + 1, true
}

func (d *document) entity(text string, at int) (string, int, bool) {
	n := referenceSize(text[at:])
	return d.stashHTML(text[at:at+n], text[at:at+n]), at + n, n > 0
}

// tag stashes an inline tag or comment.
func (d *document) tag(text string, at int) (string, int, bool) {
	rest := text[at:]
	if strings.HasPrefix(rest, "<!--") {
		if d.retries <= 0 {
			return "", 0, false
		}
		end := d.index(text, at, "-->")
		if end < 0 {
			return "", 0, false
		}
		return d.stashHTML(text[at:end+3], text[at:end+3]), end + 3, true
	}
	end := strings.IndexAny(rest[1:min(len(rest), maxTag)], "<>") + 1
	if end < 2 || rest[end] != '>' {
		return "", 0, false
	}
	inner := strings.TrimPrefix(rest[1:end], "/")
	if inner == "" || !isLetter(inner[0]) {
		return "", 0, false
	}
	if name, _, _ := strings.Cut(inner, " "); strings.Contains(name, "@") {
		return "", 0, false
	}
	whole := d.unescape(rest[:end+1])
	return d.stashHTML(whole, whole), at + end + 1, true
}

// autolink reads <https://…> and <name@host>.
func (d *document) autolink(text string, at int) (string, int, bool) {
	rest := text[at:]
	end := strings.IndexAny(rest[1:min(len(rest), maxTag)], "<>") + 1
	if end < 2 || rest[end] != '>' {
		return "", 0, false
	}
	inner := d.unescape(rest[1:end])
	lower := strings.ToLower(inner)
	to := inner
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "ftp://"), strings.HasPrefix(lower, "ftps://"):
	case strings.Contains(inner, "@") && !strings.ContainsAny(inner, " !") && inner[0] != '@' && !strings.HasSuffix(inner, "@") && strings.Count(inner, "@") == 1 && !strings.ContainsAny(inner, "\"'="):
		inner = strings.TrimPrefix(inner, "mailto:")
		to = "mailto:" + inner
	default:
		return "", 0, false
	}
	return d.stashInline(`<a href="`+escapeAttribute(to)+`">`+escapeText(inner)+"</a>", rest[:end+1]), at + end + 1, true
}

func escapeAttribute(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(escapeText(s), `"`, "&quot;"), "\n", " ")
}
