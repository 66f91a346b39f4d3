package xmltext_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"publisher/internal/xmltext"
)

// TestClean checks for every character that it is kept if XML allows it and does not
// discourage it.
func TestClean(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		var b strings.Builder
		if err := xml.EscapeText(&b, []byte("a"+string(r)+"b")); err != nil {
			t.Fatal(err)
		}
		allowed := r == unicode.ReplacementChar || !strings.ContainsRune(b.String(), unicode.ReplacementChar)
		want := allowed && (!unicode.IsControl(r) || strings.ContainsRune("\t\n\r", r)) && !unicode.Is(unicode.Noncharacter_Code_Point, r)
		if got := xmltext.Index(string(r)) < 0; got != want {
			t.Errorf("U+%04X is kept: %v, want %v", r, got, want)
		}
		if got := xmltext.Clean("a" + string(r) + "b"); got != "ab" && !want || want && got != "a"+string(r)+"b" {
			t.Errorf("U+%04X: Clean returns %q", r, got)
		}
	}
}

func TestInvalidUTF8(t *testing.T) {
	if got, want := xmltext.Clean("a\xffb\x00"), "a\ufffdb"; got != want {
		t.Errorf("Clean returns %q, want %q", got, want)
	}
	if got := xmltext.Index("ab\xff"); got != 2 {
		t.Errorf("Index returns %d, want 2", got)
	}
}

func TestLine(t *testing.T) {
	if got, want := xmltext.Line("  a\x07 b\r\n\tc\u00a0d "), "a b c d"; got != want {
		t.Errorf("Line returns %q, want %q", got, want)
	}
}
