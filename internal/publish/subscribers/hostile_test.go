package subscribers

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// What a spreadsheet would read as a formula, wherever it splits the line, is text in an export
// and the same again after an import.
func TestFormulas(t *testing.T) {
	for _, cell := range []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=", "'", "''", "'=1", "''=1", "'''@x", "'plain", "plain", "", "it's", "a=b", "a;=b",
		"Ann;=cmd|'/c calc'!A1", ";+1", ";;-1", "x;'=y", "'=a;''@b;c", "＝1+1", "＋1", "－1", "＠x", "'＝1", "a;＝b", " =1", "=;=", "\"=1", "=HYPERLINK(\"http://x\")", "日本=", "\u202e=1",
	} {
		shown := escapeFormula(cell)
		for part := range strings.SplitSeq(shown, ";") {
			if r, _ := utf8.DecodeRuneInString(part); part != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r) {
				t.Errorf("%q is exported as %q", cell, shown)
			}
		}
		if got := unescapeFormula(shown); got != cell {
			t.Errorf("%q is exported as %q and comes back as %q", cell, shown, got)
		}
	}
}

// Names and tags that look like formulas, or begin with an apostrophe, are the same after an
// export and an import.
func TestFormulaNamesRoundTrip(t *testing.T) {
	here, there := newBook(t), newBook(t)
	names := []string{"=1+1", "'=1+1", "''=x", "'quoted'", "'", "+49 30", "-", "@home", "Ann;=cmd", "＝x", "O'Brien", "\"=1\",=2"}
	here.withLedger(func(l *ledger.Ledger) error {
		_, err := imports.Run(t.Context(), l, func(yield func(imports.Row, error) bool) {
			for i, name := range names {
				row := imports.Row{Line: i + 2, Email: string(rune('a'+i)) + "@example.com", Name: name, Tags: []string{"=t", "'=u", "plain"}}
				if !yield(row, nil) {
					return
				}
			}
		}, imports.Options{DefaultCadence: "daily", Now: importDay})
		return err
	})
	exported := here.export()
	there.importList("export.csv", exported, false)
	var got []string
	there.withLedger(func(l *ledger.Ledger) error {
		for sub, err := range l.Subscribers(t.Context()) {
			if err != nil {
				return err
			}
			got = append(got, sub.Name)
			if !slices.Equal(sub.Tags, []string{"=t", "'=u", "plain"}) {
				t.Errorf("%s: tags %q", sub.Email, sub.Tags)
			}
		}
		return nil
	})
	if !slices.Equal(got, names) {
		t.Errorf("%q, want %q\n%s", got, names, exported)
	}
	if there.export() != exported {
		t.Errorf("exported again:\n%s\nwant\n%s", there.export(), exported)
	}
}

// Only what is wrong with a list or a row is left out, and messages about it are short.
func TestHostileLists(t *testing.T) {
	const good = "good@example.com"
	long := strings.Repeat("x", 500_000)
	for name, test := range map[string]struct {
		text string
		rows int    // that are read
		want string // in a warning, or the error
	}{
		"100 columns":               {"email" + strings.Repeat(",c", 99) + "\n" + good + "\n", 1, ""},
		"101 columns":               {"email" + strings.Repeat(",c", 100) + "\n" + good + "\n", 0, "more than 100 columns"},
		"a million columns":         {"email" + strings.Repeat(",", 1_000_000) + "\n" + good + "\n", 0, "more than 100 columns"},
		"a column name of 500 kB":   {"email," + long + "\n" + good + "\n", 1, "is not known and is ignored"},
		"a status column of 500 kB": {"email,opt-in " + long + "\n" + good + ",x\n", 0, "looks as if it says who may be mailed"},
		"two addresses of 500 kB":   {"a" + long + ",b" + long + "\n" + good + "," + good + "\n", 0, "may both be the address"},
		"a status of 500 kB":        {"email,status\na@example.com," + long + "\n" + good + "\n", 1, "there is no status"},
		"a cadence of 500 kB":       {"email,cadence\na@example.com," + long + "\n" + good + "\n", 1, "there is no cadence"},
		"a time of 500 kB":          {"email,created\na@example.com," + long + "\n" + good + "\n", 1, "is not a time"},
		"a language of 500 kB":      {"email,language\na@example.com," + long + "\n" + good + "\n", 1, "is not a language"},
		"an address of 500 kB":      {"email\n" + long + "@example.com\n" + good + "\n", 1, "it is longer than 254 octets"},
		"a domain of 500 kB":        {"email\na@" + long + ".com\n" + good + "\n", 1, "it is longer than 254 octets"},
		"a local part of 65":        {"email\n" + strings.Repeat("a", 65) + "@example.com\n" + good + "\n", 1, "longer than 64 octets"},
		"a local part of 64":        {"email\n" + strings.Repeat("a", 64) + "@example.com\n", 1, ""},
		"255 octets":                {"email\n" + strings.Repeat("a", 64) + "@" + strings.Repeat("b123456789.", 17) + "cde\n" + good + "\n", 1, "longer than 254 octets"},
		"a label of 64":             {"email\na@" + strings.Repeat("b", 64) + ".com\n" + good + "\n", 1, "is not a domain name"},
		"64 letters of two octets":  {"email\n" + strings.Repeat("ü", 33) + "@example.com\n" + good + "\n", 1, "longer than 64 octets"},
		"a name of 320":             {"email,name\n" + good + "," + strings.Repeat("ü", 320) + "\n", 1, ""},
		"a name of 500 kB":          {"email,name\na@example.com," + long + "\n" + good + "\n", 1, "has 500000 characters; at most 320 are allowed"},
		"first and last of 200":     {"email,first_name,last_name\na@example.com," + strings.Repeat("a", 200) + "," + strings.Repeat("b", 200) + "\n" + good + "\n", 1, "has 401 characters"},
		"1,000 tags":                {"email,tags\n" + good + "," + strings.Repeat("t;", 1000) + "\n", 1, ""},
		"1,001 tags":                {"email,tags\na@example.com," + strings.Repeat("t;", 1001) + "\n" + good + "\n", 1, "has 1001 tags; at most 1000"},
		"a tag of 321":              {"email,tags\na@example.com," + strings.Repeat("t", 321) + "\n" + good + "\n", 1, "has 321 characters"},
		"a quote without end":       {"email,name\n" + good + ",x\na@example.com,\"" + strings.Repeat("x\n", 600_000), 0, "a quote opens here and never ends"},
		"a quote at the end":        {"email\n" + good + "\n\"", 0, "a quote opens here and never ends"},
		"bare quotes":               {"email,name\na@example.com,A \"B\" C\n" + good + ",\"\"\n", 2, ""},
		"nothing but quotes":        {strings.Repeat("\"\"", 100_000), 0, "email is missing"},
		"a million quotes":          {"email\n" + strings.Repeat("\"", 1_000_001) + "\n", 0, "quote"},
		"NUL at the start":          {"\x00email\n" + good + "\n", 0, "NUL bytes"},
		"NUL in a cell, late":       {"email,name\n" + strings.Repeat("\n", 100_000) + "a@example.com,x\x00y\n" + good + ",z\n", 1, "control characters"},
		"NUL in an address, late":   {"email\n" + strings.Repeat("\n", 100_000) + "a\x00@example.com\n" + good + "\n", 1, "invisible character U+0000"},
		"a ZIP archive":             {"PK\x03\x04" + long, 0, "ZIP archive"},
		"bytes":                     {strings.Repeat("\xff\xfe\x9b\x80", 1000), 0, ""},
		"a mark of UTF-8 alone":     {"\ufeff", 0, "is empty"},
		"two marks of UTF-8":        {"\ufeff\ufeffemail\n" + good + "\n", 1, ""},
		"nothing":                   {"", 0, "is empty"},
		"only commas":               {strings.Repeat(",", 200), 0, "more than 100 columns"},
		"only line ends":            {strings.Repeat("\r\n", 500_000), 0, "is empty"},
		"only CRs":                  {strings.Repeat("\r", 500_000), 0, "is empty"},
		"only spaces":               {strings.Repeat(" ", 2_000_000), 0, ""},
		"UTF-16":                    {utf16Text("email,name\n" + good + ",Zoë\n"), 1, ""},
		"UTF-16, odd length":        {utf16Text("email,name\n"+good+",Zoë\n") + "x", 1, ""},
		"UTF-16, half a pair":       {utf16Text("email,name\n"+good+",Zoë\na@example.com,") + "\x3d\xd8\n\x00", 1, ""},
		"UTF-16 without a mark":     {utf16Text("email\n" + good + "\n")[2:], 0, "NUL bytes"},
		"UTF-32":                    {"\xff\xfe\x00\x00e\x00\x00\x00m\x00\x00\x00", 0, "NUL bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, warnings, _, err := readList(t, "list.csv", test.text, "")
			said := strings.Join(warnings, "\n")
			if err != nil {
				said += "\n" + err.Error()
			}
			if test.rows > 0 && (err != nil || len(rows) < test.rows) {
				t.Errorf("%d rows, want %d; %.500s", len(rows), test.rows, said)
			}
			if test.rows == 0 && len(rows) > 1 || !strings.Contains(said, test.want) {
				t.Errorf("%d rows; it says %.500q, want %q", len(rows), said, test.want)
			}
			if len(said) > 20_000 {
				t.Errorf("it says %d bytes: %.300q", len(said), said)
			}
		})
	}
}

// utf16Text returns text as Windows programs save it.
func utf16Text(text string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// Ten million empty lines are skipped, with little memory.
func TestManyEmptyLines(t *testing.T) {
	var rest io.Reader = strings.NewReader("")
	for range 10 {
		rest = io.MultiReader(strings.NewReader(strings.Repeat("\n", 1_000_000)), rest)
	}
	in := io.MultiReader(strings.NewReader("email\n"), rest, strings.NewReader("a@example.com\nnonsense\n"))
	b := newBook(t)
	b.withLedger(func(l *ledger.Ledger) error {
		got, err := b.list(l).Import(t.Context(), []Source{{"list.csv", bufio.NewReader(in)}}, ImportOptions{})
		if got.Added != 1 || got.Refused != 1 || len(got.Warnings) != 1 || got.Warnings[0].Line != 10_000_003 {
			t.Errorf("%+v", got)
		}
		return err
	})
}
