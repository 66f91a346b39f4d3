package bounce

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// maxLogLine is the longest line of a log that is read whole.
const maxLogLine = 1 << 20

// ReadMailLog finds in a mail server's log the messages that the server took: found
// is called with each Message-ID, without brackets, that wanted knows. Postfix names
// it while the message still comes in, and has it only once its queue manager names
// it too; Exim's <= line, and any line of another server that bears a Message-ID and
// speaks of no refusal, say it at once.
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

// beforeField is the word before a field of a log line; "" where it is not there.
func beforeField(line, field string) string {
	before, _, found := strings.Cut(line, " "+field)
	if !found {
		return ""
	}
	return before[strings.LastIndexByte(before, ' ')+1:]
}
