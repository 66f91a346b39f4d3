package bounce

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// maxLogLine is the length of the longest line of a log that is accepted.
const maxLogLine = 1 << 20

// ReadMailLog finds the messages in a mail server's log that the server accepted: it calls found
// with each Message-ID, without brackets, for which wanted returns true. Postfix logs it while
// the message arrives, but has accepted the message only once its queue manager logs it too.
// Exim's <= line, and any line of another server with a Message-ID and no refusal, mean that
// the message was accepted.
func ReadMailLog(r io.Reader, wanted func(id string) bool, found func(id string)) error {
	coming := map[string]string{} // by Postfix's queue id
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLogLine)
	for lines.Scan() {
		line := lines.Text()
		if id, ok := strings.CutSuffix(beforeField(line, "from=<"), ":"); ok && strings.Contains(line, "qmgr[") {
			if message, ok := coming[id]; ok {
				delete(coming, id)
				found(message)
			}
			continue
		}
		for _, word := range strings.FieldsFunc(line, endsMessageID) {
			if !strings.Contains(word, "@") || !wanted(word) {
				continue
			}
			queue, postfix := strings.CutSuffix(beforeField(line, "message-id=<"), ":")
			switch {
			case postfix:
				coming[queue] = word
			case !strings.Contains(strings.ToLower(line), "reject"):
				found(word)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the mail log: %w", err)
	}
	return nil
}

func endsMessageID(r rune) bool { return r <= ' ' || strings.ContainsRune(`<>,;()[]"'=`, r) }

// beforeField returns the word before a field of a log line, or "".
func beforeField(line, field string) string {
	before, _, found := strings.Cut(line, " "+field)
	if !found {
		return ""
	}
	return before[strings.LastIndexByte(before, ' ')+1:]
}
