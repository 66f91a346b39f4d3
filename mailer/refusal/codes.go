package refusal

import (
	"strconv"
	"strings"
	"unicode"
)

// MaxReplyText is how many octets of a reply's words are kept.
const MaxReplyText = 1000

// FindEnhanced returns the first enhanced status code in the text whose class is one of
// classes; "" if there is none.
func FindEnhanced(text, classes string) string {
	for i := range len(text) {
		if !StartsNumber(text, i) || strings.IndexByte(classes, text[i]) < 0 {
			continue
		}
		end := i
		for end < len(text) && (text[end] == '.' || '0' <= text[end] && text[end] <= '9') {
			end++
		}
		status, _ := SplitEnhanced(int(text[i]-'0')*100, strings.TrimRight(text[i:end], ".")+" ")
		if status != "" {
			return status
		}
	}
	return ""
}

func StartsNumber(text string, i int) bool {
	return (text[i] == '4' || text[i] == '5') && (i == 0 || strings.IndexByte(" \t-:;,('\"<[#=", text[i-1]) >= 0)
}

// SplitEnhanced takes the enhanced status code off a line. Its class must be the
// reply's (RFC 2034 §4).
func SplitEnhanced(code int, line string) (status, words string) {
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

// OneLine makes the server's words fit to be stored and shown.
func OneLine(s string) string {
	if isOneLine(s) {
		return s
	}
	s = strings.ToValidUTF8(s[:min(len(s), MaxReplyText)], "\uFFFD")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
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
	return len(s) <= MaxReplyText && !space
}
