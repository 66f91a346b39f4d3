package bounce

import (
	"slices"
	"strings"
)

// beforeCopy returns the text of a bounce up to the copy of our own mail, whose words do
// not say why delivery failed. It drops quoted lines and those that repeat the subject.
func beforeCopy(text string) string {
	lines := strings.Split(text, "\n")
	kept := make([]string, 0, len(lines))
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		if announcesCopy(line) || headerBegins(lines[i:]) {
			break
		}
		plain := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(plain, ">") || startsWithAny(plain, subjectFields) {
			line = ""
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

var subjectFields = []string{"subject:", "betreff:", "objet:", "asunto:", "assunto:", "oggetto:", "onderwerp:", "тема:", "主题:", "主題:", "件名:"}

// copies are how mail systems announce the copy, at the beginning of a line, apart from
// decoration.
var copies = []string{
	"below this line is a copy", "below is a copy", "this is a copy of", "here is a copy of", "the following is a copy", "a copy of the original", "a copy of your message", "a copy of the message follows",
	"copy of your message", "copy of the message", "copy of the original", "original message follow", "the original message follow", "original message header", "original message text", "original mail as follows", "original mail info",
	"original message below", "the header of the original", "the headers of the original", "enclosed are the original headers", "message header follow", "message headers follow", "headers follow", "returned message", "unsent message",
	"undelivered message", "your original message", "your message follows", "message text follows", "no message was collected", "begin forwarded message", "forwarded message", "content-type: message/rfc822",
	"content-type: text/rfc822-headers", "ursprüngliche nachricht", "kopie der nachricht", "kopie ihrer nachricht", "message d'origine", "mensaje original", "mensagem original", "messaggio originale", "исходное сообщение",
	"原始邮件", "原始郵件", "元のメッセージ", "the message that you sent was:", "the attachment contains the original",
}

func announcesCopy(line string) bool {
	line = strings.ToLower(strings.Trim(line, " \t-=_*+.:|[]()~'"))
	return line == "original message" || line == "original mail" || line == "the original message" || startsWithAny(line, copies)
}

func startsWithAny(line string, starts []string) bool {
	return slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(line, start) })
}

// headerBegins reports whether the lines start with the header of a mail: a run of
// fields, at least two of which reports do not contain otherwise.
func headerBegins(lines []string) bool {
	const longest = 40 // lines that are looked at
	if !isHeaderField(lines[0]) {
		return false
	}
	telling := 0
	for _, line := range lines[:min(len(lines), longest)] {
		switch {
		case isHeaderField(line):
			name, _, _ := strings.Cut(line, ":")
			if slices.Contains(ownFields, strings.ToLower(name)) {
				telling++
			}
		case line == "" || line[0] != ' ' && line[0] != '\t':
			return telling >= 2
		}
	}
	return telling >= 2
}

var ownFields = []string{"return-path", "received", "message-id", "dkim-signature", "list-id", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type",
	"content-transfer-encoding", "content-language", "auto-submitted", "from", "reply-to"}

func isHeaderField(line string) bool {
	name, _, found := strings.Cut(line, ":")
	if !found || name == "" || len(name) > 40 {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}
