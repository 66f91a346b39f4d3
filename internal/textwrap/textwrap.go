// Package textwrap folds text into lines by the width that a terminal gives it, with
// the rules for scripts that are written without spaces.
package textwrap

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

// Width returns the number of columns that s takes in a terminal. The locale's opinion
// of ambiguous characters must not change a mail, so runewidth's default, which asks
// for it, is not used.
func Width(s string) int {
	return (&runewidth.Condition{StrictEmojiNeutral: true}).StringWidth(s)
}

// IsWide reports whether r takes two columns.
func IsWide(r rune) bool {
	return r >= 0x1100 && Width(string(r)) == 2
}

// Lines folds a paragraph into lines of at most so many columns. "\v" is a line break
// that stays, a no-break space no place to break. A word longer than a line, such as
// an address, stays whole.
func Lines(paragraph string, columns int) []string {
	var lines []string
	for part := range strings.SplitSeq(paragraph, "\v") {
		lines = append(lines, fill(part, columns)...)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	return lines
}

func fill(text string, columns int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	for i, word := range Words(text) {
		for j, piece := range Pieces(word) {
			width, gap := Width(piece), 0
			if i > 0 && j == 0 {
				gap = 1
			}
			if used > 0 && used+gap+width > columns {
				lines = append(lines, line.String())
				line.Reset()
				used = 0
			}
			if used > 0 && gap > 0 {
				line.WriteByte(' ')
				used++
			}
			line.WriteString(piece)
			used += width
		}
	}
	return append(lines, line.String())
}

// Words splits s at white space, but not at no-break spaces.
func Words(s string) []string { return strings.FieldsFunc(s, IsSpace) }

// IsSpace reports whether r is white space that a line may break at.
func IsSpace(r rune) bool {
	return r == ' ' || '\t' <= r && r <= '\r'
}

// Pieces cuts a word where a line may break inside it: beside wide characters, but
// not before what closes nor after what opens (as JIS X 4051 has it).
func Pieces(word string) []string {
	if strings.IndexFunc(word, IsWide) < 0 {
		return []string{word}
	}
	var out []string
	start, end := 0, 0
	before := rune(0)
	for g := graphemes.FromString(word); g.Next(); {
		after, _ := utf8.DecodeRuneInString(g.Value())
		if end > start && (IsWide(before) || IsWide(after)) &&
			!strings.ContainsRune(opening, before) && !strings.ContainsRune(closing, after) {
			out = append(out, word[start:end])
			start = end
		}
		end += len(g.Value())
		before = after
	}
	return append(out, word[start:])
}

const (
	opening = "([{\"'“‘（［｛〈《「『【〔«"
	closing = ")]}\"',.:;!?%”’…、。，．・：；？！）］｝〉》」』】〕»゛゜ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ〜～"
)
