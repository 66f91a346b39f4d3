package mailer

import "bytes"

// appendStuffed appends a message as DATA wants it, lines ended by CRLF and
// leading dots doubled (RFC 5321 §4.5.2), without the final dot. A bare CR or LF
// becomes CRLF, since servers disagree on what ends a message otherwise.
func appendStuffed(dst []byte, write func([]byte) []byte) []byte {
	start := len(dst)
	dst = write(dst)
	message := dst[start:]
	if clean(message) {
		return dst
	}
	return stuff(dst[:start], bytes.Clone(message))
}

// clean tells a message that can go out as it is, which ours always can.
func clean(message []byte) bool {
	lines := 0
	for rest := message; len(rest) > 0; lines++ {
		end := bytes.IndexByte(rest, '\n')
		if rest[0] == '.' || end < 1 || rest[end-1] != '\r' {
			return false
		}
		rest = rest[end+1:]
	}
	return bytes.Count(message, []byte{'\r'}) == lines && lines > 0
}

func stuff(dst, message []byte) []byte {
	lineStart := true
	for i := 0; i < len(message); i++ {
		c := message[i]
		if c == '\r' || c == '\n' {
			if c == '\r' && i+1 < len(message) && message[i+1] == '\n' {
				i++
			}
			dst = append(dst, "\r\n"...)
			lineStart = true
			continue
		}
		if lineStart && c == '.' {
			dst = append(dst, '.')
		}
		dst = append(dst, c)
		lineStart = false
	}
	if !lineStart {
		dst = append(dst, "\r\n"...)
	}
	return dst
}
