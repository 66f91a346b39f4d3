// Package refusal classifies what servers refuse, and bounces report, by its subject: the
// recipient's mailbox, or us.
package refusal

import (
	"strings"
)

// About classifies a refusal by its subject: the recipient's mailbox, or us. SMTP
// replies and bounce reports share this one classification.
type About int

const (
	// Unclear means that the refusal proves nothing: a bare 550, X.0.0, X.1.0.
	Unclear About = iota
	// AboutMailbox means that the mailbox or its domain does not exist, or was closed.
	AboutMailbox
	// AboutTransient means that the mailbox cannot be reached at present: it is full or
	// too busy, or its server does not respond.
	AboutTransient
	// AboutUs means that the refusal concerns the sender, the relay, authentication, SPF
	// and the like, policy, reputation, rate, quota, or the message itself. It says
	// nothing about the recipient.
	AboutUs
)

func (a About) String() string {
	return [...]string{"unclear", "about the mailbox", "transient", "about us"}[a]
}

// maxJudged limits how many octets of a refusal's text are examined.
const maxJudged = 4 << 10

// Refusal is a negative reply, or what a report quotes of one.
type Refusal struct {
	Code     int    // 0 if unknown
	Enhanced string // RFC 3463; "" if unknown
	Text     string
	// sender is the envelope sender; recipients are the envelope recipient and those that
	// the message was forwarded to. Both may be empty.
	Sender     string
	Recipients []string
}

// Classify classifies the refusal by its words, since many servers send codes that
// contradict them, and by its codes if no words are recognized. byWords reports which of
// the two decided.
func (r Refusal) Classify() (about About, byWords bool) {
	text := r.Text[:min(len(r.Text), maxJudged)]
	about, byWords = aboutWords(text)
	if !byWords && r.namesSender(text) {
		about, byWords = AboutUs, true
	}
	if byWords && about == AboutMailbox && (r.namesSender(text) || r.Enhanced == "5.1.7" || r.Enhanced == "5.1.8") {
		about = AboutUs // our own address was not found, by a callout or in the DNS
	}
	if !byWords {
		about = ClassifyCode(r.Code, r.Enhanced)
	}
	if about == AboutMailbox && r.passing() {
		about = AboutTransient
	}
	return about, byWords
}

// passing reports whether the refusal is temporary (RFC 5321 §4.2.1, RFC 3463 §3.1).
func (r Refusal) passing() bool {
	if r.Code != 0 {
		return r.Code/100 == 4
	}
	return strings.HasPrefix(r.Enhanced, "4.")
}

// namesSender reports whether the text names the sender's domain but no recipient's,
// which means that the server examined where the mail comes from.
func (r Refusal) namesSender(text string) bool {
	text = strings.ToLower(text)
	from := strings.ToLower(domainPart(r.Sender))
	if from == "" || !namesDomain(text, from) {
		return false
	}
	known := false
	for _, recipient := range r.Recipients {
		to := strings.ToLower(domainPart(recipient))
		if to == from || to != "" && namesDomain(text, to) {
			return false
		}
		known = known || to != ""
	}
	return known
}

func domainPart(address string) string {
	_, domain, _ := strings.Cut(strings.Trim(address, "<> "), "@")
	return domain
}

// namesDomain reports whether the text contains the domain, not as part of a longer one.
func namesDomain(text, domain string) bool {
	for {
		i := strings.Index(text, domain)
		if i < 0 {
			return false
		}
		end := i + len(domain)
		if (i == 0 || !isLabel(text[i-1])) && (end == len(text) || !isLabel(text[end]) || text[end] == '.' && (end+1 == len(text) || !isLabel(text[end+1]))) {
			return true
		}
		text = text[end:]
	}
}

func isLabel(c byte) bool {
	return c == '.' || c == '-' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z'
}

// ClassifyCode classifies by the codes alone.
func ClassifyCode(code int, enhanced string) About {
	class, rest, _ := strings.Cut(enhanced, ".")
	subject, _, _ := strings.Cut(rest, ".")
	switch rest {
	case "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4":
		// RFC 3463 §3.2 and §3.3, RFC 7505 §4.2; X.4.4 means no route to the domain.
		return AboutMailbox
	case "1.7", "1.8", "2.3", "3.4": // the sender's address, the message's size
		return AboutUs
	case "2.2":
		return AboutTransient
	case "0.0", "1.0", "3.0", "5.0":
		return aboutBareCode(code)
	}
	switch {
	case subject == "7" || subject == "6" || subject == "5":
		return AboutUs
	case class == "4" || subject == "3" || subject == "4" && rest != "4.0" && rest != "4.1":
		return AboutTransient
	case enhanced != "":
		return Unclear
	}
	return aboutBareCode(code)
}

func aboutBareCode(code int) About {
	switch {
	case code == 556: // the domain accepts no mail (RFC 7504)
		return AboutMailbox
	case code == 552 || code/100 == 4:
		return AboutTransient
	case code == 530 || code == 534 || code == 535 || code == 538 || code >= 500 && code <= 504 || code == 555 || code == 571:
		return AboutUs
	}
	return Unclear
}

// aboutWords classifies by the words alone; found is false if none are recognized.
func aboutWords(text string) (about About, found bool) {
	words := Words(text)
	for _, list := range phrases {
		for _, phrase := range list.words {
			if Says(words, phrase) {
				return list.about, true
			}
		}
	}
	if deniesMailbox(strings.Fields(words)) {
		return AboutMailbox, true
	}
	return Unclear, false
}

// deniesMailbox reports whether a noun for a mailbox stands near a word that says it does
// not exist, in either order: "unknown user", "the account that you tried to reach does
// not exist".
func deniesMailbox(words []string) bool {
	const (
		before = 3 // words between "unknown" and "user"
		behind = 8 // words between "user" and "unknown"
	)
	near := 0 // how many more words a denial may be away from the noun before it
	held := 0 // how many more words a noun may be away from the denial before it
	for i, word := range words {
		near, held = max(0, near-1), max(0, held-1)
		if mailboxNames[word] && (i == 0 || !notTheirs[words[i-1]]) {
			if held > 0 {
				return true
			}
			near = behind
			continue
		}
		rest := words[i:]
		if near > 0 && denies(words, i, near-(behind-1)) {
			return true
		}
		if begins(rest, denialsBefore) && !namesFault(rest) {
			held = before
		}
	}
	return false
}

// denies reports whether the words from i on say that the mailbox named distance words
// earlier does not exist.
func denies(words []string, i, distance int) bool {
	distance, word, last := -distance, words[i], words[i-1]
	if begins(words[i:], denialsBehind) && !namesFault(words[i:]) {
		return true
	}
	linked := endingLinks[last] || mailboxNames[last]
	switch word {
	case "unavailable":
		return distance < 2 && mailboxOnly(words[max(0, i-3):i])
	case "blocked":
		return linked && distance < 4 && mailboxOnly(words[max(0, i-4):i])
	}
	return linked && distance < endings[word]
}

// namesFault reports whether words such as "unknown error" follow, which are not about a
// mailbox.
func namesFault(words []string) bool {
	for _, word := range words[1:min(len(words), 3)] {
		switch word {
		case "error", "errors", "reason", "problem", "failure", "command", "file", "directory", "table", "syntax":
			return true
		}
	}
	return false
}

func mailboxOnly(words []string) bool {
	for _, word := range words {
		switch word {
		case "mailbox", "inbox", "account", "box":
			return true
		}
	}
	return false
}

// begins reports whether words starts with one of the sequences.
func begins(words []string, sequences [][]string) bool {
next:
	for _, sequence := range sequences {
		if len(sequence) > len(words) {
			continue
		}
		for i, word := range sequence {
			if words[i] != word {
				continue next
			}
		}
		return true
	}
	return false
}

// Says reports whether words contains the phrase, as whole words if it is ASCII: other
// scripts separate words differently. A final * matches any ending.
func Says(words, phrase string) bool {
	phrase, open := strings.CutSuffix(phrase, "*")
	if phrase[0] >= 0x80 {
		return strings.Contains(words, phrase)
	}
	for from := 0; ; {
		i := strings.Index(words[from:], phrase)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(phrase)
		if words[start-1] == ' ' && (open || words[end] == ' ') {
			return true
		}
		from = end
	}
}
