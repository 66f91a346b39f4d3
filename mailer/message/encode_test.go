package message

import (
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

func decodeQP(t *testing.T, encoded string) string {
	t.Helper()
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(encoded)))
	if err != nil {
		t.Fatalf("%v in %q", err, encoded)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestAppendQP(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"plain\n", "plain\r\n"},
		{"no end", "no end=\r\n"},
		{"a = b\n", "a =3D b\r\n"},
		{"é\n", "=C3=A9\r\n"},
		{"space \ntab\t\n", "space=20\r\ntab=09\r\n"},
		{"space before a gap ", "space before a gap =\r\n"},
		{".\n..\nx.\n", "=2E\r\n=2E.\r\nx.\r\n"},
		{"From me\nFromage\n", "=46rom me\r\nFromage\r\n"},
		{strings.Repeat("x", 76) + "\n", strings.Repeat("x", 75) + "=\r\nx\r\n"},
		{strings.Repeat("x", 75) + ".\n", strings.Repeat("x", 75) + "=\r\n=2E\r\n"},
		{strings.Repeat("x", 74) + "é\n", strings.Repeat("x", 74) + "=\r\n=C3=A9\r\n"},
	} {
		if got := string(appendQP(nil, test.text)); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func FuzzAppendQP(f *testing.F) {
	f.Add("a\nb", " c \n", ".")
	f.Add("é\r=", "From ", "\t")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		// As splicedText puts them together: what ends the body ends in LF.
		c += "\n"
		encoded := string(appendQP(appendQP(appendQP(nil, a), b), c))
		if got := decodeQP(t, encoded); got != a+b+c {
			t.Errorf("%q came back as %q", a+b+c, got)
		}
		if strings.HasSuffix(encoded, "=\r\n") {
			t.Error("ends in a soft line break")
		}
		for line := range strings.SplitSeq(encoded, "\r\n") {
			if len(line) > 76 || strings.HasPrefix(line, ".") || strings.TrimRight(line, " \t") != line || strings.ContainsAny(line, "\r\n") {
				t.Errorf("line %q", line)
			}
		}
	})
}
