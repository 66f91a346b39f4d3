package subscribers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits beyond which a file is not a list.
const (
	maxColumns = 100
	maxRowSize = 1 << 20 // bytes
)

// rawRow is one row of a list as it is in the file. Its cells are valid until the next row is
// read.
type rawRow struct {
	line  int // at which it begins
	cells []string
	fault error // why it cannot be used
}

// scanner reads rows of CSV (RFC 4180; lines end with LF, CRLF or CR; spaces before a quote
// are allowed). encoding/csv would read a quote that is never closed to the end of the file,
// and could not say where it began.
type scanner struct {
	in    *bufio.Reader
	comma byte
	line  int // of the next byte
	cells []string
	cell  []byte
	size  int // bytes of the row so far
}

// quoteError is a quote after which it is not known where rows begin and end.
type quoteError struct {
	line int // of the opening quote
	text string
}

func (e *quoteError) Error() string { return e.text }

// next returns the next row that is not blank; io.EOF after the last.
func (s *scanner) next() (rawRow, error) {
	for {
		row, err := s.row()
		if err != nil || row.fault != nil || len(row.cells) > 1 || strings.TrimSpace(row.cells[0]) != "" {
			return row, err
		}
	}
}

func (s *scanner) row() (rawRow, error) {
	if row, ok := s.plainRow(); ok {
		return row, nil
	}
	row := rawRow{line: s.line}
	s.cells, s.size = s.cells[:0], 0
	for {
		c, end, err := s.readCell(&row)
		if err != nil {
			return row, err
		}
		if c != s.comma || row.fault != nil {
			if end && len(s.cells) == 1 && s.size == 0 {
				return row, io.EOF
			}
			row.cells = s.cells
			return row, nil
		}
	}
}

// plainRow reads a row that has no quotes and is buffered, as nearly all are, all at once.
// The others are left to row.
func (s *scanner) plainRow() (row rawRow, ok bool) {
	buffered, err := s.in.Peek(s.in.Buffered())
	if err != nil {
		return row, false
	}
	end := bytes.IndexByte(buffered, '\n')
	if end < 0 || bytes.IndexByte(buffered[:end], '"') >= 0 {
		return row, false
	}
	line := bytes.TrimSuffix(buffered[:end], []byte("\r"))
	if bytes.IndexByte(line, '\r') >= 0 {
		return row, false
	}
	row = rawRow{line: s.line, cells: s.cells[:0]}
	text := string(line)
	for more := true; more && len(row.cells) <= maxColumns; {
		var cell string
		cell, text, more = cutByte(text, s.comma)
		row.cells = append(row.cells, strings.TrimLeft(cell, " "))
	}
	s.cells = row.cells
	s.line++
	s.in.Discard(end + 1)
	return row, true
}

// cutByte is strings.Cut for a byte.
func cutByte(s string, c byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// readCell reads one cell and what ends it: the comma, the end of the line ('\n'), or of the
// file.
func (s *scanner) readCell(row *rawRow) (ended byte, eof bool, err error) {
	s.cell = s.cell[:0]
	c, eof, err := s.skipSpaces()
	if err == nil && !eof && c == '"' {
		c, eof, err = s.quoted(row)
	} else if err == nil && !eof {
		c, eof, err = s.plain(c, row)
	}
	if err != nil {
		return 0, false, err
	}
	if eof {
		c = '\n'
	}
	if len(s.cells) <= maxColumns { // one more shows that there are too many
		s.cells = append(s.cells, string(s.cell))
	}
	return c, eof, nil
}

// read returns the next byte, and the end of a line always as '\n'.
func (s *scanner) read() (c byte, eof bool, err error) {
	c, err = s.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, true, nil
	}
	if err != nil {
		return 0, false, err
	}
	s.size++
	if c == '\r' {
		if next, err := s.in.Peek(1); err == nil && next[0] == '\n' {
			s.in.Discard(1)
		}
		c = '\n'
	}
	if c == '\n' {
		s.line++
	}
	return c, false, nil
}

func (s *scanner) skipSpaces() (c byte, eof bool, err error) {
	for {
		c, eof, err = s.read()
		if eof || err != nil || c != ' ' {
			return c, eof, err
		}
	}
}

// plain reads a cell without quotes around it, whose first byte is c.
func (s *scanner) plain(c byte, row *rawRow) (ended byte, eof bool, err error) {
	for c != s.comma && c != '\n' {
		if s.size > maxRowSize {
			row.fault = fmt.Errorf("it is longer than %d bytes", maxRowSize)
			return s.skipLine()
		}
		s.cell = append(s.cell, c)
		if c, eof, err = s.read(); eof || err != nil {
			return 0, eof, err
		}
	}
	return c, false, nil
}

// quoted reads a cell whose opening quote has been read.
func (s *scanner) quoted(row *rawRow) (ended byte, eof bool, err error) {
	opened := s.line
	for {
		c, eof, err := s.read()
		switch {
		case err != nil:
			return 0, false, err
		case eof || s.size > maxRowSize:
			return 0, false, &quoteError{opened, "a quote opens here and never ends; close it, or double it (\"\") if it is part of a value"}
		case c != '"':
			s.cell = append(s.cell, c)
			continue
		}
		c, eof, err = s.skipSpacesAfterQuote()
		switch {
		case err != nil || eof || c == s.comma || c == '\n':
			return c, eof, err
		case c == '"':
			s.cell = append(s.cell, '"')
		case opened != s.line:
			return 0, false, &quoteError{opened, fmt.Sprintf("a quote opens here and is closed in the middle of a value in line %d; close it where the value ends, or double it (\"\") if it is part of one", s.line)}
		default:
			row.fault = errors.New("a value continues after its closing quote; double a quote (\"\") inside a value")
			return s.skipLine()
		}
	}
}

// skipSpacesAfterQuote reads what follows a quote; a second quote only if it is next.
func (s *scanner) skipSpacesAfterQuote() (c byte, eof bool, err error) {
	if c, eof, err = s.read(); eof || err != nil || c != ' ' {
		return c, eof, err
	}
	if c, eof, err = s.skipSpaces(); c == '"' {
		c = 'x' // text after the value
	}
	return c, eof, err
}

// skipLine skips the rest of a line that cannot be used.
func (s *scanner) skipLine() (ended byte, eof bool, err error) {
	for {
		c, eof, err := s.read()
		if eof || err != nil || c == '\n' {
			return '\n', eof, err
		}
	}
}

// separators returns those that lists have, and what messages call them.
func separators() []struct {
	comma byte
	name  string
} {
	return []struct {
		comma byte
		name  string
	}{{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "vertical bars"}}
}

// newScanner finds out what separates the values: from a first line like `sep=;`, or from the
// line of column names.
func newScanner(in *bufio.Reader) (*scanner, error) {
	s := &scanner{in: in, comma: ',', line: 1}
	first, err := peekLine(in)
	if err != nil {
		return nil, err
	}
	if comma, ok := separatorLine(first); ok {
		s.comma = comma
		_, _, err := s.skipLine()
		return s, err
	}
	best := -1
	for _, sep := range separators() {
		if score := scoreSeparator(first, sep.comma); score > best {
			best, s.comma = score, sep.comma
		}
	}
	return s, nil
}

// peekLine returns the first line that is not blank, as far as it is within peekSize.
func peekLine(in *bufio.Reader) ([]byte, error) {
	start, err := in.Peek(peekSize)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	start = bytes.TrimLeft(start, " \r\n")
	if end := bytes.IndexAny(start, "\r\n"); end >= 0 {
		start = start[:end]
	}
	return start, nil
}

// separatorLine returns the separator that a line like `sep=;` sets.
func separatorLine(line []byte) (comma byte, ok bool) {
	text := strings.Trim(strings.TrimRight(string(line), " "), `"`)
	if len(text) != len("sep=;") || !strings.EqualFold(text[:4], "sep=") {
		return 0, false
	}
	for _, sep := range separators() {
		if text[4] == sep.comma {
			return sep.comma, true
		}
	}
	return 0, false
}

// scoreSeparator returns how well a separator splits a line of names: a known name of the
// address column counts most, then the number of columns.
func scoreSeparator(line []byte, comma byte) int {
	s := &scanner{in: bufio.NewReader(bytes.NewReader(line)), comma: comma, line: 1}
	s.row() // incomplete if a quoted name has several lines
	score := len(s.cells)
	for _, cell := range s.cells {
		if isAddressName(foldHeader(cell)) {
			score += 2 * maxColumns
		}
	}
	return score
}

func separatorName(comma byte) string {
	for _, sep := range separators() {
		if sep.comma == comma {
			return sep.name
		}
	}
	return "commas"
}
