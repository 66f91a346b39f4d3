package content

import "strings"

// outsideCode applies edit to the parts of a Markdown text that are no code:
// fenced and indented blocks and code spans pass as they are.
func outsideCode(text string, edit func(string) string) string {
	var out, prose strings.Builder
	flush := func() {
		out.WriteString(outsideSpans(prose.String(), edit))
		prose.Reset()
	}
	fence, blank := "", true
	for line := range strings.SplitAfterSeq(text, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		indent := len(line) - len(trimmed)
		switch {
		case fence != "":
			out.WriteString(line)
			if closesFence(trimmed, fence) {
				fence = ""
			}
			continue
		case fenceOf(trimmed) != "":
			flush()
			fence = fenceOf(trimmed)
			out.WriteString(line)
			continue
		case blank && (indent >= 4 || strings.HasPrefix(line, "\t")) && strings.TrimSpace(line) != "":
			flush()
			out.WriteString(line) // an indented block goes on until a line is less indented
			continue
		}
		blank = strings.TrimSpace(line) == ""
		prose.WriteString(line)
	}
	flush()
	return out.String()
}

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

// outsideSpans applies edit between code spans: a run of backticks closes with a
// run of the same length.
func outsideSpans(text string, edit func(string) string) string {
	if !strings.Contains(text, "`") {
		return edit(text)
	}
	var out strings.Builder
	from := 0
	for i := 0; i < len(text); {
		if text[i] != '`' {
			i++
			continue
		}
		n := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		end := closingRun(text, i+n, n)
		if end < 0 {
			i += n
			continue
		}
		out.WriteString(edit(text[from:i]))
		out.WriteString(text[i:end])
		from, i = end, end
	}
	out.WriteString(edit(text[from:]))
	return out.String()
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
