package mailer

import (
	"strings"
)

// judgeCode says what an enhanced status code means (RFC 3463) for one whose mail
// was given up; Ignored where it tells nothing.
func judgeCode(status string) Return {
	class, rest, _ := strings.Cut(status, ".")
	switch {
	case class == "4":
		return SoftBounce
	case class != "5" || rest == "0.0" || rest == "3.0" || rest == "":
		return Ignored
	case rest == "1.7" || rest == "1.8": // the sender's address
		return Refused
	case strings.HasPrefix(rest, "1.") || rest == "2.1":
		return HardBounce
	case strings.HasPrefix(rest, "6.") || strings.HasPrefix(rest, "7.") || rest == "3.4" || rest == "2.3":
		return Refused
	}
	return SoftBounce
}

// phrases are how mail systems say it in words, lower case. The first list of which
// one stands in the text decides: a full mailbox is told before an unknown user,
// since "mailbox unavailable" is said of both.
var phrases = []struct {
	kind  Return
	words []string
}{
	{Refused, []string{"spam", "blocked using", "blacklist", "blocklist", "message content rejected", "policy", "dmarc", "message too large", "size limit"}},
	{SoftBounce, []string{"mailbox full", "mailbox is full", "over quota", "quota exceeded", "allowed quota", "over the quota", "exceeded storage", "out of storage", "insufficient storage",
		"retry timeout exceeded", "retry time", "delivery time expired", "too long in queue", "connection timed out", "temporarily"}},
	{HardBounce, []string{"user unknown", "unknown user", "no such user", "no such mailbox", "unknown recipient", "recipient unknown", "does not exist",
		"doesn't exist", "doesn't have a", "no mailbox here", "mailbox unavailable", "mailbox not found", "invalid recipient", "recipient address rejected",
		"recipient not found", "address not found", "account is disabled", "account has been disabled", "mailbox disabled", "unrouteable address",
		"unroutable address", "host or domain name not found", "no such domain", "domain not found", "not listed in", "user not found", "not a valid mailbox"}},
}

// delays are how mail systems say that they go on trying.
var delays = []string{"has not yet been delivered", "not been able to deliver", "will keep trying", "will be retried", "still being retried", "delivery attempts will continue",
	"will continue to try", "you do not need to resend"}

// judgeText says what a bounce without RFC 3464 means, and the line that tells it.
func judgeText(text string) (kind Return, status, reason string) {
	if containsAny(strings.ToLower(text), delays...) {
		return Ignored, "", ""
	}
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if status := statusIn(line); status != "" {
			if kind := judgeCode(status); kind != Ignored {
				return kind, status, strings.TrimSpace(line)
			}
		}
	}
	for _, list := range phrases {
		for _, line := range lines {
			lower := strings.ToLower(line)
			for _, words := range list.words {
				if strings.Contains(lower, words) {
					return list.kind, "", strings.TrimSpace(line)
				}
			}
		}
	}
	return Ignored, "", ""
}

// statusIn finds an enhanced status code behind a reply code, as in "550 5.1.1 …"
// or "550-5.1.1 …", or as qmail writes it, "(#5.1.1)".
func statusIn(line string) string {
	if _, rest, found := strings.Cut(line, "(#"); found {
		code, _, closed := strings.Cut(rest, ")")
		if status, _ := splitEnhanced(500, code+" "); closed && status != "" {
			return status
		}
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '-' || r == '(' || r == '#' || r == '\t' })
	for i := 1; i < len(words); i++ {
		code := words[i-1]
		if len(code) != 3 || !isShortNumber(code) || code[0] != '4' && code[0] != '5' {
			continue
		}
		if status, _ := splitEnhanced(int(code[0]-'0')*100, words[i]+" "); status != "" {
			return status
		}
	}
	return ""
}

// field is one of a header, unfolded.
type field struct{ name, value string }

type fields []field

func (f fields) all(name string) (values []string) {
	for _, one := range f {
		if strings.EqualFold(one.name, name) {
			values = append(values, one.value)
		}
	}
	return values
}

func (f fields) get(name string) string {
	if values := f.all(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// groups reads what stands in a report: groups of header fields with empty lines
// between (RFC 3464 §2.1). It takes what it can and passes over the rest, since
// much software writes them a little wrong, or quotes them.
func groups(text string) (all []fields) {
	var group fields
	end := func() {
		if len(group) > 0 {
			all = append(all, group)
		}
		group = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimLeft(strings.TrimRight(line, "\r"), ">")
		if strings.TrimSpace(line) == "" {
			end()
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && len(group) > 0 && !strings.Contains(firstWord(line), ":") {
			group[len(group)-1].value += " " + strings.TrimSpace(line)
			continue
		}
		if name, value, found := strings.Cut(line, ":"); found {
			group = append(group, field{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	end()
	return all
}

func firstWord(line string) string {
	line = strings.TrimSpace(line)
	if i := strings.IndexAny(line, " \t<"); i >= 0 {
		return line[:i]
	}
	return line
}
