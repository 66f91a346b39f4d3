package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "plain ~ text", "plain ~ text"},
		{"empty", "", ""},
		{"escape sequence", "a\x1b[2Jb", `a\u001b[2Jb`},
		{"window title", "\x1b]0;owned\x07", `\u001b]0;owned\u0007`},
		{"NUL", "a\x00b", `a\u0000b`},
		{"bell and backspace", "\a\b", `\u0007\u0008`},
		{"carriage return", "all is well\rpublisher: fault", `all is well\rpublisher: fault`},
		{"line end", "one\ntwo", `one\ntwo`},
		{"tab", "a\tb", `a\tb`},
		{"vertical tab and form feed", "\v\f", `\u000b\u000c`},
		{"shift out", "\x0e\x0f", `\u000e\u000f`},
		{"DEL", "a\x7fb", `a\u007fb`},
		{"CSI of one character", "\u009b2J", `\u009b2J`},
		{"CSI of one byte", "\x9b2J", `\x9b2J`},
		{"next line", "a\u0085b", `a\u0085b`},
		{"device control and string end", "\u0090q\u009c", `\u0090q\u009c`},
		{"right to left override", "gpj\u202egnp", `gpj\u202egnp`},
		{"embedding", "\u202a\u202b\u202c\u202d", `\u202a\u202b\u202c\u202d`},
		{"isolates", "\u2066\u2067\u2068\u2069", `\u2066\u2067\u2068\u2069`},
		{"marks of direction", "\u200e\u200f\u061c", `\u200e\u200f\u061c`},
		{"line and paragraph separator", "a\u2028b\u2029c", `a\u2028b\u2029c`},
		{"zero-width space", "pay\u200bpal", `pay\u200bpal`},
		{"word joiner, BOM", "a\u2060b\ufeffc", `a\u2060b\ufeffc`},
		{"soft hyphen", "a\u00adb", `a\u00adb`},
		{"Mongolian vowel separator", "a\u180eb", `a\u180eb`},
		{"Hangul fillers", "\u115f\u1160\u3164\uffa0", `\u115f\u1160\u3164\uffa0`},
		{"grapheme joiner", "a\u034fb", `a\u034fb`},
		{"invisible operators", "\u2061\u2062\u2063\u2064", `\u2061\u2062\u2063\u2064`},
		{"deprecated format characters", "\u206a\u206f", `\u206a\u206f`},
		{"interlinear annotation", "\ufff9a\ufffab\ufffb", `\ufff9a\ufffab\ufffb`},
		{"tag characters", "\U000e0041\U000e007f", `\udb40\udc41\udb40\udc7f`},
		{"noncharacter", "\ufffe\U0010ffff", `\ufffe\udbff\udfff`},
		{"joiner in Latin", "pay\u200dpal", `pay\u200dpal`},
		{"joiner at the start", "\u200dx", `\u200dx`},
		{"two joiners", "\u0646\u200c\u200c\u0647", "\u0646\u200c" + `\u200c` + "\u0647"},
		{"variation selectors in a row", "☂\ufe0f\ufe0f", "☂\ufe0f" + `\ufe0f`},
		{"variation selector after a letter", "a\U000e0101", `a\udb40\udd01`},
		{"lone first byte", "a\xc3", `a\xc3`},
		{"lone following bytes", "\x80\xbf", `\x80\xbf`},
		{"overlong", "\xc0\x8a", `\xc0\x8a`},
		{"surrogate", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"replacement character", "\ufffd", "\ufffd"},

		{"Persian", "نامه\u200cها", "نامه\u200cها"},
		{"Hindi", "क\u094d\u200dष", "क\u094d\u200dष"},
		{"family", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"},
		{"skin and heart", "👩🏽\u200d❤\ufe0f\u200d👨", "👩🏽\u200d❤\ufe0f\u200d👨"},
		{"key", "1\ufe0f\u20e3", "1\ufe0f\u20e3"},
		{"variant of a Han character", "葛\U000e0100", "葛\U000e0100"},
		{"accents", "e\u0301 é ß Ж 日本 שלום", "e\u0301 é ß Ж 日本 שלום"},
		{"no-break space", "a\u00a0b", "a\u00a0b"},
		{"private use", "\ue0b0", "\ue0b0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Escape(c.in); got != c.want {
				t.Errorf("%+q, want %+q", got, c.want)
			}
			if got := Strip(c.in); Escape(got) != got || c.in == c.want && got != c.in || len(got) > len(c.in) {
				t.Errorf("stripped: %+q", got)
			}
		})
	}
}

func TestArgs(t *testing.T) {
	evil := "x\x1b[2J\n\u202e"
	const shown = `x\u001b[2J\n\u202e`
	for _, c := range []struct {
		format string
		args   []any
		want   string
	}{
		{"%s: %v\n", []any{evil, errors.New(evil)}, shown + ": " + shown + "\n"},
		{"%d of %d", []any{3, int64(4)}, "3 of 4"},
		{"%s (%d times, first at %[1]s)", []any{evil, 2}, shown + " (2 times, first at " + shown + ")"},
		{"%q", []any{evil}, fmt.Sprintf("%q", evil)},
		{"%v", []any{[]string{evil, "b"}}, "[" + shown + " b]"},
		{"%-6s|", []any{"ab"}, "ab    |"},
		{"%*d|", []any{4, 7}, "   7|"},
		{"%v", []any{nil}, "<nil>"},
		{"%.1f", []any{2.25}, "2.2"},
		{"%x", []any{[]byte{0x1b}}, "1b"},
		{"%s", []any{[]byte("\x9b")}, `\x9b`},
	} {
		if got := fmt.Sprintf(c.format, Args(c.args)...); got != c.want {
			t.Errorf("%q: %q, want %q", c.format, got, c.want)
		}
	}
}

// However text is cut into writes, it comes out as if it were written at once.
func TestWriter(t *testing.T) {
	const text = "line é 日本\n\x1b[2J\u202e👨\u200d👩\xc3\n\tend\r\n\xe6\x97"
	var want bytes.Buffer
	w := NewWriter(&want)
	write(t, w, text)
	if got, want := want.String(), "line é 日本\n"+`\u001b[2J\u202e`+"👨\u200d👩"+`\xc3`+"\n"+`\tend\r`+"\n"+`\xe6\x97`; got != want {
		t.Errorf("%+q, want %+q", got, want)
	}
	for size := 1; size < len(text); size++ {
		var got bytes.Buffer
		w := NewWriter(&got)
		var pieces []string
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		write(t, w, pieces...)
		if got.String() != want.String() {
			t.Errorf("in pieces of %d: %+q, want %+q", size, got.String(), want.String())
		}
	}
}

func write(t *testing.T, w *Writer, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentWriter(t *testing.T) {
	for _, pieces := range [][]string{{"a\tb\r\nc\rd\x1b\r\n"}, {"a\tb\r", "\nc", "\rd\x1b", "\r", "\n"}} {
		var out bytes.Buffer
		write(t, NewDocumentWriter(&out), pieces...)
		if got, want := out.String(), "a\tb\nc"+`\rd\u001b`+"\n"; got != want {
			t.Errorf("%q: %q, want %q", pieces, got, want)
		}
	}
}

func TestWriterTellsOfFailure(t *testing.T) {
	var out bytes.Buffer
	if _, err := NewWriter(iotest.TruncateWriter(&out, 1)).Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	fails := NewWriter(failing{})
	if n, err := fails.Write([]byte("abc")); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

// What is escaped once stays as it is, is of characters that are safe, and a JSON
// document means the same.
func FuzzEscape(f *testing.F) {
	f.Add("\x1b[31m\u202e\U000e0041\u200d")
	f.Add("\xc3\x28 \u009b \"quoted\\")
	f.Fuzz(func(t *testing.T, s string) {
		once := Escape(s)
		if Escape(once) != once {
			t.Errorf("%+q becomes %+q", once, Escape(once))
		}
		if !utf8.ValidString(once) || strings.ContainsFunc(once, func(r rune) bool {
			return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
		}) {
			t.Errorf("%+q", once)
		}
		if stripped := Strip(s); Escape(stripped) != stripped {
			t.Errorf("%+q is stripped to %+q", s, stripped)
		}
		document, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back, want string
		if err := json.Unmarshal([]byte(Escape(string(document))), &back); err != nil {
			t.Fatalf("%+q: %v", document, err)
		}
		if err := json.Unmarshal(document, &want); err != nil || back != want {
			t.Errorf("%+q, want %+q (%v)", back, want, err)
		}
	})
}
