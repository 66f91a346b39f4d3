package mdsource

import (
	"regexp"
	"strings"
)

// maxLine is the number of bytes of a line that are looked at.
const maxLine = 300

// LineBefore returns the part of a line before an offset.
func LineBefore(text string, at int) string {
	text = text[max(0, at-maxLine):at]
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// LineAfter returns the part of a line from an offset on.
func LineAfter(text string, at int) string {
	line, _, _ := strings.Cut(text[at:min(len(text), at+maxLine)], "\n")
	return line
}

// Dedent returns s without the indentation that all lines share: inner text is often
// indented below its shortcode, which Markdown would read as code.
func Dedent(s string) string {
	lines := strings.Split(s, "\n")
	common := -1
	for i, l := range lines {
		trimmed := strings.TrimLeft(l, " \t")
		if trimmed == "" || i == 0 && trimmed == l {
			continue
		}
		if n := len(l) - len(trimmed); common < 0 || n < common {
			common = n
		}
	}
	if common <= 0 {
		return s
	}
	for i, l := range lines {
		if len(l) >= common && strings.TrimSpace(l[:common]) == "" {
			lines[i] = l[common:]
		}
	}
	return strings.Join(lines, "\n")
}

// FencedCode returns a code block that its own content cannot close.
func FencedCode(code, lang string) string {
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	return fence + lang + "\n" + strings.Trim(code, "\n") + "\n" + fence + "\n"
}

var simpleWord = regexp.MustCompile(`^[\w+#.-]+$`)

// CodeLanguage returns s if it is fit to name a language after a fence, else "".
func CodeLanguage(s string) string {
	if simpleWord.MatchString(s) {
		return s
	}
	return ""
}
