package pymarkdown

import (
	"strconv"
	"strings"
)

// bracketed returns the text up to the matching bracket.
func (d *document) bracketed(text string, at int) (inner string, end int, ok bool) {
	open := 1
	for i := at; i < len(text) && d.retries > 0; i++ {
		switch text[i] {
		case '[':
			open++
		case ']':
			if open--; open == 0 {
				d.Budget.Scan(i - at)
				return text[at:i], i + 1, true
			}
		}
	}
	d.retries -= len(text) - at
	return "", 0, false
}

func isImage(text string, at int) bool { return at > 0 && text[at-1] == '!' }

func (d *document) inlineLink(text string, at int) (string, int, bool) {
	if isImage(text, at) {
		return "", 0, false
	}
	inner, end, ok := d.bracketed(text, at+1)
	if !ok {
		return "", 0, false
	}
	to, title, end, ok := d.target(text, end)
	if !ok {
		return "", 0, false
	}
	return d.setLink(inner, to, title, text[at:end]), end, true
}

func (d *document) setLink(inner, to, title, source string) string {
	if title != "" {
		title = ` title="` + escapeAttribute(d.unescape(title)) + `"`
	}
	from := d.after("[") // after the first rule for brackets, whose order does not matter here
	return d.stashInline(`<a href="`+escapeAttribute(d.unescape(to))+`"`+title+">"+d.inline(inner, from)+"</a>", source)
}

func (d *document) inlineImage(text string, at int) (string, int, bool) {
	if !strings.HasPrefix(text[at:], "![") {
		return "", 0, false
	}
	alt, end, ok := d.bracketed(text, at+2)
	if !ok {
		return "", 0, false
	}
	to, title, end, ok := d.target(text, end)
	if !ok {
		return "", 0, false
	}
	return d.setImage(alt, to, title, text, at, end)
}

func (d *document) setImage(alt, to, title, text string, at, end int) (string, int, bool) {
	if title != "" {
		title = ` title="` + escapeAttribute(d.unescape(title)) + `"`
	}
	list := ""
	if size := d.attributeList(text[end:]); size > 0 {
		list = d.attributes(text[end : end+size])
		end += size
	}
	return d.stashInline(`<img src="`+escapeAttribute(d.unescape(to))+`" alt="`+escapeAttribute(d.unescape(alt))+`"`+title+list+" />", text[at:end]), end, true
}

// target reads (address "title"). The address may contain spaces and balanced parentheses.
func (d *document) target(text string, at int) (to, title string, end int, ok bool) {
	if at >= len(text) || text[at] != '(' {
		return "", "", 0, false
	}
	rest := strings.TrimLeft(text[at+1:], " \n")
	skipped := len(text) - len(rest)
	if inner, after, found := strings.Cut(strings.TrimPrefix(rest, "<"), ">"); found && strings.HasPrefix(rest, "<") && !strings.Contains(inner, "<") {
		if trimmed := strings.TrimLeft(after, " \n"); strings.HasPrefix(trimmed, ")") {
			return inner, "", len(text) - len(trimmed) + 1, true
		} else if title, size := quoted(trimmed); size > 0 {
			return inner, title, len(text) - len(trimmed) + size, true
		}
	}
	open := 1
	for i := 0; i < min(len(rest), maxTag); i++ {
		switch c := rest[i]; c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return strings.TrimSpace(rest[:i]), "", skipped + i + 1, true
			}
		case '"', '\'':
			if i == 0 || !isSpace(rest[i-1]) {
				continue
			}
			if title, size := quoted(rest[i:]); size > 0 {
				return strings.TrimSpace(rest[:i]), title, skipped + i + size, true
			}
		}
	}
	d.retries -= min(len(rest), maxTag)
	return "", "", 0, false
}

// quoted returns a title between quotes, and its size with the parenthesis after it.
func quoted(s string) (title string, size int) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", 0
	}
	for end := 1; end < min(len(s), 2000); end++ {
		if s[end] != s[0] {
			continue
		}
		if rest := strings.TrimLeft(s[end+1:], " \n"); strings.HasPrefix(rest, ")") {
			return s[1:end], len(s) - len(rest) + 1
		}
	}
	return "", 0
}

// foldLines replaces line breaks by spaces.
func foldLines(s string) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	lines := strings.Split(s, "\n")
	for i := range lines[:len(lines)-1] {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, " ")
}

// byReference reads [text][id], [text] [id] and [text][]; if short, also [text].
func (d *document) byReference(text string, at int, short bool) (inner string, r reference, end int, ok bool) {
	inner, end, ok = d.bracketed(text, at)
	if !ok {
		return "", r, 0, false
	}
	id := ""
	if !short {
		rest := text[end:]
		if rest != "" && isSpace(rest[0]) {
			rest = rest[1:]
		}
		label, _, found := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		if !found || !strings.HasPrefix(rest, "[") {
			return "", r, 0, false
		}
		id = label
		end = len(text) - len(rest) + len(label) + 2
	}
	if id == "" {
		id = inner
	}
	r, ok = d.links[strings.ToLower(foldLines(d.unescape(id)))]
	return inner, r, end, ok
}

func (d *document) referenceLink(text string, at int) (string, int, bool) {
	return d.linkTo(text, at, false)
}

func (d *document) shortReference(text string, at int) (string, int, bool) {
	return d.linkTo(text, at, true)
}

func (d *document) linkTo(text string, at int, short bool) (string, int, bool) {
	if len(d.links) == 0 || isImage(text, at) {
		return "", 0, false
	}
	inner, r, end, ok := d.byReference(text, at+1, short)
	if !ok {
		return "", end, false // what is in these brackets is not a reference either
	}
	return d.setLink(inner, r.address, r.title, text[at:end]), end, true
}

func (d *document) referenceImage(text string, at int) (string, int, bool) {
	return d.imageOf(text, at, false)
}

func (d *document) shortImage(text string, at int) (string, int, bool) {
	return d.imageOf(text, at, true)
}

func (d *document) imageOf(text string, at int, short bool) (string, int, bool) {
	if len(d.links) == 0 || !strings.HasPrefix(text[at:], "![") {
		return "", 0, false
	}
	alt, r, end, ok := d.byReference(text, at+2, short)
	if !ok {
		return "", end, false
	}
	return d.setImage(alt, r.address, r.title, text, at, end)
}

func (d *document) footnoteMark(text string, at int) (string, int, bool) {
	name, ok := strings.CutPrefix(text[at:], "[^")
	if !ok {
		return "", 0, false
	}
	name, _, ok = strings.Cut(name, "]")
	if _, known := d.notes[name]; !ok || !known {
		return "", 0, false
	}
	size := len(name) + 3
	html := `<sup id="fnref:` + escapeAttribute(name) + `"><a class="footnote-ref" href="#fn:` + escapeAttribute(name) + `">` + strconv.Itoa(d.numbers[name]) + "</a></sup>"
	return d.stashInline(html, text[at:at+size]), at + size, true
}

// attributeList returns the size of the attribute list {: …} that s begins with; 0 if there is none.
func (d *document) attributeList(s string) int {
	if !d.AttrLists || !strings.HasPrefix(s, "{") {
		return 0
	}
	end := strings.IndexAny(s, "}\n")
	if end < 2 || s[end] != '}' || s[1] != ':' && s[1] != '#' && s[1] != '.' && s[1] != ' ' && !isLetter(s[1]) {
		return 0
	}
	return end + 1
}

// attributes returns those of {: key="value" #id}, without classes, which do not show.
func (d *document) attributes(list string) string {
	var out strings.Builder
	inner := strings.Trim(list, "{} ")
	for word := range strings.FieldsSeq(strings.TrimPrefix(inner, ":")) {
		if key, value, ok := strings.Cut(word, "="); ok && key != "" && isLetter(key[0]) && !strings.ContainsAny(key, `"'<>/`) {
			out.WriteString(" " + key + `="` + escapeAttribute(strings.Trim(value, `"'`)) + `"`)
		} else if id, ok := strings.CutPrefix(word, "#"); ok {
			out.WriteString(` id="` + escapeAttribute(id) + `"`)
		}
	}
	return out.String()
}
