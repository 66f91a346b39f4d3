package content

import (
	"regexp"
	"strings"
)

// pythonMarkdown writes what Python-Markdown's extensions add to Markdown in the
// way that the parser reads, or drops what only a style sheet could show.
func pythonMarkdown(text string, boxes bool) string {
	if boxes && strings.Contains(text, "!!!") {
		text = admonitions(text)
	}
	if !strings.Contains(text, "{:") && !strings.Contains(text, "*[") && !strings.Contains(text, "[TOC]") {
		return text
	}
	return outsideCode(text, func(prose string) string {
		prose = tocMarker.ReplaceAllString(prose, "$1")
		prose = attributeLine.ReplaceAllString(prose, "$1")
		prose = attributeList.ReplaceAllString(prose, "$1")
		return abbreviation.ReplaceAllString(prose, "$1")
	})
}

var (
	tocMarker  = regexp.MustCompile(`(?m)(^|\n)\[TOC\][ \t]*(?:\n|\z)`)
	admonition = regexp.MustCompile(`^!!! ?([\w-]+(?: +[\w-]+)*)(?: +"(.*?)")? *$`)
)

// admonitions makes boxes of `!!! note "Title"` and the indented lines below, as
// the extension of that name does. Without a title it is the kind; an empty one
// leaves it out.
func admonitions(text string) string {
	lines := strings.SplitAfter(text, "\n")
	code := codeIn(text)
	var out strings.Builder
	at, inBox := 0, false
	for n, line := range lines {
		start := at
		at += len(line)
		blank := strings.TrimSpace(line) == ""
		if _, isCode := inCode(code, start); !isCode {
			if m := admonition.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
				out.WriteString(boxEnd(inBox) + boxStart(m[1], m[2], strings.Contains(line, `"`)))
				inBox = true
				continue
			}
		}
		switch indented, ok := strings.CutPrefix(line, "    "); {
		case inBox && ok:
			line = indented
		case inBox && !blank:
			out.WriteString(boxEnd(true))
			inBox = false
		}
		out.WriteString(line)
		if n == len(lines)-1 {
			out.WriteString(boxEnd(inBox))
		}
	}
	return out.String()
}

func boxStart(kinds, title string, titled bool) string {
	first, _, _ := strings.Cut(kinds, " ")
	if !titled {
		title = strings.ToUpper(first[:1]) + strings.ToLower(first[1:])
	}
	if title != "" {
		title = "**" + title + "**\n\n"
	}
	return "\n<div class=\"admonition " + first + "\">\n\n" + title
}

func boxEnd(open bool) string {
	if !open {
		return ""
	}
	return "\n\n</div>\n\n"
}

var container = regexp.MustCompile(`(?m)^[ \t]*:{3,}[^:\n]*$`)

// openContainers leaves what stands between markdown-it's ::: lines.
func openContainers(text string) string {
	if !strings.Contains(text, ":::") {
		return text
	}
	return outsideCode(text, func(prose string) string { return container.ReplaceAllString(prose, "") })
}

var (
	attributeLine = regexp.MustCompile(`(?m)(^|\n)[ \t>]*\{:[ \t]?[^}\n]*\}[ \t]*(?:\n|\z)`)
	attributeList = regexp.MustCompile(`(\S[ \t]*)\{:[ \t]?[^}\n]*\}`)
	abbreviation  = regexp.MustCompile(`(?m)(^|\n)[ ]{0,3}\*\[[^\]\n]+\]:[^\n]*(?:\n|\z)`)
)
