package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"publisher/internal/private"
	"publisher/internal/xmltext"
)

// file is a candidate that the walk found.
type file struct {
	path    string // slash-separated, relative to content.dir
	real    string // to open it by: symbolic links resolved
	size    int64
	modTime time.Time
}

// source is one file of the tree, read and split. Its text is clean: valid
// UTF-8, line ends LF, no control characters.
type source struct {
	path     string
	front    frontMatter
	body     string
	bodyLine int // of the file, counted from 1
	modTime  time.Time
	fileHash [32]byte
	bodyHash [32]byte
	problems []Problem
	budget   *budget // of what is being made of it; nil for no bounds
}

func (s *source) reject(line int, message string) {
	s.problems = append(s.problems, Problem{Path: s.path, Line: line, Message: message, Invalid: true})
}

func (s *source) warn(line int, message string) {
	s.problems = append(s.problems, Problem{Path: s.path, Line: line, Message: message})
}

func (s *source) invalid() bool {
	for _, p := range s.problems {
		if p.Invalid {
			return true
		}
	}
	return false
}

// maxFile is how many bytes a file may have; a larger one is not read.
const maxFile = 10 << 20

// sourceReader reads files one after the other into the same memory.
type sourceReader struct {
	buf    []byte
	budget *budget // of the file that is read
	split  func(name, text string) (frontMatter, string, int, error)
}

// reader reads files as the tree's engine does.
func (t *blog) reader() *sourceReader {
	return &sourceReader{split: t.engine.split}
}

// read takes a file apart. What is wrong with it is in its problems; an invalid
// source has nothing else to give.
func (r *sourceReader) read(f file) *source {
	s := &source{path: f.path, modTime: f.modTime, budget: r.budget}
	if f.size > maxFile {
		s.reject(0, fmt.Sprintf("the file has %d MB, too much for a post (the limit is %d MB); exclude it by content.exclude or make it smaller", f.size>>20, maxFile>>20))
		return s
	}
	raw, err := readWhole(f.real, r.buf, int(f.size), maxFile)
	if r.buf = raw[:0]; err == nil && len(raw) > maxFile {
		err = fmt.Errorf("it has grown over %d MB", maxFile>>20)
	}
	if err != nil {
		s.reject(0, fmt.Sprintf("cannot be read: %v; mend its permissions or exclude it by content.exclude", reason(err)))
		return s
	}
	if private.IsSecret(raw) {
		s.reject(0, "the file holds a ledger or a private key, and is no post; move it out of the content folder")
		return s
	}
	s.fileHash = sha256.Sum256(withPlainEnds(raw))
	text, ok := s.clean(raw)
	if !ok {
		return s
	}
	var fault *syntaxFault
	s.front, s.body, s.bodyLine, err = r.split(f.path, text)
	if errors.As(err, &fault) {
		s.reject(fault.line, fault.message)
		return s
	}
	s.bodyHash = sha256.Sum256([]byte(strings.TrimSpace(s.body)))
	return s
}

// withPlainEnds is a file without byte order mark, its lines ended by LF and itself
// by one: what else an editor may do there changes nothing that a reader sees.
func withPlainEnds(raw []byte) []byte {
	if bytes.IndexByte(raw, '\r') >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimRight(raw, " \t\n")
	if len(trimmed) == len(raw)-1 && raw[len(raw)-1] == '\n' {
		return raw
	}
	return append(bytes.Clone(trimmed), '\n')
}

// grown has room for a byte more than a file is to have, which tells its end.
func grown(buf []byte, size int) []byte {
	if cap(buf) <= size {
		return make([]byte, size+512)
	}
	return buf[:cap(buf)]
}

// reason drops the path from an error, which the problem names already.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// clean makes text of bytes: byte order mark, CR and control characters gone,
// stray bytes read as Windows-1252.
func (s *source) clean(raw []byte) (string, bool) {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		s.reject(1, "the file is UTF-16; save it as UTF-8")
		return "", false
	}
	if isPlain(raw) {
		return string(raw), true
	}
	if head := raw[:min(len(raw), 8000)]; isBinary(head) {
		s.reject(0, "this is a binary file, not Markdown; rename it or exclude it by content.exclude")
		return "", false
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(raw, '\r') >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	text := string(raw)
	if !utf8.ValidString(text) {
		s.warn(lineAt(text, invalidAt(text)), "bytes here are not UTF-8; they were read as Windows-1252: save the file as UTF-8")
		text = fromWindows1252(text)
	}
	if at := xmltext.Index(text); at >= 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		s.warn(lineAt(text, at), fmt.Sprintf("a control character (U+%04X), which no feed may hold, was left out; delete it", r))
		text = xmltext.Clean(text)
	}
	return text, true
}

// isPlain tells printable ASCII with line ends of one byte, eight bytes at a
// time: what most posts are, and all that has nothing to clean.
func isPlain(raw []byte) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for len(raw) >= 8 {
		word := binary.LittleEndian.Uint64(raw)
		// A byte below 0x20, one that is 0x7f, or one above sets its high bit here.
		if (word-ones*0x20|(word+ones)|word)&highs != 0 {
			for _, c := range raw[:8] {
				if !plainByte(c) {
					return false
				}
			}
		}
		raw = raw[8:]
	}
	for _, c := range raw {
		if !plainByte(c) {
			return false
		}
	}
	return true
}

func plainByte(c byte) bool { return c >= 0x20 && c < 0x7f || c == '\n' || c == '\t' }

// isBinary tells noise from text: a twentieth of it is control characters or
// bytes that are no UTF-8, or it has NULs and does not begin like a post.
func isBinary(head []byte) bool {
	if xmltext.Index(string(head)) < 0 {
		return false
	}
	odd, nul := 0, false
	for rest := head; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 && len(rest) >= utf8.UTFMax || r < 0x20 && r != '\t' && r != '\n' && r != '\r' {
			odd++
		}
		nul = nul || r == 0
		rest = rest[size:]
	}
	return odd*20 > len(head) && (nul || odd*5 > len(head))
}

func fromWindows1252(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			if r = charmap.Windows1252.DecodeByte(s[i]); r != utf8.RuneError {
				b.WriteRune(r)
			}
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

func invalidAt(s string) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(s)
}

func lineAt(text string, offset int) int { return 1 + strings.Count(text[:offset], "\n") }

// lineHolding is the line of the file where a text stands, 0 where it is not
// found: rendering keeps no positions.
func (s *source) lineHolding(text string) int {
	if at := strings.Index(s.body, text); at >= 0 {
		return s.bodyLine + strings.Count(s.body[:at], "\n")
	}
	return s.front.lineHolding(text)
}

// warnOf warns, once for a post, that something was left out of it; element is the name of
// the HTML element at fault, "" where no single one is.
func (s *source) warnOf(element, message string) {
	if len(s.problems) >= maxWarnings || slices.ContainsFunc(s.problems, func(p Problem) bool { return p.Message == message }) {
		return
	}
	line := 0
	if element != "" {
		line = s.lineHolding("<" + element)
	}
	s.warn(line, message)
}
