package bounce

import (
	"iter"
	"strings"

	"publisher/mailer/refusal"
)

// failed records what the refusal is about, and returns the meaning of its report.
func (in *reading) failed(about refusal.About) Kind {
	in.About = about
	switch about {
	case refusal.AboutMailbox:
		return HardBounce
	case refusal.AboutUs:
		return Refused
	}
	return SoftBounce
}

// maxText limits how many octets of a report's text are judged.
const maxText = 64 << 10

// delays are how mail systems say that they will retry.
var delays = []string{"has not yet been delivered", "not been able to deliver", "will keep trying", "will be retried", "still being retried", "delivery attempts will continue",
	"will continue to try", "you do not need to resend"}

// judgeText returns what a bounce without RFC 3464 fields means, and the text that says
// so. Paragraphs that quote a reply take precedence over those that describe one.
func (in *reading) judgeText(text string) (kind Kind, status, reason string) {
	text = beforeCopy(text[:min(len(text), maxText)])
	if refusal.ContainsAny(strings.ToLower(text), delays...) {
		return Ignored, "", ""
	}
	var unclear *refusal.Refusal // the first quoted reply that proves nothing
	said := map[refusal.About]string{}
	for paragraph := range paragraphs(text) {
		r, quoted := findReply(paragraph)
		in.envelope(&r)
		about, byWords := r.Classify()
		switch {
		case quoted && about != refusal.Unclear:
			return in.failed(about), r.Enhanced, r.Text
		case quoted && unclear == nil:
			unclear = &r
		case !quoted && byWords && said[about] == "":
			said[about] = r.Text
		}
	}
	for _, about := range []refusal.About{refusal.AboutUs, refusal.AboutTransient, refusal.AboutMailbox} {
		if said[about] != "" {
			return in.failed(about), "", said[about]
		}
	}
	if unclear != nil {
		return in.failed(refusal.Unclear), unclear.Enhanced, unclear.Text
	}
	return Ignored, "", ""
}

// paragraphs yields each run of nonempty lines, joined.
func paragraphs(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var lines []string
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
				continue
			}
			if len(lines) > 0 && !yield(strings.Join(lines, " ")) {
				return
			}
			lines = lines[:0]
		}
		if len(lines) > 0 {
			yield(strings.Join(lines, " "))
		}
	}
}

// findReply returns the reply that a text quotes, as in "host said: 550 5.1.1 …",
// "550-'5.1.1 …'" or, as qmail writes it, "(#5.1.1)". It drops the reporter's own words
// before a reply code. quoted is false if the text contains no code.
func findReply(text string) (r refusal.Refusal, quoted bool) {
	r.Text = text
	for i := 0; i < len(text); i++ {
		if !refusal.StartsNumber(text, i) {
			continue
		}
		if i+3 <= len(text) && isReplyCode(text[i:i+3]) && (i+3 == len(text) || strings.IndexByte(" -\t'\"#", text[i+3]) >= 0) {
			r.Code = int(text[i]-'0')*100 + int(text[i+1]-'0')*10 + int(text[i+2]-'0')
			r.Text = text[i:]
			r.Enhanced = refusal.FindEnhanced(text[i:], text[i:i+1])
			return r, true
		}
	}
	r.Enhanced = refusal.FindEnhanced(text, "45")
	return r, r.Enhanced != ""
}

// isReplyCode reports whether a number that starts with 4 or 5 is a reply code (RFC 5321
// §4.2.1), not a port or a size.
func isReplyCode(s string) bool {
	return '0' <= s[1] && s[1] <= '7' && '0' <= s[2] && s[2] <= '9'
}

// maxField is the maximum length of a field with its continuation lines.
const maxField = 16 << 10

// field is a field of a header, unfolded.
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

// groups reads the contents of a report: groups of header fields separated by empty lines (RFC
// 3464 §2.1). It skips what it cannot parse, since much software makes mistakes here, or
// quotes them.
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
			if last := &group[len(group)-1]; len(last.value) < maxField {
				last.value += " " + strings.TrimSpace(line)
			}
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
