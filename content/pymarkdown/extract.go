package pymarkdown

import (
	"strings"

	"publisher/internal/htmldom"
)

// blockElements begin a block of HTML if their tag begins a line.
var blockElements = htmldom.NameSet("address article aside blockquote body canvas colgroup dd details div dl dt fieldset figcaption figure footer form group h1 h2 h3 h4 h5 h6 header hgroup hr iframe legend li main map math menu nav noscript object ol option output p pre progress script section style summary table tbody td textarea tfoot th thead tr ul video")

var (
	spanContent = htmldom.NameSet("address dd dt h1 h2 h3 h4 h5 h6 legend li p summary td th")
	rawContent  = htmldom.NameSet("canvas math option pre script style textarea")
)

// htmlTag is a start or end tag.
type htmlTag struct {
	name     string
	attr     string // the other attributes, verbatim
	markdown string // the value of the attribute markdown; "1" if it has none
	has      bool   // it has an attribute markdown
	end      bool
	closed   bool
	size     int
	looked   int // how much was read to find that this is not a tag
}

// readTag reads the tag that s begins with, as tolerantly as browsers; size is 0 if there is none.
func readTag(s string) htmlTag {
	t := htmlTag{}
	at := 1
	if strings.HasPrefix(s, "</") {
		t.end, at = true, 2
	}
	if at >= len(s) || !isLetter(s[at]) {
		return t
	}
	from := at
	for at < min(len(s), maxTag) && strings.IndexByte(" \t\n\r\f/>", s[at]) < 0 {
		at++
	}
	t.name = strings.ToLower(s[from:at])
	from = at
	quote := byte(0)
	for ; at < min(len(s), maxTag); at++ {
		switch c := s[at]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && s[at-1] == '=':
			quote = c
		case c == '>':
			t.size = at + 1
			inner := s[from:at]
			t.closed = strings.HasSuffix(inner, "/")
			t.readMarkdown(strings.TrimSuffix(inner, "/"))
			return t
		}
	}
	t.looked = at
	return t
}

// maxTag is longer than any tag.
const maxTag = 64 << 10

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// readMarkdown separates the attribute markdown from the others.
func (t *htmlTag) readMarkdown(attr string) {
	t.attr = attr
	lower := lowerASCII(attr)
	at := strings.Index(lower, "markdown")
	if at < 1 || !strings.ContainsRune(" \t\n\"'", rune(lower[at-1])) {
		return
	}
	end := at + len("markdown")
	value := "1"
	if rest := attr[end:]; strings.HasPrefix(rest, "=") {
		end++
		value = rest[1:]
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			inner, _, ok := strings.Cut(value[1:], value[:1])
			if !ok {
				return
			}
			end += len(inner) + 2
			value = inner
		} else {
			value, _, _ = strings.Cut(value, " ")
			end += len(value)
		}
	} else if rest != "" && rest[0] != ' ' && rest[0] != '\n' {
		return
	}
	if value == "markdown" {
		value = "1"
	}
	t.has, t.markdown = true, value
	t.attr = attr[:at] + attr[min(end, len(attr)):]
	t.attr = strings.TrimRight(t.attr, " ")
}

// lowerASCII keeps every byte in place, unlike strings.ToLower.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// extractor stashes blocks of HTML. A block begins with the tag of a block element at the beginning of a
// line, or directly after another block, and extends to the end tag of that element; what follows is
// Markdown again.
type extractor struct {
	*document
	src    string
	pos    int
	line   int // the beginning of the current line
	out    strings.Builder
	raw    strings.Builder
	stack  []string
	inRaw  bool
	inTail bool
	noEnd  map[string]bool
	last   int // the offset of the last >, after which nothing is a tag
}

// readTag reads the tag at an offset. Reading in vain counts against maxRetries; when that is used up, tags
// are text.
func (x *extractor) readTag(at int) htmlTag {
	if at > x.last || x.retries <= 0 {
		return htmlTag{}
	}
	t := readTag(x.src[at:])
	x.retries -= t.looked
	return t
}

func (d *document) extractHTML(source string) string {
	if !strings.Contains(source, "<") {
		return source
	}
	x := &extractor{document: d, src: source, noEnd: map[string]bool{}, last: strings.LastIndexByte(source, '>')}
	for x.pos < len(x.src) {
		next := strings.IndexByte(x.src[x.pos:], '<')
		if next < 0 {
			break
		}
		x.data(x.pos + next)
		x.tag()
	}
	x.data(len(x.src))
	if x.raw.Len() > 0 {
		x.out.WriteString(d.store(stashed{html: x.raw.String(), block: true}))
	}
	return x.out.String()
}

// data takes text up to an offset.
func (x *extractor) data(to int) {
	text := x.src[x.pos:to]
	if n := strings.LastIndexByte(text, '\n'); n >= 0 {
		x.inTail = false
		x.line = x.pos + n + 1
	}
	if x.inRaw {
		x.raw.WriteString(text)
	} else {
		x.out.WriteString(text)
	}
	x.pos = to
}

func (x *extractor) atLineStart() bool {
	return x.pos-x.line <= 3 && strings.Trim(x.src[x.line:x.pos], " ") == ""
}

func (x *extractor) tag() {
	rest := x.src[x.pos:]
	if strings.HasPrefix(rest, "<!--") {
		if end := x.find("-->", 4); end > 0 {
			x.empty(end, true)
			return
		}
		x.data(x.pos + 1)
		return
	}
	if (strings.HasPrefix(rest, "<!") || strings.HasPrefix(rest, "<?")) && (x.atLineStart() || x.inTail) {
		if end := x.find(">", 2); end > 0 {
			x.empty(end, true)
			return
		}
	}
	t := x.readTag(x.pos)
	switch {
	case t.size == 0:
		x.data(x.pos + 1)
	case t.end:
		x.endTag(t)
	case t.closed || t.name == "hr":
		x.empty(t.size, blockElements[t.name])
	default:
		x.startTag(t)
	}
}

// find returns the offset after a text; 0 if there is none, which it remembers.
func (x *extractor) find(text string, from int) int {
	if x.noEnd[text] {
		return 0
	}
	if n := strings.Index(x.src[x.pos+from:], text); n >= 0 {
		return from + n + len(text)
	}
	x.noEnd[text] = true
	return 0
}

func (x *extractor) startTag(t htmlTag) {
	begins := blockElements[t.name] && (x.inTail || x.atLineStart()) && !x.inRaw
	if begins && x.MDInHTML && t.has && t.markdown != "0" && !rawContent[t.name] {
		x.markdownElement(t)
		return
	}
	if begins {
		x.inRaw = true
		x.out.WriteByte('\n')
	}
	if x.inRaw {
		x.stack = append(x.stack, t.name)
	}
	x.data(x.pos + t.size)
	if x.inRaw && (t.name == "script" || t.name == "style") {
		if end := x.find("</"+t.name, 0); end > 0 {
			x.data(x.pos + end - len("</"+t.name))
		}
	}
}

func (x *extractor) endTag(t htmlTag) {
	if !x.inRaw {
		x.data(x.pos + t.size)
		return
	}
	x.data(x.pos + t.size)
	for i := len(x.stack) - 1; i >= 0; i-- {
		if x.stack[i] == t.name {
			x.stack = x.stack[:i]
			break
		}
		if len(x.stack)-i > maxDepth*10 {
			break
		}
	}
	if len(x.stack) > 0 {
		return
	}
	x.inRaw = false
	x.inTail = true
	x.out.WriteString(x.store(stashed{html: x.raw.String(), block: true}))
	x.out.WriteString("\n\n")
	x.raw.Reset()
}

// empty takes a tag without content, or a comment.
func (x *extractor) empty(size int, block bool) {
	if x.inRaw || !block || !x.inTail && !x.atLineStart() {
		x.data(x.pos + size)
		return
	}
	html := x.src[x.pos : x.pos+size]
	x.out.WriteString("\n" + x.store(stashed{html: html, block: true}) + "\n\n")
	if n := strings.LastIndexByte(html, '\n'); n >= 0 {
		x.line = x.pos + n + 1
	}
	x.pos += size
	x.inTail = true
}

// markdownElement reads an element with Markdown in it.
func (x *extractor) markdownElement(t htmlTag) {
	inner, size := x.balanced(t)
	e := &element{tag: t.name, attr: t.attr}
	if x.depth++; x.depth > maxDepth {
		e.raw = inner
	} else if spanContent[t.name] && t.markdown != "block" || t.markdown == "span" {
		e.text = strings.TrimSpace(inner)
	} else {
		x.parse(e, x.extractHTML(strings.Trim(inner, "\n")+"\n\n"))
	}
	x.depth--
	x.out.WriteString("\n\n" + x.store(stashed{block: true, element: e}) + "\n\n")
	if n := strings.LastIndexByte(x.src[x.pos:x.pos+size], '\n'); n >= 0 {
		x.line = x.pos + n + 1
	}
	x.pos += size
	x.inTail = true
}

// balanced returns the content of an element up to its end tag, and its size with the tags.
func (x *extractor) balanced(t htmlTag) (inner string, size int) {
	rest := x.src[x.pos:]
	open := 1
	for at := t.size; ; at++ {
		n := strings.IndexByte(rest[at:], '<')
		if n < 0 {
			return rest[t.size:], len(rest)
		}
		at += n
		tag := x.readTag(x.pos + at)
		if tag.size == 0 || tag.name != t.name {
			continue
		}
		if !tag.end {
			open++
		} else if open--; open == 0 {
			return rest[t.size:at], at + tag.size
		}
		at += tag.size - 1
	}
}
