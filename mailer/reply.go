package mailer

import (
	"bufio"
	"errors"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxReply     = 64 << 10 // octets of a whole reply, far above RFC 5321 §4.5.3.1.5
	maxReplyText = 1000     // octets of it that are kept
)

var errMalformedReply = errors.New("the server's reply is not SMTP")

// reply is one reply of the server, all its lines joined into one.
type reply struct {
	code     int
	enhanced string // RFC 3463; "" for none
	text     string // the server's words, without the codes
}

// String is the reply as people quote it.
func (r reply) String() string {
	parts := []string{strconv.Itoa(r.code)}
	for _, part := range []string{r.enhanced, r.text} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

func (r reply) positive() bool { return r.code/100 == 2 }

// slowDown tells the replies by which a server asks for less: the service is not
// available (421, 454), or a policy or security status that passes (RFC 3463 §3.8).
func (r reply) slowDown() bool {
	return r.code == 421 || r.code == 454 || r.code/100 == 4 && strings.HasPrefix(r.enhanced, "4.7.")
}

// closing is an error where the server says that it closes the connection (RFC 5321
// §3.8).
func (r reply) closing() error {
	if r.code == 421 {
		return &closingError{r}
	}
	return nil
}

type closingError struct{ reply }

func (e *closingError) Error() string { return e.String() }

// verdict is what a reply to an envelope or a body means.
func (r reply) verdict() Verdict {
	switch r.code / 100 {
	case 2:
		return Sent
	case 4:
		return Temporary
	}
	return Permanent
}

// refusesAddress tells a permanent refusal of the recipient's address from one of
// the message or its sender. 5.1.7 and 5.1.8 are about the sender (RFC 3463 §3.2);
// a bare 550 is about the mailbox where RCPT was asked (RFC 5321 §4.2.3).
func (r reply) refusesAddress(toRCPT bool) bool {
	if r.code/100 != 5 {
		return false
	}
	switch r.enhanced {
	case "":
		return toRCPT && r.code == 550
	case "5.1.7", "5.1.8":
		return false
	case "5.2.1":
		return true
	}
	return strings.HasPrefix(r.enhanced, "5.1.")
}

// readReply reads one reply (RFC 5321 §4.2). What it cannot make sense of is
// errMalformedReply; the connection is of no use then.
func readReply(r *bufio.Reader) (reply, error) {
	var rep reply
	var text strings.Builder
	for left := maxReply; ; {
		line, size, err := readLine(r, left)
		if err != nil {
			return reply{}, err
		}
		left -= size
		code, rest, last, ok := splitReplyLine(line)
		if !ok || rep.code != 0 && code != rep.code {
			return reply{}, errMalformedReply
		}
		rep.code = code
		status, words := splitEnhanced(code, rest)
		if status == "" || rep.enhanced != "" && status != rep.enhanced {
			words = rest
		} else {
			rep.enhanced = status
		}
		if last && text.Len() == 0 { // as nearly all are
			rep.text = oneLine(words[:min(len(words), maxReplyText)])
			return rep, nil
		}
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		if text.Len() < maxReplyText {
			text.WriteString(words[:min(len(words), maxReplyText)])
		}
		if last {
			rep.text = oneLine(text.String())
			return rep, nil
		}
	}
}

// readLine reads up to LF and returns the line without its end, cut to what is
// worth keeping, and how long it was.
func readLine(r *bufio.Reader, limit int) (line string, size int, err error) {
	part, err := r.ReadSlice('\n')
	size = len(part)
	line = string(part[:min(len(part), maxReplyText+16)])
	for errors.Is(err, bufio.ErrBufferFull) && size <= limit {
		part, err = r.ReadSlice('\n')
		size += len(part)
	}
	switch {
	case size > limit:
		return "", size, errMalformedReply
	case err != nil:
		return "", size, err
	}
	return strings.TrimRight(line, "\r\n"), size, nil
}

func splitReplyLine(line string) (code int, rest string, last, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9' || line[2] < '0' || line[2] > '9' {
		return 0, "", false, false
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	if len(line) == 3 {
		return code, "", true, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, "", false, false
	}
	return code, line[4:], line[3] == ' ', true
}

// splitEnhanced takes the enhanced status code off a line. Its class must be the
// reply's (RFC 2034 §4).
func splitEnhanced(code int, line string) (status, words string) {
	status, words, _ = strings.Cut(line, " ")
	class, rest, found := strings.Cut(status, ".")
	subject, detail, both := strings.Cut(rest, ".")
	if !found || !both || class != strconv.Itoa(code/100) || !isShortNumber(subject) || !isShortNumber(detail) {
		return "", line
	}
	return status, words
}

func isShortNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}

// oneLine makes the server's words fit to be stored and shown.
func oneLine(s string) string {
	if isOneLine(s) {
		return s
	}
	s = strings.ToValidUTF8(s[:min(len(s), maxReplyText)], "\uFFFD")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// isOneLine tells words of printable ASCII, one space between them, that are short
// enough.
func isOneLine(s string) bool {
	space := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && space {
			return false
		}
		space = s[i] == ' '
	}
	return len(s) <= maxReplyText && !space
}
