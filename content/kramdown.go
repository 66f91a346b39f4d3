package content

import (
	"regexp"
	"strings"
)

// kramdown writes what Jekyll's Markdown has of its own in the way that the
// parser reads, or drops what only a style sheet could show.
func kramdown(text string) string {
	if !strings.Contains(text, "{:") && !strings.Contains(text, "{::") && !strings.Contains(text, "*[") && !strings.Contains(text, "\n^\n") {
		return text
	}
	return outsideCode(text, func(prose string) string {
		prose = kramdownComment.ReplaceAllString(prose, "")
		prose = tableOfContents.ReplaceAllString(prose, "$1")
		prose = attributeLine.ReplaceAllString(prose, "$1")
		prose = attributeList.ReplaceAllString(prose, "$1")
		prose = kramdownOption.ReplaceAllString(prose, "")
		prose = abbreviation.ReplaceAllString(prose, "$1")
		return endOfBlock.ReplaceAllString(prose, "$1\n")
	})
}

var (
	kramdownComment = regexp.MustCompile(`(?s)\{::comment\}.*?\{:/(?:comment)?\}`)
	kramdownOption  = regexp.MustCompile(`\{:(?::[^}\n]*/?|/\w*)\}`)
	// a list of one item that `{:toc}` puts a table of contents in the place of
	tableOfContents = regexp.MustCompile(`(?m)(^|\n)[ ]{0,3}(?:[-*+]|\d+\.)[ \t][^\n]*\n(?:[ ]{0,3}\{:[ ]?\.[^}\n]*\}[ \t]*\n)*[ ]{0,3}\{:\s?toc[^}\n]*\}[ \t]*(?:\n|\z)`)
	attributeLine   = regexp.MustCompile(`(?m)(^|\n)[ \t>]*\{:[ \t]?[^}\n]*\}[ \t]*(?:\n|\z)`)
	attributeList   = regexp.MustCompile(`(\S[ \t]*)\{:[ \t]?[^}\n]*\}`)
	abbreviation    = regexp.MustCompile(`(?m)(^|\n)[ ]{0,3}\*\[[^\]\n]+\]:[^\n]*(?:\n|\z)`)
	endOfBlock      = regexp.MustCompile(`(?m)(^|\n)\^[ \t]*(?:\n|\z)`)
)
