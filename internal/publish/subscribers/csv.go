package subscribers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a list, beyond which it is no list.
const (
	maxListColumns = 100
	maxListRow     = 1 << 20 // bytes
)

// listRow is one row of a list as it stands in the file. The text of its cells lives
// until the next is read.
type listRow struct {
	line  int // where it begins
	cells []string
	fault error // why it cannot be used
}

// csvScanner reads rows of CSV (RFC 4180; lines ended by LF, CRLF or CR; spaces before
// a quote allowed). encoding/csv would read a quote that never ends to the end of the
// file, and could not tell where it began.
type csvScanner struct {
	in    *bufio.Reader
	comma byte
	line  int // of the next byte
	cells []string
	cell  []byte
	size  int // bytes of the row so far
}

// quoteError is a quote after which nobody can tell where rows begin and end.
type quoteError struct {
	line int // where it opens
	text string
}

func (e *quoteError) Error() string { return e.text }

// next returns the next row that is not blank; io.EOF after the last.
func (s *csvScanner) next() (listRow, error) {
	for {
		row, err := s.row()
		if err != nil || row.fault != nil || len(row.cells) > 1 || strings.TrimSpace(row.cells[0]) != "" {
			return row, err
		}
	}
}

func (s *csvScanner) row() (listRow, error) {
	row := listRow{line: s.line}
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

// readCell reads one cell and what ends it: the comma, a line's end ('\n'), or the
// file's.
func (s *csvScanner) readCell(row *listRow) (ended byte, eof bool, err error) {
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
	if len(s.cells) <= maxListColumns { // one more tells that there are too many
		s.cells = append(s.cells, string(s.cell))
	}
	return c, eof, nil
}

// read returns the next byte, a line's end always as '\n'.
func (s *csvScanner) read() (c byte, eof bool, err error) {
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

func (s *csvScanner) skipSpaces() (c byte, eof bool, err error) {
	for {
		c, eof, err = s.read()
		if eof || err != nil || c != ' ' {
			return c, eof, err
		}
	}
}

// plain reads a cell without quotes around it, whose first byte is c.
func (s *csvScanner) plain(c byte, row *listRow) (ended byte, eof bool, err error) {
	for c != s.comma && c != '\n' {
		if s.size > maxListRow {
			row.fault = fmt.Errorf("it is longer than %d bytes", maxListRow)
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
func (s *csvScanner) quoted(row *listRow) (ended byte, eof bool, err error) {
	opened := s.line
	for {
		c, eof, err := s.read()
		switch {
		case err != nil:
			return 0, false, err
		case eof || s.size > maxListRow:
			return 0, false, &quoteError{opened, "a quote opens here and never ends; close it, or double it (\"\") where it is part of a value"}
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
			return 0, false, &quoteError{opened, fmt.Sprintf("a quote opens here and is closed in the middle of a value in line %d; close it where the value ends, or double it (\"\") where it is part of one", s.line)}
		default:
			row.fault = errors.New("a value goes on after its closing quote; a quote inside a value is doubled (\"\")")
			return s.skipLine()
		}
	}
}

// skipSpacesAfterQuote reads what follows a quote; a second quote only if it is next.
func (s *csvScanner) skipSpacesAfterQuote() (c byte, eof bool, err error) {
	if c, eof, err = s.read(); eof || err != nil || c != ' ' {
		return c, eof, err
	}
	if c, eof, err = s.skipSpaces(); c == '"' {
		c = 'x' // text after the value
	}
	return c, eof, err
}

// skipLine drops what is left of a line that cannot be used.
func (s *csvScanner) skipLine() (ended byte, eof bool, err error) {
	for {
		c, eof, err := s.read()
		if eof || err != nil || c == '\n' {
			return '\n', eof, err
		}
	}
}

// separators are those that lists come with, and how a message names them.
func separators() []struct {
	comma byte
	name  string
} {
	return []struct {
		comma byte
		name  string
	}{{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "vertical bars"}}
}

// newCSVScanner finds out what separates the values: a first line like `sep=;` says
// it, else the line of column names does.
func newCSVScanner(in *bufio.Reader) (*csvScanner, error) {
	s := &csvScanner{in: in, comma: ',', line: 1}
	first, err := peekLine(in)
	if err != nil {
		return nil, err
	}
	if comma, ok := saysSeparator(first); ok {
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

// peekLine returns the first line that is not blank, as far as listPeek shows it.
func peekLine(in *bufio.Reader) ([]byte, error) {
	start, err := in.Peek(listPeek)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	start = bytes.TrimLeft(start, " \r\n")
	if end := bytes.IndexAny(start, "\r\n"); end >= 0 {
		start = start[:end]
	}
	return start, nil
}

func saysSeparator(line []byte) (comma byte, ok bool) {
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

// scoreSeparator is the higher the better a separator takes a line of names apart: a
// known name of the address column weighs most, then the number of columns.
func scoreSeparator(line []byte, comma byte) int {
	s := &csvScanner{in: bufio.NewReader(bytes.NewReader(line)), comma: comma, line: 1}
	s.row() // as far as it goes: a quoted name may have several lines
	score := len(s.cells)
	for _, cell := range s.cells {
		if isAddressName(foldHeader(cell)) {
			score += 2 * maxListColumns
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
