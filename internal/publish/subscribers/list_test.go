package subscribers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"publisher/internal/config"
	"publisher/internal/ledger/imports"
)

func listConfig(t testing.TB) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("site: {url: https://blog.example.com}\ncontent: {dir: .}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// readList returns the rows of a list, a line each, and the warnings about it.
func readList(t testing.TB, file, text, from string) (rows, warnings []string, as string, err error) {
	t.Helper()
	return readListIn(listConfig(t), file, text, from)
}

func readListIn(cfg *config.Config, file, text, from string) (rows, warnings []string, as string, err error) {
	warn := func(line int, message string) { warnings = append(warnings, fmt.Sprintf("%d: %s", line, message)) }
	list, err := openReader(listFile{file: file, from: from}, strings.NewReader(text), cfg, warn)
	if err != nil {
		return nil, warnings, "", err
	}
	for row, err := range list.all() {
		if err != nil {
			return rows, warnings, list.describe(), err
		}
		if row.Refused == "" {
			rows = append(rows, rowText(row))
		}
	}
	return rows, warnings, list.describe(), nil
}

func rowText(row imports.Row) string {
	when := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return at.UTC().Format("2006-01-02T15:04")
	}
	return strings.Join([]string{row.Email, string(row.Status), row.Name, strings.Join(row.Tags, ";"), when(row.Created), when(row.Confirmed)}, "|")
}

// Who unsubscribed, dates of consent, tags and names are read from each service's export.
func TestServiceExports(t *testing.T) {
	for file, want := range map[string]struct {
		as       string
		rows     []string
		warnings []string
	}{
		"ghost.csv": {as: "as an export of Ghost", rows: []string{
			"ada@example.com|active|Ada Byron|maths;engines|2021-03-04T05:06|-",
			"ben@example.com|unsubscribed|Ben||2021-04-05T06:07|-",
			"cyd@example.com|unsubscribed|||2021-05-06T07:08|-",
			"dee@example.com|active|=HYPERLINK(0)||2021-06-07T08:09|-",
		}},
		"substack.csv": {as: "as an export of Substack", rows: []string{
			"ada@example.com|active|||2020-02-03T04:05|-",
			"ben@example.com|unsubscribed|||2020-03-04T05:06|-",
			"cyd@example.com|active|||2020-04-05T06:07|-",
		}},
		"subscribed_members_export_0a1b.csv": {as: "as an export of Mailchimp", rows: []string{
			"ada@example.com|active|Ada Byron|maths;engines|2019-01-02T03:04|2019-01-02T03:05",
			"ben@example.com|active|Okoro||2019-02-03T04:05|2019-02-03T04:05",
		}},
		"unsubscribed_members_export_0a1b.csv": {as: "as an export of Mailchimp", rows: []string{
			"cyd@example.com|unsubscribed|Cyd||2018-01-02T03:04|2018-01-02T03:04",
			"dee@example.com|unsubscribed|||2018-01-02T03:04|2018-01-02T03:04",
		}},
		"cleaned_members_export_0a1b.csv": {as: "as an export of Mailchimp", rows: []string{
			"eve@example.com|bounced|Eve||2018-01-02T03:04|2018-01-02T03:04",
		}},
		"nonsubscribed_members_export_0a1b.csv": {as: "as an export of Mailchimp", warnings: []string{
			"2: this row is left out: they never subscribed (nonsubscribed_members_export_0a1b.csv)",
		}},
		"mailchimp_german.csv": {as: "as an export of Mailchimp", rows: []string{
			"jörg@example.com|active|Jörg Groß||2019-01-02T03:04|2019-01-02T03:05",
		}},
		"buttondown.csv": {as: "as an export of Buttondown", rows: []string{
			"ada@example.com|active||maths;engines|2022-01-02T03:04|-",
			"ben@example.com|pending|||2022-01-03T03:04|-",
			"cyd@example.com|unsubscribed|||2022-01-04T03:04|-",
			"dee@example.com|active|||2022-01-05T03:04|-",
			"eve@example.com|bounced|||2022-01-06T03:04|-",
			"fay@example.com|removed|||2022-01-07T03:04|-",
		}},
		"kit.csv": {as: "as an export of Kit (ConvertKit)", rows: []string{
			"ada@example.com|active|Ada|maths;engines|2022-09-10T11:12|-",
			"ben@example.com|pending|Ben||2022-09-11T11:12|-",
			"cyd@example.com|unsubscribed|Cyd||2022-09-12T11:12|-",
			"dee@example.com|bounced|Dee||2022-09-13T11:12|-",
			"eve@example.com|complained|Eve||2022-09-14T11:12|-",
			"fay@example.com|active|Fay||2022-09-15T11:12|-",
		}},
		"listmonk.csv": {as: "as an export of listmonk", rows: []string{
			"ada@example.com|active|Ada||2022-01-02T03:04|-",
			"ben@example.com|unsubscribed|Ben||2022-01-02T03:04|-",
			"cyd@example.com|removed|Cyd||2022-01-02T03:04|-",
		}},
		"feedburner.csv": {as: "as an export of FeedBurner", rows: []string{
			"ada@example.com|active|||2009-06-17T09:52|-",
		}, warnings: []string{
			`3: this row is left out: Status "Pending Verification": they never confirmed or never subscribed`,
			`4: this row is left out: Status "Unverified": they never confirmed or never subscribed`,
		}},
		"mailerlite.csv": {as: "as an export of MailerLite", rows: []string{
			"ada@example.com|active|Ada Byron||2023-01-02T03:04|-",
			"ben@example.com|unsubscribed|Ben||2023-01-03T03:04|-",
			"cyd@example.com|bounced|||2023-01-04T03:04|-",
			"dee@example.com|complained|||2023-01-05T03:04|-",
			"eve@example.com|pending|||2023-01-06T03:04|-",
		}},
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata/lists", file))
			if err != nil {
				t.Fatal(err)
			}
			rows, warnings, as, err := readList(t, file, string(text), "")
			if err != nil || as != want.as {
				t.Errorf("read %q, want %q; %v", as, want.as, err)
			}
			if diff := cmp.Diff(want.rows, rows); diff != "" {
				t.Errorf("rows (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(want.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want +got)\n%s", diff)
			}
		})
	}
}

const plainRows = "email,name,tags\nada@example.com,Zoë Groß,go;mail\n"

// The rows of a list are the same in whatever form a program writes it.
func TestListForms(t *testing.T) {
	latin, err := charmap.Windows1252.NewEncoder().String(plainRows)
	if err != nil {
		t.Fatal(err)
	}
	utf16 := func(order unicode.Endianness) string {
		text, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(plainRows)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	semicolons := strings.NewReplacer("go;mail", `"go;mail"`, ",", ";").Replace(plainRows)
	for name, test := range map[string]struct{ text, as string }{
		"UTF-8":                  {plainRows, ""},
		"UTF-8 with a mark":      {"\ufeff" + plainRows, ""},
		"UTF-16, little end":     {utf16(unicode.LittleEndian), "in UTF-16"},
		"UTF-16, big end":        {utf16(unicode.BigEndian), "in UTF-16"},
		"Windows-1252":           {latin, "in Windows-1252"},
		"lines ended by CRLF":    {strings.ReplaceAll(plainRows, "\n", "\r\n"), ""},
		"lines ended by CR":      {strings.ReplaceAll(plainRows, "\n", "\r"), ""},
		"no end of line":         {strings.TrimSuffix(plainRows, "\n"), ""},
		"blank lines":            {"\n\n" + strings.ReplaceAll(plainRows, "\n", "\n\n"), ""},
		"quotes":                 {"\"email\", \"name\" ,tags\n\"ada@example.com\" , \"Zoë Groß\",go;mail\n", ""},
		"semicolons":             {semicolons, "separated by semicolons"},
		"said semicolons":        {"sep=;\n" + semicolons, "separated by semicolons"},
		"said commas":            {"\"sep=,\"\r\n" + plainRows, ""},
		"tabs":                   {strings.ReplaceAll(plainRows, ",", "\t"), "separated by tabs"},
		"empty cells at the end": {"email,name,tags,,\nada@example.com,Zoë Groß,go;mail,,\n", ""},
		"capitals":               {"E-Mail,NAME, Tags \nada@example.com,Zoë Groß,go;mail\n", ""},
	} {
		rows, warnings, as, err := readList(t, "list.csv", test.text, "")
		if err != nil || len(warnings) > 0 || as != test.as {
			t.Errorf("%s: read %q, want %q; %v %q", name, as, test.as, err, warnings)
		}
		if diff := cmp.Diff([]string{"ada@example.com|active|Zoë Groß|go;mail|-|-"}, rows); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	rows, warnings, _, err := readList(t, "list.txt", "ada@example.com\r\n\r\nben@example.com\r\n", "")
	if err != nil || len(warnings) > 0 {
		t.Errorf("bare addresses: %v %q", err, warnings)
	}
	if diff := cmp.Diff([]string{"ada@example.com|active|||-|-", "ben@example.com|active|||-|-"}, rows); diff != "" {
		t.Errorf("bare addresses (-want +got)\n%s", diff)
	}
}

// A list whose meaning is not known is not read at all: the error says what to do.
func TestListRefused(t *testing.T) {
	wide := strings.Repeat("c,", 100) + "email\n"
	for name, test := range map[string]struct {
		file, text, from string
		want             []string
		usage            bool
	}{
		"consent of one's own":    {text: "email,Newsletter consent\na@example.com,no\n", want: []string{"list.csv:1: ", `"Newsletter consent"`, "rename it to status", "delete it", "--from"}, usage: true},
		"opted out":               {text: "sep=,\nemail,opted-out\na@example.com,yes\n", want: []string{"list.csv:2: ", `"opted-out"`}, usage: true},
		"consent in German":       {text: "E-Mail;Abgemeldet am\na@example.com;2022-01-01\n", want: []string{`"Abgemeldet am"`}, usage: true},
		"consent by its values":   {text: "email,state\na@example.com,unsubscribed\n", want: []string{`"state"`}, usage: true},
		"consent by a service's":  {text: "email,type\na@example.com,unactivated\n", want: []string{`"type"`}, usage: true},
		"consent in Russian":      {text: "email,Отписан\na@example.com,да\n", want: []string{`"Отписан"`}, usage: true},
		"consent in an export":    {text: "email,email_disabled,created_at,SMS opt-in\na@example.com,false,,yes\n", want: []string{`"SMS opt-in"`, "list from Substack"}, usage: true},
		"a name that says left":   {file: "unsubscribed.csv", text: "email\na@example.com\n", want: []string{"unsubscribed.csv: ", "its name says"}, usage: true},
		"two services":            {text: "email,email_disabled,subscribed_to_emails\na@example.com,true,true\n", want: []string{"of Ghost and of Substack", "--from ghost"}, usage: true},
		"no such service":         {text: plainRows, from: "pigeon", want: []string{"--from pigeon", "mailerlite"}, usage: true},
		"two addresses":           {text: "mail from,mail to\na@example.com,b@example.com\n", want: []string{`"mail from" and "mail to"`}, usage: true},
		"no names of columns":     {text: "a@example.com,Ann\nb@example.com,Ben\n", want: []string{"list.csv:1: its first line must name the columns"}, usage: true},
		"no address":              {text: "name,phone\nAnn,1\n", want: []string{"email is missing"}, usage: true},
		"no service's columns":    {text: "who,where\na@example.com,Bath\n", want: []string{`"who"`, "--from ghost"}, usage: true},
		"nothing":                 {text: "\n\n", want: []string{"is empty"}},
		"two names":               {text: "email,name,Name\na@example.com,A,B\n", want: []string{`two columns are named "Name"`}},
		"a quote without end":     {text: "email,name\na@example.com,A\nb@example.com,\"Ben\nc@example.com,C\n", want: []string{"list.csv:3: ", "a quote opens here and never ends"}},
		"a quote in the names":    {text: "email,\"name\na@example.com,A\n", want: []string{"list.csv:1: ", "never ends"}},
		"a quote ended elsewhere": {text: "email,name\nb@example.com,\"Ben\nc@example.com,\"Cyd\"\n", want: []string{"list.csv:2: ", "in line 3"}},
		"too many columns":        {text: wide, want: []string{"more than 100 columns"}},
		"a workbook":              {text: "PK\x03\x04....", want: []string{"Excel workbook"}},
		"bytes":                   {text: "e\x00m\x00a\x00i\x00l\x00", want: []string{"NUL bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.file == "" {
				test.file = "list.csv"
			}
			rows, _, _, err := readList(t, test.file, test.text, test.from)
			var faulty *ListError
			if !errors.As(err, &faulty) || faulty.Usage != test.usage {
				t.Fatalf("%v (of usage: %t); rows %q", err, faulty != nil && faulty.Usage, rows)
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q, want %q in it", err, part)
				}
			}
		})
	}
}

// A row that cannot be used is left out alone.
func TestListRowsRefused(t *testing.T) {
	for name, test := range map[string]struct{ header, row, want string }{
		"a comma for a dot":           {"email", "s@example,com", "more values (2) than there are columns (1)"},
		"a comma for a dot, quoted":   {"email", `"s@example,com"`, `"s@example,com" is not a valid mail address`},
		"a comma for a dot, a name":   {"email,name", "s@example,com", "no dot after the @"},
		"a comma for a dot, and tabs": {"email\tname", "s@example,com\tS", "is not a valid mail address"},
		"no address":                  {"email,name", ",S", "it is empty"},
		"a name too long":             {"email,name", "s@example.com," + strings.Repeat("ü", 321), "has 321 characters"},
		"too many values":             {"email,name", "s@example.com,S,x", "more values (3) than there are columns (2)"},
		"a hundred values more":       {"email", "s@example.com" + strings.Repeat(",", 101), "more than 100 values"},
		"a row too long":              {"email,name", "s@example.com," + strings.Repeat("x", 2<<20), "longer than 1048576 bytes"},
		"a quote too early":           {"email,name", `s@example.com,"S" T`, "after its closing quote"},
		"no status":                   {"email,status", "s@example.com,on", `no status "on"`},
		"no time":                     {"email,created", "s@example.com,yesterday", `"yesterday" is not a time`},
		"control characters":          {"email,name", "s@example.com,S\x1b[2J", "control characters"},
		"a C1 control character":      {"email,name", "s@example.com,S\u009b2J", "control characters"},
		"not UTF-8 among UTF-8":       {"email,name", "zoë@example.com,S\nt@example.com,\xff", "not UTF-8"},
		"consent left out":            {"email,email_disabled,created_at", "s@example.com,,2022-01-01", "email_disabled is"},
		"status left out":             {"first_name,email,created_at,status", "S,s@example.com,,", "status is empty"},
		"consent cut off":             {"id,email,name,subscribed_to_emails", "1,s@example.com,S", "ends before the column subscribed_to_emails"},
		"a comma moves consent":       {"id,email,name,subscribed_to_emails", "1,s@example.com,Smith, S,true", "more values (5) than there are columns (4)"},
	} {
		good := "good@example.com"
		text := test.header + "\n" + test.row + "\n"
		if !strings.Contains(test.header, "created_at") && !strings.Contains(test.header, "emails") {
			text += good + "\n"
		}
		rows, warnings, _, err := readList(t, "list.csv", text, "")
		refused := strings.Join(warnings, "\n")
		if err != nil || !strings.Contains(refused, "this row is left out: ") || !strings.Contains(refused, test.want) {
			t.Errorf("%s: %v %q, want %q", name, err, refused, test.want)
		}
		for _, row := range rows {
			if !strings.HasPrefix(row, good) && !strings.HasPrefix(row, "zoë") {
				t.Errorf("%s: read %q", name, row)
			}
		}
		if strings.Contains(text, good) && !strings.Contains(strings.Join(rows, "\n"), good) {
			t.Errorf("%s: the row after it is lost; read %q", name, rows)
		}
	}
}

// There are warnings for the first hundred rows that are refused, and for how many more.
func TestManyRowsRefused(t *testing.T) {
	rows, warnings, _, err := readList(t, "list.csv", "email\n"+strings.Repeat("x\n", 1000)+"a@example.com\n", "")
	if err != nil || len(rows) != 1 || len(warnings) != 101 || !strings.Contains(warnings[100], "900 more rows") {
		t.Errorf("%v; %d rows, %d warnings, the last %q", err, len(rows), len(warnings), warnings[len(warnings)-1])
	}
}
