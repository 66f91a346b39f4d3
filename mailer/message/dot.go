package message

// Stuff returns a message in the form for DATA: with CRLF line ends and leading dots doubled
// (RFC 5321 §4.5.2), without the final dot. A bare CR or LF becomes CRLF, because otherwise
// servers disagree on where a message ends.
func Stuff(message []byte) []byte {
	out := make([]byte, 0, len(message)+len(message)/64)
	lineStart := true
	for i := 0; i < len(message); i++ {
		c := message[i]
		if c == '\r' || c == '\n' {
			if c == '\r' && i+1 < len(message) && message[i+1] == '\n' {
				i++
			}
			out = append(out, "\r\n"...)
			lineStart = true
			continue
		}
		if lineStart && c == '.' {
			out = append(out, '.')
		}
		out = append(out, c)
		lineStart = false
	}
	if !lineStart {
		out = append(out, "\r\n"...)
	}
	return out
}
