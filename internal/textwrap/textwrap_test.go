package textwrap_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"publisher/internal/textwrap"
)

func TestLines(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		columns int
		want    []string
	}{
		"words":                         {"one two  three\nfour", 9, []string{"one two", "three", "four"}},
		"a word longer than a line":     {"see https://blog.example/a/long/address now", 10, []string{"see", "https://blog.example/a/long/address", "now"}},
		"a break that stays":            {"one\vtwo", 20, []string{"one", "two"}},
		"no-break spaces":               {"10\u00a0000 meters", 8, []string{"10\u00a0000", "meters"}},
		"no long vowel mark begins":     {"配信ノートです", 6, []string{"配信", "ノート", "です"}},
		"not before what closes":        {"本日は、晴天", 6, []string{"本日", "は、晴", "天"}},
		"not after what opens":          {"この「本」", 6, []string{"この", "「本」"}},
		"an accent stays on its letter": {"e\u0301t e\u0301", 3, []string{"e\u0301t", "e\u0301"}},
		"nothing":                       {" \v ", 10, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := textwrap.Lines(test.text, test.columns)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// Folding loses no letter, and no line is wider than asked but one of a single piece.
func FuzzLines(f *testing.F) {
	f.Add("one two 配信ノート「です」。 \u00a0x\ve\u0301", 7)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		if !utf8.ValidString(text) || columns < 1 || columns > 200 {
			t.Skip()
		}
		lines := textwrap.Lines(text, columns)
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if textwrap.IsSpace(r) {
					return -1
				}
				return r
			}, s)
		}
		if got, want := letters(strings.Join(lines, "")), letters(text); got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, line := range lines {
			if textwrap.Width(line) > columns && visiblePieces(line) > 1 {
				t.Errorf("a line of %d columns, not %d: %q", textwrap.Width(line), columns, line)
			}
		}
	})
}

func visiblePieces(line string) int {
	n := 0
	for _, word := range textwrap.Words(line) {
		for _, piece := range textwrap.Pieces(word) {
			if textwrap.Width(piece) > 0 {
				n++
			}
		}
	}
	return n
}
