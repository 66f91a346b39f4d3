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
	lines := bytes.Count(message, []byte{'\n'})
	if !bytes.HasSuffix(message, []byte("\r\n")) || bytes.Count(message, []byte{'\r'}) != lines {
		return false
	}
	for line := range bytes.Lines(message) {
		if line[0] == '.' || !bytes.HasSuffix(line, []byte("\r\n")) {
			return false
		}
	}
	return true
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
