package mdsource

import (
	"regexp"
	"strings"
)

// maxLook is how many bytes from a place its line is looked at.
const maxLook = 300

// lineBefore is what stands before an offset in its line.
func LineBefore(text string, at int) string {
	text = text[max(0, at-maxLook):at]
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// lineAfter is what stands behind an offset in its line.
func LineAfter(text string, at int) string {
	line, _, _ := strings.Cut(text[at:min(len(text), at+maxLook)], "\n")
	return line
}

// dedent takes the indentation away that all lines share: inner text is often
// set in below its shortcode, which Markdown would take for code.
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

// fencedCode makes a code block that its own content cannot close.
func FencedCode(code, lang string) string {
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	return fence + lang + "\n" + strings.Trim(code, "\n") + "\n" + fence + "\n"
}

var simpleWord = regexp.MustCompile(`^[\w+#.-]+$`)

// languageWord keeps an odd language name from becoming more than that.
func LanguageWord(s string) string {
	if simpleWord.MatchString(s) {
		return s
	}
	return ""
}
