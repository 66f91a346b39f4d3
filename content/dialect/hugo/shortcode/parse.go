package shortcode

import (
	"strconv"
	"strings"

	"publisher/content/dialect"
	"publisher/content/mdsource"
)

// mark is one mark of a shortcode: {{< name … >}}, {{% name … %}}, its end {{< /name >}} or the
// escaped {{</* name */>}}.
type mark struct {
	mdsource.Span
	name        string
	closing     bool // {{< /name >}}
	selfClosing bool // {{< name /> }}
	escaped     string
	params      dialect.Params
}

// nextMark returns the first mark from an offset on. What is not well formed is text.
func nextMark(text string, from int) (mark, bool) {
	for {
		at := strings.Index(text[from:], "{{")
		if at < 0 || from+at+3 > len(text) {
			return mark{}, false
		}
		from += at
		if c := text[from+2:]; len(c) > 0 && (c[0] == '<' || c[0] == '%') {
			if s, ok := readMark(text, from); ok {
				return s, true
			}
		}
		from++
	}
}

// maxEscaped bounds an escaped shortcode, in bytes.
const maxEscaped = 4000

func readMark(text string, at int) (mark, bool) {
	open := text[at : at+3]
	end := ">}}"
	if open[2] == '%' {
		end = "%}}"
	}
	rest := text[at+3:]
	if strings.HasPrefix(rest, "/*") {
		if n := strings.Index(rest[2:min(len(rest), maxEscaped)], "*/"+end); n >= 0 {
			return mark{Span: mdsource.Span{From: at, To: at + 5 + n + 5}, escaped: open + rest[2:2+n] + end}, true
		}
		return mark{}, false
	}
	p := &paramReader{text: rest, end: end}
	s := mark{}
	p.space()
	if strings.HasPrefix(p.rest(), "/") {
		s.closing = true
		p.at++
		p.space()
	}
	if s.name = p.word(); s.name == "" || !p.params(&s) {
		return mark{}, false
	}
	s.Span = mdsource.Span{From: at, To: at + 3 + p.at}
	return s, true
}

type paramReader struct {
	text, end string
	at        int
}

func (p *paramReader) rest() string { return p.text[p.at:] }

func (p *paramReader) space() {
	p.at += len(p.rest()) - len(strings.TrimLeft(p.rest(), " \t\n"))
}

// word reads up to white space, = or the end of the mark.
func (p *paramReader) word() string {
	start := p.at
	for p.at < len(p.text) && !strings.ContainsRune(" \t\n=\"`{", rune(p.text[p.at])) &&
		!strings.HasPrefix(p.rest(), p.end) && !strings.HasPrefix(p.rest(), "/"+p.end) {
		p.at++
	}
	return p.text[start:p.at]
}

// params reads up to and over the end of the mark.
func (p *paramReader) params(s *mark) bool {
	for {
		p.space()
		switch rest := p.rest(); {
		case rest == "":
			return false
		case strings.HasPrefix(rest, p.end):
			p.at += len(p.end)
			return true
		case strings.HasPrefix(rest, "/"+p.end):
			s.selfClosing = true
			p.at += 1 + len(p.end)
			return true
		}
		value, quoted, ok := p.value()
		if !ok {
			return false
		}
		if !quoted && strings.HasPrefix(strings.TrimLeft(p.rest(), " \t\n"), "=") {
			p.space()
			p.at++
			p.space()
			if s.params.Named == nil {
				s.params.Named = map[string]string{}
			}
			key := strings.ToLower(value)
			if s.params.Named[key], quoted, ok = p.value(); !ok {
				return false
			}
			if quoted {
				s.params.Quote(key)
			}
			continue
		}
		if quoted {
			s.params.Quote(strconv.Itoa(len(s.params.Placed)))
		}
		s.params.Placed = append(s.params.Placed, value)
	}
}

func (p *paramReader) value() (value string, quoted, ok bool) {
	switch rest := p.rest(); {
	case strings.HasPrefix(rest, "`"):
		n := strings.IndexByte(rest[1:], '`')
		if n < 0 {
			return "", true, false
		}
		p.at += n + 2
		return rest[1 : n+1], true, true
	case strings.HasPrefix(rest, `"`):
		var b strings.Builder
		for i := 1; i < len(rest); i++ {
			switch {
			case rest[i] == '"':
				p.at += i + 1
				return b.String(), true, true
			case rest[i] == '\\' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\'):
				i++
				b.WriteByte(rest[i])
			default:
				b.WriteByte(rest[i])
			}
		}
		return "", true, false
	}
	value = p.word()
	return value, false, value != ""
}
