// Package subscribers reads and writes the list of subscribers: CSV as the owner or another
// service has it, subscribers.file, and the form that programs read.
package subscribers

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// Columns are the columns that an imported list may have. An exported one has them too,
// language only if somebody has one.
var Columns = []string{"email", "name", "status", "cadence", "tags", "created", "confirmed", "language"}

// ListError is a list of subscribers that is not read at all.
type ListError struct {
	File  string
	Line  int
	Err   error
	Usage bool // the person who imports it has to say, or to change, what it means

	noAddress bool // no column has addresses: it is about something else
}

func (e *ListError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.File, e.Err)
}

func (e *ListError) Unwrap() error { return e.Err }

const (
	// sampleRows is how many rows are used to find out what the columns mean.
	sampleRows = 100
	// sampleLines is the line after which no more are, if there is any.
	sampleLines = 10_000
	// maxRowWarnings limits warnings about single rows.
	maxRowWarnings = 100
	// maxNameLength limits a name or a tag, in characters, maxTags the tags of a row.
	maxNameLength = 320
	maxTags       = 1000
)

// reader reads a list of subscribers row by row, for subscribers.file and for
// `subscribers import`. A row that cannot be used is refused, and the rest is read.
type reader struct {
	listFile
	cfg             *config.Config
	text            *utf8Text
	scanner         *scanner
	layout          *columnLayout
	ahead           []rawRow // read to find the columns, and not yet returned
	warnedLanguages map[string]bool
	// warn is called with what a person should fix.
	warn func(line int, message string)

	times *timeParser // nil before the first time
	word  string      // the last status, what it means, and whether it is known
	says  ledger.Status
	known bool

	refusing      sync.Mutex
	rows, refused int
	erased        int // of the refused rows, those whose address was erased
	stripped      int // names that had invisible characters
	leftOut       map[string]*leftOutRows
}

// leftOutRows are rows that are left out for one reason that is not a fault.
type leftOutRows struct{ rows, line int }

// listFile is a file to be read as a list.
type listFile struct {
	file  string
	index int    // among the files of an import
	from  string // the name of a service; "" if the columns decide
	// guess has the addresses of a list that no service is recognized by be found by their
	// values, if no column is named like them.
	guess bool
}

// openReader reads as much of a list as is needed to know what its columns mean.
func openReader(f listFile, r io.Reader, cfg *config.Config, warn func(line int, message string)) (*reader, error) {
	l := &reader{listFile: f, cfg: cfg, warn: warn, warnedLanguages: map[string]bool{}, leftOut: map[string]*leftOutRows{}}
	if _, ok := serviceNamed(f.from); f.from != "" && !ok {
		return nil, unknownService(f.from)
	}
	var err error
	if l.text, err = decodeText(r); err != nil {
		return nil, &ListError{File: l.file, Err: err}
	}
	if l.scanner, err = newScanner(l.text.Reader); err != nil {
		return nil, &ListError{File: l.file, Err: err}
	}
	for len(l.ahead) < 2 || len(l.ahead) <= sampleRows && l.scanner.line < sampleLines {
		row, err := l.scanner.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, l.fault(err)
		}
		row.cells = slices.Clone(row.cells)
		l.ahead = append(l.ahead, row)
	}
	if len(l.ahead) == 0 {
		return nil, &ListError{File: l.file, Err: errors.New("is empty; its first line must name the columns, at least email")}
	}
	var header *rawRow
	if first := l.ahead[0]; first.fault != nil {
		return nil, &ListError{File: l.file, Line: first.line, Err: first.fault}
	} else if isHeader(first.cells) {
		header, l.ahead = &first, l.ahead[1:]
	}
	l.layout, err = l.readLayout(header, l.ahead)
	return l, err
}

func unknownService(from string) error {
	return &ListError{File: "--from " + from, Usage: true, Err: fmt.Errorf("there is no service %q; must be one of %s", from, strings.Join(serviceNames(), ", "))}
}

// isHeader reports whether a list's first row names the columns.
func isHeader(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return isAddressName(foldHeader(cell)) }) ||
		!slices.ContainsFunc(cells, func(cell string) bool { return strings.Contains(cell, "@") })
}

func (l *reader) fault(err error) error {
	var quote *quoteError
	if errors.As(err, &quote) {
		return &ListError{File: l.file, Line: quote.line, Err: err}
	}
	return &ListError{File: l.file, Line: l.scanner.line, Err: fmt.Errorf("cannot be read beyond this line: %w", err)}
}

// describe returns how the list was read, if that was not the usual way.
func (l *reader) describe() string {
	var parts []string
	if l.layout.service.name != plainList {
		parts = append(parts, "as an export of "+l.layout.service.title)
	}
	if l.scanner.comma != ',' {
		parts = append(parts, "separated by "+separatorName(l.scanner.comma))
	}
	if encoding := l.text.encoding(); encoding != "UTF-8" {
		parts = append(parts, "in "+encoding)
	}
	return strings.Join(parts, ", ")
}

// all returns the rows, read one by one. Those that cannot be used have Row.Refused set.
func (l *reader) all() iter.Seq2[imports.Row, error] {
	return func(yield func(imports.Row, error) bool) {
		for {
			raw, err := l.next()
			if errors.Is(err, io.EOF) {
				l.warnRest()
				return
			}
			if err != nil {
				yield(imports.Row{}, l.fault(err))
				return
			}
			l.rows++
			row, err := l.row(raw)
			if err != nil {
				row = imports.Row{Line: raw.line, Email: shownCell(row.Email), Refused: err.Error(), LeftOut: l.refuse(raw.line, err)}
			}
			row.File = l.index
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (l *reader) next() (rawRow, error) {
	if len(l.ahead) > 0 {
		row := l.ahead[0]
		l.ahead = l.ahead[1:]
		return row, nil
	}
	return l.scanner.next()
}

// notSubscribed says why a row is left out that is not a subscription according to the list.
type notSubscribed struct{ why string }

func (e *notSubscribed) Error() string { return e.why }

// refuse counts a row that is not used. It reports whether that is not a fault.
func (l *reader) refuse(line int, err error) (leftOut bool) {
	l.refusing.Lock() // the ledger refuses rows too
	defer l.refusing.Unlock()
	var not *notSubscribed
	if errors.As(err, &not) {
		if l.leftOut[not.why] == nil {
			l.leftOut[not.why] = &leftOutRows{line: line}
		}
		l.leftOut[not.why].rows++
		return true
	}
	l.refused++
	if l.refused <= maxRowWarnings {
		l.warn(line, "this row is left out: "+err.Error())
	}
	return false
}

// warnRest warns of what had no warning row by row.
func (l *reader) warnRest() {
	if more := l.refused - maxRowWarnings; more > 0 {
		l.warn(0, fmt.Sprintf("%d more rows are left out; `publisher subscribers import --dry-run` lists them all", more))
	}
	for _, why := range slices.Sorted(maps.Keys(l.leftOut)) {
		out := l.leftOut[why]
		text := "this row is left out: " + why
		if out.rows > 1 {
			text = fmt.Sprintf("this row and %d more are left out: %s", out.rows-1, why)
		}
		l.warn(out.line, text)
	}
}
