package kramdown

import (
	"regexp"
	"strings"
)

// attributes are those that an inline attribute list, {: .class #id key="value" name}, gives an element.
type attributes struct {
	classes []string
	list    []attribute
	refs    []string // names of attribute list definitions
}

type attribute struct{ key, value string }

func (a *attributes) with(more *attributes) *attributes {
	if a == nil {
		return more
	}
	if more == nil {
		return a
	}
	return &attributes{
		classes: append(append([]string(nil), a.classes...), more.classes...),
		list:    append(append([]attribute(nil), a.list...), more.list...),
		refs:    append(append([]string(nil), a.refs...), more.refs...),
	}
}

func (a *attributes) refersTo(name string) bool {
	if a != nil {
		for _, ref := range a.refs {
			if ref == name {
				return true
			}
		}
	}
	return false
}

func (a *attributes) get(key string) string {
	if a != nil {
		for i := len(a.list) - 1; i >= 0; i-- {
			if a.list[i].key == key {
				return a.list[i].value
			}
		}
	}
	return ""
}

var (
	attributePart = regexp.MustCompile(`(?:^|\s)(?:(\w[\w-]*)=(?:"((?:\\[}"]|[^}"])*)"|'((?:\\[}']|[^}'])*)')|((?:#[A-Za-z][\w:-]*|\.[^\s.#]+)+)|(\w[\w-]*))`)
	idOrClass     = regexp.MustCompile(`#([A-Za-z][\w:-]*)|\.([^\s.#]+)`)
)

func parseAttributes(text string) *attributes {
	a := &attributes{}
	for _, m := range attributePart.FindAllStringSubmatch(text, 50) {
		switch {
		case m[1] != "":
			value := strings.NewReplacer(`\}`, "}", `\"`, `"`, `\'`, `'`).Replace(m[2] + m[3])
			a.list = append(a.list, attribute{m[1], value})
		case m[4] != "":
			for _, part := range idOrClass.FindAllStringSubmatch(m[4], 20) {
				if part[1] != "" {
					a.list = append(a.list, attribute{"id", part[1]})
				} else {
					a.classes = append(a.classes, part[2])
				}
			}
		case m[5] != "":
			a.refs = append(a.refs, m[5])
		}
	}
	return a
}

// braced returns the text of {:…} at the beginning of s, and the size with its braces; 0 if there is none.
// It may span lines, and a backslash escapes a brace.
func braced(s string) (inner string, size int) {
	if !strings.HasPrefix(s, "{:") {
		return "", 0
	}
	for i, limit := 2, min(len(s), 2000); ; i++ {
		n := strings.IndexByte(s[i:limit], '}')
		if n < 0 {
			return "", 0
		}
		if i += n; s[i-1] != '\\' {
			return s[2:i], i + 1
		}
	}
}

// beginsWithAttributes reports whether a source begins with an attribute list for a block, which may span
// lines.
func beginsWithAttributes(src string) bool {
	text, ok := unindented(src)
	inner, size := braced(text)
	return ok && size > 0 && isBlank(lineAt(text, size)) && inner != "" && inner[0] != ':' && inner[0] != '/'
}

// cutAttributes divides an item's text from the attribute list at its beginning.
func cutAttributes(text string) (string, *attributes) {
	trimmed := strings.TrimLeft(text, " \t")
	inner, size := braced(trimmed)
	if size == 0 || inner == "" || inner[0] == ':' || inner[0] == '/' || definedName(inner) != "" {
		return text, nil
	}
	return trimmed[size:], parseAttributes(inner)
}

// definedName returns the name in {:name: …}, an attribute list definition; "" for other lists.
func definedName(inner string) string {
	name, _, ok := strings.Cut(inner, ":")
	if !ok || name == "" || strings.ContainsAny(name, " \t\n.#=\"'") {
		return ""
	}
	return name
}

// extension reads what begins with {: between blocks: attribute lists and their definitions, comments, text
// that is not Markdown, options.
func (p *blockParser) extension(line string) bool {
	if text, ok := unindented(line); !ok || !strings.HasPrefix(text, "{:") {
		return false
	}
	start := p.pos + indentOf(line)
	inner, size := braced(p.src[start:])
	if size == 0 || !isBlank(lineAt(p.src, start+size)) {
		return false
	}
	end := start + size + len(lineAt(p.src, start+size))
	switch name := definedName(inner); {
	case name != "":
		p.lists[name] = p.lists[name].with(parseAttributes(inner[len(name)+1:]))
		p.pos = end
		p.block(&node{kind: boundary, isDefined: otherBoundary})
		return true
	case strings.HasPrefix(inner, ":"):
		return p.blockExtension(inner, end)
	case inner == "" || inner[0] == '/':
		return false
	}
	p.pos = end
	last := p.tree.last()
	if last == nil || last.kind == blankBlock || last.kind == boundary && last.isDefined != definitionBoundary {
		p.pending = p.pending.with(parseAttributes(inner))
		return true
	}
	last.attributes = last.attributes.with(parseAttributes(inner))
	if p.pos >= len(p.src) || !beginsWithAttributes(p.src[p.pos:]) {
		p.tree.add(&node{kind: boundary, isDefined: otherBoundary})
	}
	return true
}

var extensionStart = regexp.MustCompile(`^:(\w+)(?:\s((?s:.*?)))?(/?)$`)

// blockExtension reads {::name} … {:/name}; inner is what the first braces hold.
func (p *blockParser) blockExtension(inner string, end int) bool {
	m := extensionStart.FindStringSubmatch(inner)
	if m == nil {
		return false
	}
	body := ""
	if m[3] == "" {
		at, size := p.extensionEnd(m[1], end)
		if at < 0 {
			return false
		}
		body, end = p.src[end:at], at+size
	}
	switch m[1] {
	case "comment":
	case "nomarkdown":
		p.tree.add(&node{kind: rawHTML, text: body})
	case "options":
		p.setOptions(parseAttributes(m[2]))
		p.block(&node{kind: boundary, isDefined: otherBoundary})
	default:
		return false
	}
	p.pos = end
	return true
}

// extensionEnd finds the line {:/name} or {:/}.
func (p *blockParser) extensionEnd(name string, from int) (at, size int) {
	for at = from; ; {
		if at = p.find("{:/", at); at < 0 {
			return -1, 0
		}
		begin := strings.LastIndexByte(p.src[:at], '\n') + 1
		line := lineAt(p.src, begin)
		if mark := strings.TrimSpace(line); begin >= from && (mark == "{:/}" || mark == "{:/"+name+"}") {
			return begin, len(line)
		}
		at += 3
	}
}

func (d *document) setOptions(a *attributes) {
	for _, o := range a.list {
		switch o.key {
		case "parse_block_html":
			d.ParseBlockHTML = o.value == "true"
		case "parse_span_html":
			d.KeepSpanHTML = o.value == "false"
		case "auto_ids":
			d.NoAutoIDs = o.value == "false"
		}
	}
}
