// Package mdsource edits the source of Markdown: it tells code from prose, and what stands in a line.
package mdsource

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// stretch is a part of a text, from one byte to before another.
type Span struct{ From, To int }

// outsideCode applies edit to the parts of a Markdown text that are no code:
// fenced and indented blocks and code spans pass as they are.
func OutsideCode(text string, edit func(string) string) string {
	var out strings.Builder
	from := 0
	for _, code := range CodeIn(text) {
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

// codeIn finds the code of a Markdown text, in order.
func CodeIn(text string) []Span {
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

// blockScanner tells line by line what is a code block.
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
		return true // such a block goes on until a line is less indented
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

// fenceOf is the run of backticks or tildes that opens a fenced block.
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

// maxBackticks bounds the work of looking for the other end of a run.
const maxBackticks = 64

// appendSpans finds code spans between two places: a run of backticks closes
// with a run of the same length.
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

// isLinkDefinition reports that a line defines what a reference leads to: [name]: address.
func IsLinkDefinition(line string) bool {
	rest := strings.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 || !strings.HasPrefix(rest, "[") {
		return false
	}
	end := strings.IndexByte(rest, ']')
	return end > 1 && strings.HasPrefix(rest[end:], "]:") && strings.TrimLeft(rest[end+2:], " \t") != ""
}

// isMarkdownName reports that a name has the ending of a Markdown file.
func IsMarkdownName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mkdown":
		return true
	}
	return false
}

// inCode reports whether an offset is within code; the stretches are in order.
func InCode(code []Span, at int) (Span, bool) {
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
