package kramdown

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/internal/htmldom"
)

// These are kramdown's own sets of HTML elements, https://kramdown.gettalong.org/syntax.html#html-blocks.
var (
	spanElements = htmldom.NameSet("a abbr acronym b big bdo br button cite code del dfn em i img input ins kbd label mark option q rb rbc rp rt rtc ruby samp select small span strong sub sup tt u var")

	// blockElements cannot be in a paragraph; elements in neither set can be anywhere.
	blockElements = htmldom.NameSet("address article aside applet body blockquote caption col colgroup dd div dl dt fieldset figcaption footer form h1 h2 h3 h4 h5 h6 header hgroup hr html head iframe legend menu li main map nav ol optgroup p pre section summary table tbody td th thead tfoot tr ul")

	emptyElements = htmldom.NameSet("area base br col command embed hr img input keygen link meta param source track wbr")

	blockModel = htmldom.NameSet("address applet article aside blockquote body dd details div dl fieldset figure figcaption footer form header hgroup iframe li main map menu nav noscript object section summary td")
	spanModel  = htmldom.NameSet("a abbr acronym b bdo big button cite caption del dfn dt em h1 h2 h3 h4 h5 h6 i ins label legend optgroup p q rb rbc rp rt rtc ruby select small span strong sub sup th tt")
	rawModel   = htmldom.NameSet("script style math option textarea pre code kbd samp var")
)

func isKnownElement(name string) bool {
	return spanElements[name] || blockElements[name] || emptyElements[name] || blockModel[name] || rawModel[name]
}

// modelOf returns what Markdown an element may contain, if Markdown in HTML is parsed.
func modelOf(name string) contentModel {
	switch {
	case blockModel[name]:
		return blockContent
	case spanModel[name]:
		return spanContent
	}
	return rawContent
}

// tag is a start or end tag.
type tag struct {
	name       string // lower case if HTML has the element
	attributes string // verbatim, with the space before them
	markdown   string // the value of the attribute markdown, which is not in attributes
	size       int
	end        bool
	closed     bool // ends with />
}

// readTag reads the tag that s begins with; size is 0 if there is none.
func readTag(s string) tag {
	if len(s) < 3 || s[0] != '<' {
		return tag{}
	}
	at := 1
	end := s[1] == '/'
	if end {
		at++
	}
	n := tagNameSize(s[at:])
	if n == 0 {
		return tag{}
	}
	t := tag{name: s[at : at+n], end: end}
	if lower := strings.ToLower(t.name); isKnownElement(lower) {
		t.name = lower
	}
	at += n
	if !end {
		var ok bool
		if at, ok = t.readAttributes(s, at); !ok {
			return tag{}
		}
	}
	at += spaces(s[at:])
	if !end && at < len(s) && s[at] == '/' {
		t.closed = true
		at++
	}
	if at >= len(s) || s[at] != '>' {
		return tag{}
	}
	t.size = at + 1
	return t
}

func (t *tag) readAttributes(s string, at int) (int, bool) {
	var kept strings.Builder
	defer func() { t.attributes = kept.String() }()
	for {
		space := spaces(s[at:])
		n := tagNameSize(s[min(at+space, len(s)):])
		if space == 0 || n == 0 {
			return at, true
		}
		name := s[at+space : at+space+n]
		end := at + space + n
		value := ""
		if eq := end + spaces(s[end:]); eq < len(s) && s[eq] == '=' {
			var ok bool
			if value, end, ok = attributeValue(s, eq+1+spaces(s[eq+1:])); !ok {
				return 0, false
			}
		}
		if strings.EqualFold(name, "markdown") {
			t.markdown = value
		} else {
			kept.WriteString(s[at:end])
		}
		at = end
	}
}

// maxAttribute bounds the distance to a closing quote.
const maxAttribute = 64 << 10

func attributeValue(s string, at int) (value string, end int, ok bool) {
	if at >= len(s) {
		return "", 0, false
	}
	if s[at] == '"' || s[at] == '\'' {
		n := strings.IndexByte(s[at+1:min(len(s), at+maxAttribute)], s[at])
		if n < 0 {
			return "", 0, false
		}
		return s[at+1 : at+1+n], at + n + 2, true
	}
	end = at
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		if !isWord(r) {
			break
		}
		end += size
	}
	return s[at:end], end, end > at
}

func spaces(s string) int { return len(s) - len(strings.TrimLeft(s, " \t\n\r\f\v")) }

// tagNameSize returns the size of the XML name that s begins with.
func tagNameSize(s string) int {
	for i, r := range s {
		ok := unicode.IsLetter(r) || r == '_' || r == ':'
		if !ok && (i == 0 || r != '-' && r != '.' && !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return i
		}
	}
	return len(s)
}

// opensBlockElement reports whether a line begins with the tag of an element that ends a paragraph.
func opensBlockElement(line string) bool {
	text, ok := unindented(line)
	if !ok || len(text) < 2 || text[0] != '<' {
		return false
	}
	inner := text[1:]
	end := inner[0] == '/'
	if end {
		inner = inner[1:]
	}
	n := tagNameSize(inner)
	name := inner[:n]
	word := name // kramdown compares names of span elements up to the end of a word
	if i := strings.IndexAny(word, "-.:"); i >= 0 {
		word = word[:i]
	}
	if n == 0 || spanElements[word] || word == "script" {
		return false
	}
	return !end || strings.HasPrefix(inner[n+spaces(inner[n:]):], ">")
}
