package message

// maxQPLine is the maximum length of a line of quoted-printable, including the "=" of a soft
// break (RFC 2045 §6.7, rule 5).
const maxQPLine = 76

// appendQP appends text as quoted-printable, with LF as CRLF, such that the result begins and
// ends at the start of a line: with a soft line break if the text does not end in LF. So
// separately encoded segments can be combined in any way, if the last one ends in LF.
//
// In addition to RFC 2045, it encodes "." and "From " at the start of a line, for SMTP and for
// mailboxes (RFC 2049 §3).
func appendQP(dst []byte, text string) []byte {
	column := 0
	for i := range len(text) {
		c := text[i]
		if c == '\n' {
			dst = append(dst, "\r\n"...)
			column = 0
			continue
		}
		width := 1
		if !literal(text, i, column) {
			width = 3
		}
		if column+width > maxQPLine-1 {
			dst = append(dst, "=\r\n"...)
			column = 0
			if !literal(text, i, column) {
				width = 3
			}
		}
		if width == 1 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
		column += width
	}
	if column > 0 {
		dst = append(dst, "=\r\n"...)
	}
	return dst
}

// literal reports whether text[i] needs no encoding at the column.
func literal(text string, i, column int) bool {
	switch c := text[i]; {
	case c == ' ' || c == '\t':
		return i+1 == len(text) || text[i+1] != '\n'
	case c == '=' || c < ' ' || c > '~':
		return false
	case column > 0:
		return true
	case c == '.':
		return false
	case c == 'F':
		return len(text) < i+5 || text[i:i+5] != "From "
	}
	return true
}

const upperHex = "0123456789ABCDEF"
