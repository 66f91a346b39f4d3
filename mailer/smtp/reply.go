package smtp

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"publisher/mailer/refusal"
)

const (
	maxReply = 64 << 10 // octets of a whole reply, far above RFC 5321 §4.5.3.1.5
)

var (
	errMalformedReply = errors.New("the server's reply is not SMTP")
	errLongReply      = fmt.Errorf("the server's reply is longer than %d bytes", maxReply)
)

// reply is a reply of the server, with its lines joined.
type reply struct {
	code     int
	enhanced string // RFC 3463; "" for none
	text     string // the server's words, without the codes
}

// String returns the reply as people quote it.
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

// slowDown reports whether the server asks for less: the service is unavailable or out
// of resources (421, 452, 454), a temporary policy or security status (RFC 3463 §3.8), a
// system that accepts no more (X.3.2, X.4.5), or words to that effect.
func (r reply) slowDown() bool {
	if r.code/100 != 4 && r.code/100 != 5 {
		return false
	}
	words := refusal.Words(r.text)
	switch {
	case saysAny(words, greylisting):
		return false // applies to this sender and recipient only
	case saysAny(words, theirRate), saysAny(words, askingLess) && !saysAny(words, theirs), strings.HasSuffix(r.enhanced, ".3.2"), strings.HasSuffix(r.enhanced, ".4.5"):
		return true
	case r.code == 452 && (strings.HasPrefix(r.enhanced, "4.2.") || saysAny(words, mailboxFull)):
		return false
	}
	return r.code == 421 || r.code == 452 || r.code == 454 || r.code/100 == 4 && strings.HasPrefix(r.enhanced, "4.7.")
}

// crowded reports whether the server refuses only because it is sent too much at once:
// it will accept the same message a little later.
func (r reply) crowded() bool {
	if r.code/100 != 4 && r.code/100 != 5 {
		return false
	}
	words := refusal.Words(r.text)
	if saysAny(words, theirs) || saysAny(words, lasting) || saysAny(words, greylisting) {
		return false
	}
	return r.code == 432 && strings.HasSuffix(r.enhanced, ".3.2") || saysAny(words, crowding)
}

// exhausted reports whether the server says that a sending limit is reached, for hours or
// longer: any other message would be refused too.
func (r reply) exhausted() bool {
	if r.code/100 != 4 && r.code/100 != 5 || r.crowded() {
		return false
	}
	words := refusal.Words(r.text)
	return !saysAny(words, theirs) && !saysAny(words, greylisting) && (strings.HasSuffix(r.enhanced, ".4.5") || saysAny(words, askingLess))
}

var (
	greylisting = []string{"greylist*", "graylist*", "grey list*", "gray list*", "grey listed"}
	mailboxFull = []string{"mailbox full", "mailbox is full", "over quota", "mailbox quota", "out of storage", "exceeded storage", "user quota", "inbox is full"}
	// crowding is about the number of connections, or about speed.
	crowding = []string{"too many concurrent", "concurren*", "simultaneous*", "too many connections", "too many open connections", "too many sessions", "too many smtp sessions", "connection limit*", "connections limit*",
		"session limit*", "thread limit*", "maximum number of connections", "connection rate", "maximum sending rate", "sending rate", "send rate", "rate limit*", "ratelimit*", "rate exceeded", "too fast", "slow down", "slower", "too much mail from", "per second", "trop de connexions", "frequency limited", "too frequent*"}
	// theirs mentions the recipient, who receives too much from all senders.
	theirs = []string{"recipient", "mailbox", "the user", "user is receiving"}
	// theirRate is the recipient's rate, to which we may contribute.
	theirRate = []string{"rate that prevents", "receiving mail at a rate", "receiving email at a rate", "receiving mail too quickly", "receiving email too quickly"}
	// lasting mentions limits that a pause within a pass does not lift.
	lasting = []string{"per hour", "hour", "hours", "hourly", "per day", "day", "days", "daily", "24h", "quota", "reputation", "spam", "complaints", "tomorrow", "unsolicited"}
	// askingLess is crowding, and limits over a longer time.
	askingLess = append([]string{"emails per", "messages per", "mails per", "too many messages from", "too many messages sent",
		"too many mails", "too many emails", "sending quota", "message quota", "sending limit*", "send limit*", "relay limit*", "messaging limit*", "throttl*", "max emails", "maximum number of messages", "maximum number of emails", "maximum number of recipients"}, crowding...)
)

func saysAny(words string, list []string) bool {
	return slices.ContainsFunc(list, func(phrase string) bool { return refusal.Says(words, phrase) })
}

// closing returns an error if the server says that it closes the connection (RFC 5321 §3.8).
func (r reply) closing() error {
	if r.code == 421 {
		return &closingError{r}
	}
	return nil
}

type closingError struct{ reply }

func (e *closingError) Error() string { return e.String() }

// verdict returns what a reply to an envelope or a body means. If the server only asks
// for less, its words count, not its code: it will accept the message later.
func (r reply) verdict() Verdict {
	switch r.code / 100 {
	case 2:
		return Sent
	case 4:
		return Temporary
	}
	if r.enhanced == "5.4.5" || r.enhanced != "5.3.2" && r.slowDown() {
		return Temporary
	}
	return Permanent
}

// stage is the command that a reply answers.
type stage int

const (
	toMAIL stage = iota
	toRCPT
	toDATA
	toBody
)

// about classifies the reply. A reply to MAIL is never about the recipient. A reply to
// DATA or to the body is only if its words say so: some servers look up the mailbox that
// late, but most refuse the message at that point.
func (r reply) About(at stage, job *Job) refusal.About {
	if r.code/100 != 4 && r.code/100 != 5 {
		return refusal.Unclear
	}
	enhanced := r.enhanced
	if enhanced == "" { // as in 550-'5.7.1 …' and 550 #5.1.0 …
		enhanced = refusal.FindEnhanced(r.text[:min(len(r.text), len("'#5.999.999"))], strconv.Itoa(r.code/100))
	}
	about, byWords := refusal.Refusal{Code: r.code, Enhanced: enhanced, Text: r.text, Sender: job.ReturnPath, Recipients: []string{job.To}}.Classify()
	switch {
	case at == toMAIL:
		return refusal.AboutUs
	case at != toRCPT && about == refusal.AboutMailbox && !byWords:
		return refusal.Unclear
	}
	return about
}

// readReply reads a reply (RFC 5321 §4.2). For anything else it returns errMalformedReply, and
// the connection is unusable.
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
		status, words := refusal.SplitEnhanced(code, rest)
		if status == "" || rep.enhanced != "" && status != rep.enhanced {
			words = rest
		} else {
			rep.enhanced = status
		}
		if last && text.Len() == 0 { // as nearly all are
			rep.text = refusal.OneLine(words[:min(len(words), refusal.MaxReplyText)])
			return rep, nil
		}
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		if text.Len() < refusal.MaxReplyText {
			text.WriteString(words[:min(len(words), refusal.MaxReplyText)])
		}
		if last {
			rep.text = refusal.OneLine(text.String())
			return rep, nil
		}
	}
}

// readLine reads up to LF and returns the line without its end, cut to a useful length, and its
// original length.
func readLine(r *bufio.Reader, limit int) (line string, size int, err error) {
	part, err := r.ReadSlice('\n')
	size = len(part)
	line = string(part[:min(len(part), refusal.MaxReplyText+16)])
	for errors.Is(err, bufio.ErrBufferFull) && size <= limit {
		part, err = r.ReadSlice('\n')
		size += len(part)
	}
	switch {
	case size > limit:
		return "", size, errLongReply
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
