package mailer

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

// displayWidth is the columns that s takes in a terminal. What the locale says of
// ambiguous characters must not change a mail, so that runewidth's default, which
// asks it, is not used.
func displayWidth(s string) int {
	return (&runewidth.Condition{StrictEmojiNeutral: true}).StringWidth(s)
}

func isWide(r rune) bool {
	return r >= 0x1100 && displayWidth(string(r)) == 2
}

// wrap folds a paragraph into lines of at most columns. "\v" is a line break that
// stays. A word longer than a line, such as an address, is left whole.
func wrap(paragraph string, columns int) []string {
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
	for i, word := range spaced(text) {
		for j, piece := range pieces(word) {
			width, gap := displayWidth(piece), 0
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

// spaced splits at white space, but not at no-break spaces.
func spaced(s string) []string { return strings.FieldsFunc(s, isSpace) }

func isSpace(r rune) bool {
	return r == ' ' || '\t' <= r && r <= '\r'
}

// pieces cuts a word where a line may break inside it: beside wide characters, but
// not before what closes nor after what opens (as JIS X 4051 has it).
func pieces(word string) []string {
	if isASCII(word) {
		return []string{word}
	}
	var out []string
	start, end := 0, 0
	before := rune(0)
	for g := graphemes.FromString(word); g.Next(); {
		after, _ := utf8.DecodeRuneInString(g.Value())
		if end > start && (isWide(before) || isWide(after)) &&
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
