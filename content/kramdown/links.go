package kramdown

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// link reads [text](address "title"), [text][id], [text] [id] and [id], and the same for images.
func (p *spanParser) link(into *node) bool {
	start := p.pos
	n := &node{kind: link}
	size := 1
	if p.src[start] == '!' {
		n.kind, size = image, 2
	}
	if start+size >= len(p.src) || p.src[start+size] == '^' || n.kind == link && (p.within[link] > 0 || p.within[image] > 0) || p.exhausted() {
		p.pos = start + size
		return false
	}
	p.pos += size
	if p.linkText(n) && p.linkTarget(n, p.src[start+size:p.pos-1]) {
		into.add(n)
		return true
	}
	p.retry(start)
	p.pos = start + size
	return false
}

// linkText reads up to the closing bracket.
func (p *spanParser) linkText(n *node) bool {
	p.within[n.kind]++
	p.depth++
	open, images, counted := 1, 0, 0
	found := p.read(n, func() bool {
		switch p.src[p.pos] {
		case ']':
			open--
		case '[':
			open++
		case '!':
			if strings.HasPrefix(p.src[p.pos:], "![") {
				open++
			}
		}
		for ; counted < len(n.children); counted++ {
			if n.children[counted].kind == image {
				images++
			}
		}
		return open-images == 0
	})
	p.within[n.kind]--
	p.depth--
	if found {
		p.pos++
	}
	return found
}

// linkTarget reads what follows the text of a link; label is the source of the text.
func (p *spanParser) linkTarget(n *node, label string) bool {
	label = unescape(label)
	n.title = ""
	if n.kind == image {
		n.children = nil
		n.text = label
	}
	rest := p.src[p.pos:]
	id, size := label, 0
	if bracket := spaces(rest); strings.HasPrefix(rest[bracket:], "[") {
		if end := strings.IndexByte(rest[bracket:], ']'); end >= 0 {
			size = bracket + end + 1
			if inner := rest[bracket+1 : bracket+end]; inner != "" {
				id = inner
			}
		}
	}
	if size > 0 || !strings.HasPrefix(rest, "(") {
		d, ok := p.links[linkID(id)]
		if !ok {
			return false
		}
		n.address, n.title, n.titled, n.attributes = d.address, d.title, d.titled, d.attributes
		p.pos += size
		return true
	}
	return p.inlineTarget(n, rest)
}

// maxAddress bounds the search for the end of an address, except data: addresses of images.
const maxAddress = 8 << 10

// inlineTarget reads (address "title"). The address may contain spaces and balanced parentheses.
func (p *spanParser) inlineTarget(n *node, rest string) bool {
	if strings.HasPrefix(rest, "(<") {
		near := rest[:min(len(rest), maxAddress)]
		end := strings.IndexByte(near, '>')
		if end < 0 || strings.Contains(near[:end], "\n") {
			p.retries -= len(near)
			return false
		}
		n.address = rest[2:end]
		if strings.HasPrefix(rest[end+1:], ")") {
			p.pos += end + 2
			return true
		}
		return p.linkTitle(n, rest, end+1)
	}
	open := 0
	limit := min(len(rest), maxAddress)
	if strings.HasPrefix(rest, "(data:") {
		limit = len(rest)
	}
	for i := 0; i < limit; i++ {
		switch c := rest[i]; {
		case c == '(':
			open++
		case c == ')':
			if open--; open == 0 {
				n.address = strings.TrimSpace(rest[1:i])
				p.pos += i + 1
				return true
			}
		case isSpace(rune(c)) && i+1 < limit && (rest[i+1] == '"' || rest[i+1] == '\''):
			n.address = strings.TrimSpace(rest[1:i])
			return p.linkTitle(n, rest, i)
		}
	}
	p.retries -= limit
	return false
}

func (p *spanParser) linkTitle(n *node, rest string, at int) bool {
	at += spaces(rest[at:])
	if at >= len(rest) || rest[at] != '"' && rest[at] != '\'' {
		return false
	}
	for end := at + 2; end < min(len(rest), at+maxAddress); end++ {
		if rest[end] != rest[at] {
			continue
		}
		if closing := end + 1 + spaces(rest[end+1:]); strings.HasPrefix(rest[closing:], ")") {
			n.title, n.titled = rest[at+1:end], true
			p.pos += closing + 1
			return true
		}
	}
	return false
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\.*_+`<>()[]{}#!:|\"'$=-", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// autolink reads <https://…> and <name@host>.
func (p *spanParser) autolink(into *node) bool {
	rest := p.src[p.pos:]
	end := strings.IndexByte(rest[:min(len(rest), maxAddress)], '>')
	if end < 2 {
		return false
	}
	inner := rest[1:end]
	n := &node{kind: link, address: inner}
	switch {
	case hasScheme(inner) && !strings.Contains(inner, "\n"):
	case isMailAddress(inner):
		n.address = "mailto:" + inner
	default:
		return false
	}
	n.add(&node{kind: plainText, text: strings.TrimPrefix(inner, "mailto:")})
	into.add(n)
	p.pos += end + 1
	return true
}

func hasScheme(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	return ok && rest != "" && (scheme == "http" || scheme == "https" || scheme == "mailto" || scheme == "ftp" || scheme == "ftps")
}

func isMailAddress(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && strings.IndexFunc(name+host, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0
}

func (p *spanParser) footnoteMark(into *node) bool {
	rest := p.src[p.pos:]
	if !strings.HasPrefix(rest, "[^") {
		return false
	}
	n := nameSize(rest[2:])
	if n == 0 || !strings.HasPrefix(rest[2+n:], "]") {
		return false
	}
	f, ok := p.footnotes[rest[2:2+n]]
	if !ok {
		p.pos += 2 + n + 1
		return false
	}
	into.add(&node{kind: footnoteMark, name: f.name})
	p.pos += 2 + n + 1
	return true
}

// inlineExtension reads {: …} after an element, {::name}…{:/name} and {:/}.
func (p *spanParser) inlineExtension(into *node) bool {
	inner, size := braced(p.src[p.pos:])
	if size == 0 || inner == "" {
		return false
	}
	if inner[0] == ':' {
		return p.inlineExtensionBody(into, inner, p.pos+size)
	}
	last := into.last()
	if inner[0] == '/' || last == nil || last.kind == plainText {
		return false
	}
	last.attributes = last.attributes.with(parseAttributes(inner))
	p.pos += size
	return true
}

func (p *spanParser) inlineExtensionBody(into *node, inner string, end int) bool {
	m := extensionStart.FindStringSubmatch(inner)
	if m == nil {
		return false
	}
	body := ""
	if m[3] == "" {
		at, size := p.find("{:/"+m[1]+"}", end), len(m[1])+4
		if short := p.find("{:/}", end); short >= 0 && (at < 0 || short < at) {
			at, size = short, 4
		}
		if at < 0 {
			return false
		}
		body, end = p.src[end:at], at+size
	}
	switch m[1] {
	case "comment":
	case "nomarkdown":
		into.add(&node{kind: rawHTML, text: body})
	case "options":
		p.setOptions(parseAttributes(m[2]))
	default:
		return false
	}
	p.pos = end
	return true
}

// inlineHTML reads an element in text. Its content is Markdown, except in elements such as code. A tag that
// cannot be in text is text.
func (p *spanParser) inlineHTML(into *node) bool {
	rest := p.src[p.pos:]
	if strings.HasPrefix(rest, "<!--") {
		end := p.find("-->", p.pos+4)
		if end < 0 {
			return false
		}
		into.add(&node{kind: rawHTML, text: p.src[p.pos : end+3]})
		p.pos = end + 3
		return true
	}
	t := readTag(rest)
	if t.size == 0 {
		return false
	}
	if t.end || blockElements[t.name] {
		p.pos += t.size
		return false
	}
	p.pos += t.size
	n := into.add(&node{kind: htmlBlock, name: t.name, tag: strings.ReplaceAll(t.attributes, "\n", " "), closed: t.closed || emptyElements[t.name]})
	if n.closed {
		return true
	}
	parse := !p.KeepSpanHTML && modelOf(t.name) != rawContent && p.rawDepth == 0
	switch t.markdown {
	case "0":
		parse = false
	case "1", "span":
		parse = t.markdown == "span" || modelOf(t.name) != rawContent
	}
	p.inlineElement(n, parse)
	return true
}

func (p *spanParser) inlineElement(n *node, parse bool) {
	if p.depth++; p.depth >= maxDepth {
		n.add(&node{kind: rawHTML, text: html.EscapeString(p.src[p.pos:])})
		p.pos = len(p.src)
		p.depth--
		return
	}
	outer := p.onlyHTML
	p.onlyHTML = !parse
	if !parse {
		p.rawDepth++
	}
	end := 0
	p.read(n, func() bool {
		if !strings.HasPrefix(p.src[p.pos:], "</") {
			return false
		}
		t := readTag(p.src[p.pos:])
		end = t.size
		return t.size > 0 && t.name == n.name
	})
	if p.pos < len(p.src) {
		p.pos += end
	}
	if !parse {
		p.rawDepth--
	}
	p.onlyHTML = outer
	p.depth--
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
