package templates

import (
	"strings"

	"publisher/internal/textwrap"
)

// wrap folds s into lines of at most columns, by the width that a terminal gives
// them. A word that is longer, such as an address, stays whole.
func wrap(columns int, s string) string { return strings.Join(lines(columns, s), "\n") }

// hang wraps s with mark before the first line and the others aligned to it.
func hang(mark, s string) string {
	indent := textwrap.Width(mark)
	return mark + strings.Join(lines(textColumns-indent, s), "\n"+strings.Repeat(" ", indent))
}

// underline wraps s and draws a line of the character below, as long as the
// longest line.
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
