package templates

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

// wrap folds s into lines of at most columns, by the width that a terminal gives
// them. A word that is longer, such as an address, stays whole.
func wrap(columns int, s string) string { return strings.Join(lines(columns, s), "\n") }

// hang wraps s with mark before the first line and the others aligned to it.
func hang(mark, s string) string {
	indent := width(mark)
	return mark + strings.Join(lines(textColumns-indent, s), "\n"+strings.Repeat(" ", indent))
}

// underline wraps s and draws a line of the character below, as long as the
// longest line.
func underline(character, s string) string {
	longest := 0
	wrapped := lines(textColumns, s)
	for _, line := range wrapped {
		longest = max(longest, width(line))
	}
	return strings.Join(wrapped, "\n") + "\n" + strings.Repeat(character, longest)
}

const textColumns = 72

func width(s string) int {
	// What a locale says of ambiguous characters must not change the mail.
	narrow := runewidth.Condition{StrictEmojiNeutral: true}
	return narrow.StringWidth(s)
}

func lines(columns int, s string) []string {
	var out []string
	line, used := "", 0
	for _, piece := range pieces(s) {
		bare := strings.TrimRight(piece, " ")
		if used > 0 && used+width(bare) > columns {
			out = append(out, strings.TrimRight(line, " "))
			line, used = "", 0
		}
		line += piece
		used += width(piece)
	}
	return append(out, strings.TrimRight(line, " "))
}

// pieces cuts s where a line may break: after spaces and beside wide characters,
// but not before closing punctuation or after opening (as in JIS X 4051).
func pieces(s string) []string {
	var out []string
	var piece strings.Builder
	last := rune(0)
	for g := graphemes.FromString(oneLine(s)); g.Next(); {
		r := []rune(g.Value())[0]
		if piece.Len() > 0 && breaks(last, r) {
			out = append(out, piece.String())
			piece.Reset()
		}
		piece.WriteString(g.Value())
		last = r
	}
	return append(out, piece.String())
}

func breaks(before, after rune) bool {
	if after == ' ' {
		return false
	}
	if before == ' ' {
		return true
	}
	wide := runewidth.RuneWidth(before) == 2 || runewidth.RuneWidth(after) == 2
	return wide && !unicode.In(before, unicode.Ps, unicode.Pi) &&
		!unicode.In(after, unicode.Pe, unicode.Pf, unicode.Po) && after != 'ー'
}
