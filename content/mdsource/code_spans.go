// Package mdsource finds code, lines and link definitions in the source of Markdown.
package mdsource

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Span is the part of a text from byte offset From up to, but not including, To.
type Span struct{ From, To int }

// OutsideCode returns a Markdown text with edit applied to the parts that are not code:
// fenced and indented blocks and code spans stay as they are.
func OutsideCode(text string, edit func(string) string) string {
	var out strings.Builder
	from := 0
	for _, code := range CodeSpans(text) {
		if code.From > from {
			out.WriteString(edit(text[from:code.From]))
		}
		out.WriteString(text[code.From:code.To])
		from = code.To
	}
	if from < len(text) || text == "" {
		out.WriteString(edit(text[from:]))
	}
	return out.String()
}

// CodeSpans returns the blocks and spans of code in a Markdown text, in order.
func CodeSpans(text string) []Span {
	var found []Span
	s := blockScanner{blank: true}
	prose := 0
	at := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		end := at + len(line)
		if s.isCode(line) {
			found = appendSpans(found, text, prose, at)
			if n := len(found); n > 0 && found[n-1].To == at {
				found[n-1].To = end
			} else {
				found = append(found, Span{at, end})
			}
			prose = end
		}
		at = end
	}
	return appendSpans(found, text, prose, len(text))
}

// blockScanner finds code blocks line by line.
type blockScanner struct {
	fence  string
	blank  bool // the line before was blank
	indent int  // of the text of the list item that is open
}

var listMarker = regexp.MustCompile(`^(?:[-*+]|\d{1,9}[.)])[ \t]+`)

func (s *blockScanner) isCode(line string) bool {
	text := strings.TrimLeft(line, " \t")
	indent := columns(line[:len(line)-len(text)])
	if s.fence != "" {
		if closesFence(unquote(text), s.fence) {
			s.fence = ""
		}
		return true
	}
	if strings.TrimSpace(text) == "" {
		s.blank = true
		return false
	}
	if indent >= s.indent+4 && s.blank {
		return true // such a block continues until a line is less indented
	}
	if marker := listMarker.FindString(text); marker != "" {
		s.indent = indent + len(marker)
		text = text[len(marker):]
	} else if s.blank && indent < s.indent {
		s.indent = 0
	}
	s.blank = false
	s.fence = fenceOf(unquote(text))
	return s.fence != ""
}

func columns(space string) int {
	n := 0
	for _, c := range space {
		if n++; c == '\t' {
			n = (n + 3) / 4 * 4
		}
	}
	return n
}

func unquote(line string) string { return strings.TrimLeft(line, " >") }

// fenceOf returns the run of backticks or tildes that opens a fenced block.
func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, c))
		if n >= 3 && (c == "~" || !strings.Contains(line[n:], "`")) {
			return line[:n]
		}
	}
	return ""
}

func closesFence(line, fence string) bool {
	rest := strings.TrimLeft(line, fence[:1])
	return len(line)-len(rest) >= len(fence) && strings.TrimSpace(rest) == ""
}

// maxBackticks limits the search for the closing run.
const maxBackticks = 64

// appendSpans appends the code spans between two offsets: a run of backticks is closed
// by a run of the same length.
func appendSpans(found []Span, text string, from, to int) []Span {
	text = text[:to]
	for i := from; i < to; {
		next := strings.IndexByte(text[i:], '`')
		if next < 0 {
			break
		}
		i += next
		n := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		end := -1
		if n <= maxBackticks && (i == 0 || text[i-1] != '\\') {
			end = closingRun(text, i+n, n)
		}
		if end < 0 {
			i += n
			continue
		}
		found = append(found, Span{i, end})
		i = end
	}
	return found
}

func closingRun(text string, from, n int) int {
	for i := from; i < len(text); {
		next := strings.IndexByte(text[i:], '`')
		if next < 0 || strings.Contains(text[i:i+next], "\n\n") {
			return -1
		}
		i += next
		run := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if run == n {
			return i + n
		}
		i += run
	}
	return -1
}

// IsLinkDefinition reports whether a line is a link reference definition: [name]: address.
func IsLinkDefinition(line string) bool {
	rest := strings.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 || !strings.HasPrefix(rest, "[") {
		return false
	}
	end := strings.IndexByte(rest, ']')
	return end > 1 && strings.HasPrefix(rest[end:], "]:") && strings.TrimLeft(rest[end+2:], " \t") != ""
}

// IsMarkdownName reports whether a name has the extension of a Markdown file.
func IsMarkdownName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mkdown":
		return true
	}
	return false
}

// CodeAt returns the one of the spans, which are in order, that contains an offset.
func CodeAt(code []Span, at int) (Span, bool) {
	i, _ := slices.BinarySearchFunc(code, at, func(s Span, at int) int {
		if s.To <= at {
			return -1
		}
		if s.From > at {
			return 1
		}
		return 0
	})
	if i < len(code) && code[i].From <= at && at < code[i].To {
		return code[i], true
	}
	return Span{}, false
}
