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

// listPeek is how many bytes of a list are looked at before it is read.
const listPeek = 64 << 10

// listText is a list's text as UTF-8.
type listText struct {
	*bufio.Reader
	utf16 bool
	guess *textGuess
}

// decodeList reads UTF-8, UTF-16 with a byte order mark, and Windows-1252, which
// spreadsheet programs write. What is not text is an error that names it.
func decodeList(r io.Reader) (*listText, error) {
	in := bufio.NewReaderSize(r, listPeek)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t := &listText{guess: &textGuess{}}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, errors.New("is a ZIP archive or an Excel workbook, not CSV; unpack it, or save the sheet as CSV (UTF-8)")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		t.utf16 = true
		t.Reader = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()), listPeek)
	default:
		if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
			in.Discard(3)
		}
		t.Reader = bufio.NewReaderSize(transform.NewReader(in, t.guess), listPeek)
	}
	start, err := t.Peek(listPeek)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.IndexByte(start, 0) >= 0:
		return nil, errors.New("is not text: it has NUL bytes, as UTF-16 without a byte order mark does; save it as CSV (UTF-8)")
	}
	return t, nil
}

// encoding names what has been read so far.
func (t *listText) encoding() string {
	switch {
	case t.utf16:
		return "UTF-16"
	case t.guess.seen && !t.guess.isUTF8:
		return "Windows-1252"
	}
	return "UTF-8"
}

// textGuess makes UTF-8 of what is UTF-8 or Windows-1252: the first byte beyond ASCII
// tells, because letters of Windows-1252 hardly ever make a UTF-8 sequence. What is
// not UTF-8 in a file that is stays, and costs its row.
type textGuess struct {
	seen, isUTF8 bool
}

func (g *textGuess) Reset() { *g = textGuess{} }

func (g *textGuess) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
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
		if c < utf8.RuneSelf || g.isUTF8 {
			dst[written] = c
			written++
		} else {
			written += utf8.EncodeRune(dst[written:], charmap.Windows1252.DecodeByte(c))
		}
		read++
	}
	return written, read, nil
}
