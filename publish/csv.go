package publish

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"publisher/config"
	"publisher/ledger"
)

// CSVColumns are the columns that an imported list may have. An exported one has
// them too, language only where somebody has one.
var CSVColumns = []string{"email", "name", "status", "cadence", "tags", "created", "confirmed", "language"}

// ListError is a list of subscribers that cannot be read further.
type ListError struct {
	File string
	Line int
	Err  error
}

func (e *ListError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.File, e.Err)
}

func (e *ListError) Unwrap() error { return e.Err }

// csvList reads a list of subscribers row by row (RFC 4180, with or without a
// byte order mark, lines ended by LF or CRLF). A row that cannot be used is
// refused and the rest is read.
type csvList struct {
	file    string
	cfg     *config.Config
	reader  *csv.Reader
	columns map[string]int
	foreign map[string]bool // languages that the config does not list, already told
	refuse  func(line int, message string)
	rows    int
	refused int
}

func newCSVList(file string, r io.Reader, cfg *config.Config, refuse func(line int, message string)) (*csvList, error) {
	in := bufio.NewReader(r)
	if bom, _ := in.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
	}
	l := &csvList{file: file, cfg: cfg, reader: csv.NewReader(in), columns: map[string]int{}, foreign: map[string]bool{}, refuse: refuse}
	l.reader.FieldsPerRecord = -1
	l.reader.TrimLeadingSpace = true
	l.reader.ReuseRecord = true
	header, err := l.reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &ListError{file, 0, errors.New("is empty; its first line must name the columns, at least email")}
	case err != nil:
		return nil, l.syntaxError(err)
	}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(CSVColumns, name) && name != "" {
			refuse(1, fmt.Sprintf("column %q is not known and is ignored; known are %s", name, strings.Join(CSVColumns, ", ")))
		}
		l.columns[name] = i
	}
	if _, ok := l.columns["email"]; !ok {
		return nil, &ListError{file, 1, fmt.Errorf("its first line must name the columns, such as %s; email is missing", strings.Join(CSVColumns, ","))}
	}
	return l, nil
}

// all streams the rows that can be used.
func (l *csvList) all() iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		for {
			record, err := l.reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(ledger.Row{}, l.syntaxError(err))
				return
			}
			line, _ := l.reader.FieldPos(0)
			if len(record) == 1 && strings.TrimSpace(record[0]) == "" {
				continue
			}
			l.rows++
			row, err := l.row(record, line)
			if err != nil {
				l.refused++
				l.refuse(line, err.Error())
				continue
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (l *csvList) row(record []string, line int) (ledger.Row, error) {
	field := func(name string) string {
		i, ok := l.columns[name]
		if !ok || i >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[i])
	}
	row := ledger.Row{Line: line, Email: field("email"), Name: field("name"), Cadence: field("cadence"), Tags: SplitTags(field("tags"))}
	if _, err := ledger.NormalizeEmail(row.Email); err != nil {
		return row, fmt.Errorf("this row is left out: %w", err)
	}
	if !utf8.ValidString(row.Name) || strings.ContainsFunc(row.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return row, fmt.Errorf("this row is left out: the name of %s has control characters or is not UTF-8", row.Email)
	}
	switch status := ledger.Status(strings.ToLower(field("status"))); status {
	case "", ledger.Pending, ledger.Active, ledger.Unsubscribed, ledger.Removed, ledger.Bounced, ledger.Complained:
		row.Status = status
	default:
		return row, fmt.Errorf("this row is left out: there is no status %q; want pending, active, unsubscribed, removed, bounced, complained or nothing", status)
	}
	if _, ok := l.cfg.Cadence(row.Cadence); row.Cadence != "" && !ok {
		return row, fmt.Errorf("this row is left out: there is no cadence %q in digest.cadences", row.Cadence)
	}
	if err := l.language(&row, field("language")); err != nil {
		return row, err
	}
	for name, at := range map[string]*time.Time{"created": &row.Created, "confirmed": &row.Confirmed} {
		t, err := parseWhen(field(name), l.cfg.Site.Timezone)
		if err != nil {
			return row, fmt.Errorf("this row is left out: %s: %w", name, err)
		}
		*at = t
	}
	return row, nil
}

// language takes over a row's language. One that has no digests is kept for when it
// has some.
func (l *csvList) language(row *ledger.Row, text string) error {
	if text == "" {
		return nil
	}
	tag, ok := config.LanguageTag(text)
	if !ok {
		return fmt.Errorf("this row is left out: %q is not a language; write a BCP 47 tag like de, fr or pt-BR", text)
	}
	row.Language = tag
	if !l.cfg.HasDigestsIn(tag) && !l.foreign[tag] {
		l.foreign[tag] = true
		l.refuse(row.Line, fmt.Sprintf("there are no digests in %s (%s, languages): who reads it gets those in %s", tag, filepath.Base(l.cfg.File), l.cfg.Site.Language))
	}
	return nil
}

func (l *csvList) syntaxError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &ListError{l.file, parse.Line, fmt.Errorf("not CSV: %w; a value with a comma or a quote stands in \"double quotes\", and a quote inside is doubled", parse.Err)}
	}
	return &ListError{l.file, 0, err}
}

// SplitTags takes tags apart at semicolons.
func SplitTags(s string) []string {
	var tags []string
	for tag := range strings.SplitSeq(s, ";") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

func parseWhen(text string, loc *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time; write it like 2026-01-31 or 2026-01-31T08:00:00Z", text)
}
