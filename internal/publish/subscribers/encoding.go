package subscribers

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// peekSize is how many bytes of a list are inspected before it is read.
const peekSize = 64 << 10

// utf8Text is the text of a list as UTF-8.
type utf8Text struct {
	*bufio.Reader
	utf16 bool
	guess *textGuess
}

// decodeText reads UTF-8, UTF-16 with a byte order mark, and Windows-1252, which spreadsheet
// programs write. The error says what the file is if it is not text.
func decodeText(r io.Reader) (*utf8Text, error) {
	in := bufio.NewReaderSize(r, peekSize)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t := &utf8Text{guess: &textGuess{}}
	switch {
	case isArchive(head):
		return nil, errors.New("is a ZIP archive or an Excel workbook, not CSV; unpack it, or save the sheet as CSV (UTF-8)")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		t.utf16 = true
		t.Reader = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()), peekSize)
	default:
		for bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) { // some programs write it again
			in.Discard(3)
			head, _ = in.Peek(3)
		}
		t.Reader = bufio.NewReaderSize(transform.NewReader(in, t.guess), peekSize)
	}
	start, err := t.Peek(peekSize)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.IndexByte(start, 0) >= 0:
		return nil, errors.New("is not text: it has NUL bytes, as UTF-16 without a byte order mark does; save it as CSV (UTF-8)")
	}
	return t, nil
}

// encoding returns the name of the encoding, according to what has been read so far.
func (t *utf8Text) encoding() string {
	switch {
	case t.utf16:
		return "UTF-16"
	case t.guess.seen && !t.guess.isUTF8:
		return "Windows-1252"
	}
	return "UTF-8"
}

// textGuess converts UTF-8 or Windows-1252 to UTF-8. The first byte beyond ASCII decides,
// because letters in Windows-1252 hardly ever form a UTF-8 sequence. Bytes that are not UTF-8
// in a file that is stay, and make their row invalid.
type textGuess struct {
	seen, isUTF8 bool
}

func (g *textGuess) Reset() { *g = textGuess{} }

func (g *textGuess) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
		if n := g.copied(dst[written:], src[read:]); n > 0 {
			written, read = written+n, read+n
			continue
		}
		c := src[read]
		if c >= utf8.RuneSelf && !g.seen {
			if !atEOF && !utf8.FullRune(src[read:]) {
				return written, read, transform.ErrShortSrc
			}
			r, size := utf8.DecodeRune(src[read:])
			g.seen, g.isUTF8 = true, r != utf8.RuneError || size > 1
		}
		if written+utf8.UTFMax > len(dst) {
			return written, read, transform.ErrShortDst
		}
		if !g.isUTF8 {
			written += utf8.EncodeRune(dst[written:], charmap.Windows1252.DecodeByte(c))
			read++
		}
	}
	return written, read, nil
}

// copied copies what stays as it is, and returns how many bytes that is.
func (g *textGuess) copied(dst, src []byte) int {
	src = src[:min(len(src), len(dst))]
	if !g.isUTF8 {
		if i := bytes.IndexFunc(src, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
			src = src[:i]
		}
	}
	return copy(dst, src)
}
