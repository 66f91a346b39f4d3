package subscribers

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/mailer/address"
)

// FuzzList checks that for any bytes, either an error says clearly that the list is not read, or
// each of its rows is read or refused, and what is read can be exported and read again.
func FuzzList(f *testing.F) {
	for _, text := range []string{
		"email,status,name,tags,created\na@example.com,bounced,'=A,go;mail,2022-01-01\n", "a@example.com\nb@example.com\n",
		"sep=;\nemail;name\na@example.com;\"A\nB\"\n", "\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00", "email,name\na@example.com,\"A\n",
		"email,name\na@example.com,Zo\xeb\n", "email,opted out\na@example.com,yes\n", "email,email_disabled\r\na@example.com,true\r\n",
		"Email,Subscribed,Status\na@example.com,06/17/2009 09:52,Unverified\n", "Adresse,LEID,EUID,TAGS\na@example.com,1,2,\"\"\"x\"\"\"\n",
		"uuid,email,name,attributes,status,created_at\n1,a@example.com,A,{},blocklisted,2022-01-02 03:04:05 +0530 +0530\n",
	} {
		f.Add([]byte(text), uint8(0))
		f.Add([]byte(text), uint8(len(text)))
	}
	cfg := listConfig(f)
	froms := append([]string{""}, serviceNames()...)
	f.Fuzz(func(t *testing.T, data []byte, from uint8) {
		told := 0
		list, err := openReader(listFile{file: "list.csv", from: froms[int(from)%len(froms)]}, bytes.NewReader(data), cfg, func(int, string) { told++ })
		if err != nil {
			clearError(t, err)
			return
		}
		var out strings.Builder
		again := csv.NewWriter(&out)
		again.Write(Columns)
		read, unread := 0, 0
		for row, err := range list.all() {
			if err != nil {
				clearError(t, err)
				return
			}
			if row.Refused != "" {
				unread++
				continue
			}
			read++
			checkRow(t, row)
			cells := []string{row.Email, row.Name, string(row.Status), row.Cadence, strings.Join(row.Tags, ";"), "", "", row.Language}
			for i := range cells {
				cells[i] = escapeFormula(cells[i])
			}
			again.Write(cells)
		}
		leftOut := 0
		for _, rows := range list.leftOut {
			leftOut += rows.rows
		}
		if read+unread != list.rows || unread != list.refused+leftOut || unread > 0 && told == 0 {
			t.Errorf("%d rows: %d read, %d not (%d refused, %d left out), %d told", list.rows, read, unread, list.refused, leftOut, told)
		}
		again.Flush()
		if read > 0 {
			sameRows(t, cfg, out.String(), read)
		}
	})
}

func clearError(t *testing.T, err error) {
	t.Helper()
	var faulty *ListError
	if !errors.As(err, &faulty) || !utf8.ValidString(err.Error()) || len(err.Error()) > 20_000 {
		t.Errorf("%T %q", err, err)
	}
}

func checkRow(t *testing.T, row imports.Row) {
	t.Helper()
	if _, err := address.Normalize(row.Email); err != nil || row.Line < 1 {
		t.Errorf("line %d: %v", row.Line, err)
	}
	if ledger.Stricter(row.Status, "") != row.Status || row.Status == "" || utf8.RuneCountInString(row.Name) > maxNameLength || !utf8.ValidString(row.Name) {
		t.Errorf("%+v", row)
	}
}

// sameRows reads an export of the rows again.
func sameRows(t *testing.T, cfg *config.Config, text string, want int) {
	t.Helper()
	rows, warnings, _, err := readListIn(cfg, "export.csv", text, "")
	if err != nil || len(rows) != want {
		t.Errorf("exported and read again: %v %q: %d rows, want %d\n%s", err, warnings, len(rows), want, text)
	}
}
