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

	"publisher/internal/config"
	"publisher/internal/ledger"
)

// CSVColumns are the columns that an imported list may have. An exported one has
// them too, language only where somebody has one.
var CSVColumns = []string{"email", "name", "status", "cadence", "tags", "created", "confirmed", "language"}

// ListError is a list of subscribers that is not read at all.
type ListError struct {
	File  string
	Line  int
	Err   error
	Usage bool // whoever imports it has to say, or to change, what it means
}

func (e *ListError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.File, e.Err)
}

func (e *ListError) Unwrap() error { return e.Err }

const (
	// listSample is how many rows are looked at to find out what the columns mean.
	listSample = 100
	// maxRowWarnings bounds what is said of single rows.
	maxRowWarnings = 100
	// maxListName bounds a name or a tag, in characters, maxListTags the tags of a row.
	maxListName = 320
	maxListTags = 1000
)

// listReader reads a list of subscribers row by row: the one place where
// subscribers.file and `subscribers import` learn what a row says. A row that cannot be
// used is refused, and the rest is read.
type listReader struct {
	file    string
	cfg     *config.Config
	text    *listText
	scanner *csvScanner
	layout  *listLayout
	ahead   []listRow // read to find the columns, not yet given out
	foreign map[string]bool
	// warn is told what a person should mend.
	warn func(line int, message string)
	// yieldRefused has all yield the rows that cannot be used too, with Row.Refused set.
	yieldRefused bool

	rows, refused int
	stripped      int // names that had invisible characters
	leftOut       map[string]*leftOutRows
}

// leftOutRows are those left out for one reason that is nobody's fault.
type leftOutRows struct{ rows, line int }

// openList reads as much of a list as tells what its columns mean. from is the name of
// a service, "" where the columns tell.
func openList(file string, r io.Reader, cfg *config.Config, from string, warn func(line int, message string)) (*listReader, error) {
	l := &listReader{file: file, cfg: cfg, warn: warn, foreign: map[string]bool{}, leftOut: map[string]*leftOutRows{}}
	if _, ok := serviceNamed(from); from != "" && !ok {
		return nil, &ListError{File: file, Usage: true, Err: fmt.Errorf("--from %q is not known; want one of %s", from, strings.Join(serviceNames(), ", "))}
	}
	var err error
	if l.text, err = decodeList(r); err != nil {
		return nil, &ListError{File: file, Err: err}
	}
	if l.scanner, err = newCSVScanner(l.text.Reader); err != nil {
		return nil, &ListError{File: file, Err: err}
	}
	for len(l.ahead) <= listSample {
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
		return nil, &ListError{File: file, Err: errors.New("is empty; its first line must name the columns, at least email")}
	}
	var header *listRow
	if first := l.ahead[0]; first.fault != nil {
		return nil, &ListError{File: file, Line: first.line, Err: first.fault}
	} else if namesColumns(first.cells) {
		header, l.ahead = &first, l.ahead[1:]
	}
	l.layout, err = l.layOut(header, l.ahead, from)
	return l, err
}

// namesColumns reports that a list's first row is not a subscriber's.
func namesColumns(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return isAddressName(foldHeader(cell)) }) ||
		!slices.ContainsFunc(cells, func(cell string) bool { return strings.Contains(cell, "@") })
}

func (l *listReader) fault(err error) error {
	var quote *quoteError
	if errors.As(err, &quote) {
		return &ListError{File: l.file, Line: quote.line, Err: err}
	}
	return &ListError{File: l.file, Line: l.scanner.line, Err: fmt.Errorf("cannot be read further: %w", err)}
}

// describe says how the list was read, where that is not the usual way; "" else.
func (l *listReader) describe() string {
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

// all streams the rows.
func (l *listReader) all() iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		for {
			raw, err := l.next()
			if errors.Is(err, io.EOF) {
				l.summarize()
				return
			}
			if err != nil {
				yield(ledger.Row{}, l.fault(err))
				return
			}
			l.rows++
			row, err := l.row(raw)
			if err != nil {
				row = ledger.Row{Line: raw.line, Email: shownCell(row.Email), Refused: err.Error(), LeftOut: l.refuse(raw.line, err)}
				if !l.yieldRefused {
					continue
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (l *listReader) next() (listRow, error) {
	if len(l.ahead) > 0 {
		row := l.ahead[0]
		l.ahead = l.ahead[1:]
		return row, nil
	}
	return l.scanner.next()
}

// notAsked is why a row is left out that the list itself says is nobody's subscription.
type notAsked struct{ why string }

func (e *notAsked) Error() string { return e.why }

// refuse remembers a row that is not used. It reports whether that is nobody's fault.
func (l *listReader) refuse(line int, err error) (leftOut bool) {
	var not *notAsked
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

// summarize says what was not said row by row.
func (l *listReader) summarize() {
	if more := l.refused - maxRowWarnings; more > 0 {
		l.warn(0, fmt.Sprintf("%d more rows are left out; `publisher subscribers import --dry-run` names them all", more))
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
