package templates

import (
	"strings"

	"publisher/internal/textwrap"
)

// wrap folds s into lines of at most that many columns, by their width on a terminal. A
// longer word, such as an address, is kept whole.
func wrap(columns int, s string) string { return strings.Join(lines(columns, s), "\n") }

// hang wraps s with mark before the first line and aligns the others to it.
func hang(mark, s string) string {
	indent := textwrap.Width(mark)
	return mark + strings.Join(lines(textColumns-indent, s), "\n"+strings.Repeat(" ", indent))
}

// underline wraps s and appends a line of the character, as long as the longest line.
func underline(character, s string) string {
	longest := 0
	wrapped := lines(textColumns, s)
	for _, line := range wrapped {
		longest = max(longest, textwrap.Width(line))
	}
	return strings.Join(wrapped, "\n") + "\n" + strings.Repeat(character, longest)
}

const textColumns = 72

func lines(columns int, s string) []string { return textwrap.Lines(oneLine(s), columns) }
