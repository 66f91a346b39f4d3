package dialect

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

	"publisher/content/frontmatter"
	"publisher/content/limits"
	"publisher/content/post"
	"publisher/internal/private"
	"publisher/internal/xmltext"
)

// File is a candidate that the walk found.
type File struct {
	Path    string // slash-separated, relative to content.dir
	Real    string // to open it by: symbolic links resolved
	Size    int64
	ModTime time.Time
}

// Source is one file of the tree, read and split. Its text is clean: valid UTF-8, line ends LF,
// no control characters.
type Source struct {
	Path     string
	Front    frontmatter.Block
	Body     string
	BodyLine int // of the file, counted from 1
	ModTime  time.Time
	FileHash [32]byte
	bodyHash [32]byte
	Problems []post.Problem
	Budget   *limits.Budget // of what is made of it; nil for no bounds
}

// Reject adds a problem that makes the file invalid. Lines count from 1; 0 is none.
func (s *Source) Reject(line int, message string) {
	s.Problems = append(s.Problems, post.Problem{Path: s.Path, Line: line, Message: message, Invalid: true})
}

// Warn adds a problem that does not make the file invalid.
func (s *Source) Warn(line int, message string) {
	s.Problems = append(s.Problems, post.Problem{Path: s.Path, Line: line, Message: message})
}

// Invalid reports whether a problem keeps the file from being a post.
func (s *Source) Invalid() bool {
	for _, p := range s.Problems {
		if p.Invalid {
			return true
		}
	}
	return false
}

// maxFile bounds a file, in bytes; larger ones are not read.
const maxFile = 10 << 20

// SourceReader reads one file after the other into the same memory.
type SourceReader struct {
	buf    []byte
	Budget *limits.Budget // of the file that is read
	split  func(name, text string) (frontmatter.Block, string, int, error)
}

// Reader returns a reader that splits files as the blog's engine does.
func (b *Blog) Reader() *SourceReader {
	return &SourceReader{split: b.Engine.SplitFrontMatter}
}

// Read reads and splits a file. Its faults are in its Problems; an invalid source has nothing
// else to give.
func (r *SourceReader) Read(f File) *Source {
	s := &Source{Path: f.Path, ModTime: f.ModTime, Budget: r.Budget}
	if f.Size > maxFile {
		s.Reject(0, fmt.Sprintf("the file has %d MB, too much for a post (the limit is %d MB); exclude it with content.exclude or make it smaller", f.Size>>20, maxFile>>20))
		return s
	}
	raw, err := readWhole(f.Real, r.buf, int(f.Size), maxFile)
	if r.buf = raw[:0]; err == nil && len(raw) > maxFile {
		err = fmt.Errorf("it has grown beyond %d MB", maxFile>>20)
	}
	if err != nil {
		s.Reject(0, fmt.Sprintf("cannot be read: %v; fix its permissions or exclude it with content.exclude", Reason(err)))
		return s
	}
	if private.IsSecret(raw) {
		s.Reject(0, "the file is a ledger or a private key, not a post; move it out of the content folder")
		return s
	}
	s.FileHash = sha256.Sum256(WithPlainEnds(raw))
	text, ok := s.Clean(raw)
	if !ok {
		return s
	}
	var fault *frontmatter.SyntaxError
	s.Front, s.Body, s.BodyLine, err = r.split(f.Path, text)
	if errors.As(err, &fault) {
		s.Reject(fault.Line, fault.Message)
		return s
	}
	s.bodyHash = sha256.Sum256([]byte(strings.TrimSpace(s.Body)))
	return s
}

// WithPlainEnds returns a file without byte order mark, with lines ended by LF and one LF at its
// end: what editors vary there does not change the post.
func WithPlainEnds(raw []byte) []byte {
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

// grown returns buf with room for one byte more than a file should have, which shows its end.
func grown(buf []byte, size int) []byte {
	if cap(buf) <= size {
		return make([]byte, size+512)
	}
	return buf[:cap(buf)]
}

// Reason returns an error without the path, which the problem names already.
func Reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// Clean returns the text of a file without byte order mark, CR and control characters. Bytes that
// are not UTF-8 are read as Windows-1252.
func (s *Source) Clean(raw []byte) (string, bool) {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		s.Reject(1, "the file is UTF-16; save it as UTF-8")
		return "", false
	}
	if isPlain(raw) {
		return string(raw), true
	}
	if head := raw[:min(len(raw), 8000)]; IsBinary(head) {
		s.Reject(0, "this is a binary file, not Markdown; rename it or exclude it with content.exclude")
		return "", false
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(raw, '\r') >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	text := string(raw)
	if !utf8.ValidString(text) {
		s.Warn(LineAt(text, invalidAt(text)), "bytes here are not UTF-8 and were read as Windows-1252; save the file as UTF-8")
		text = fromWindows1252(text)
	}
	if at := xmltext.Index(text); at >= 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		s.Warn(LineAt(text, at), fmt.Sprintf("a control character (U+%04X), which feeds cannot contain, was left out; delete it", r))
		text = xmltext.Clean(text)
	}
	return text, true
}

// isPlain reports whether raw is printable ASCII with line ends of one byte. It looks at eight
// bytes at a time, since most posts are like that and need no cleaning.
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

// IsBinary reports whether text is noise: a twentieth of it is control characters or bytes that
// are not UTF-8, and it has NULs or even more of them.
func IsBinary(head []byte) bool {
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

// LineAt returns the line of an offset, counted from 1.
func LineAt(text string, offset int) int { return 1 + strings.Count(text[:offset], "\n") }

// LineHolding returns the line of the file that has a text, or 0: rendering keeps no positions.
func (s *Source) LineHolding(text string) int {
	if at := strings.Index(s.Body, text); at >= 0 {
		return s.BodyLine + strings.Count(s.Body[:at], "\n")
	}
	return s.Front.LineHolding(text)
}

// WarnOnce warns, once per post, that something was left out. element is the name of the HTML
// element at fault, or "".
func (s *Source) WarnOnce(element, message string) {
	if len(s.Problems) >= MaxWarnings || slices.ContainsFunc(s.Problems, func(p post.Problem) bool { return p.Message == message }) {
		return
	}
	line := 0
	if element != "" {
		line = s.LineHolding("<" + element)
	}
	s.Warn(line, message)
}
