package refusal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words returns the words of the text in lower case, each after one space, and one
// space at the end. It drops punctuation, accents of Latin letters, addresses, host names
// and links: a user named spam@example.com is not about spam.
func Words(text string) string {
	var words strings.Builder
	words.Grow(len(text) + 2)
	for text != "" {
		end := strings.IndexFunc(text, partsWords)
		if end < 0 {
			end = len(text)
		}
		if token := text[:end]; !isNamed(token) {
			appendPlain(&words, token)
		} else if namesBlocklist(token) {
			words.WriteString(" blocklist")
		}
		if end == len(text) {
			break
		}
		if inside, rest, ok := inBrackets(text[end:]); ok {
			_, text = inside, rest
			continue
		}
		_, size := utf8.DecodeRuneInString(text[end:])
		text = text[end+size:]
	}
	words.WriteByte(' ')
	return words.String()
}

func partsWords(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>()[]{}",;|=`, r)
}

// inBrackets splits off text in angle brackets that contains no space, such as an
// address.
func inBrackets(text string) (inside, rest string, ok bool) {
	const longest = 320 // RFC 5321 §4.5.3.1: 64 octets, @, 255 octets
	if text[0] != '<' {
		return "", "", false
	}
	end := strings.IndexByte(text[:min(len(text), longest+2)], '>')
	if end < 0 || strings.ContainsAny(text[1:end], " \t<") {
		return "", "", false
	}
	return text[1:end], text[end+1:], true
}

// isNamed reports whether the token is an address, a link or a host name.
func isNamed(token string) bool {
	if strings.Contains(token, "@") || strings.Contains(token, "://") || strings.HasPrefix(token, "www.") {
		return true
	}
	token = strings.Trim(token, ".,:;'!?-/")
	dot := strings.LastIndexByte(token, '.')
	if dot <= 0 || len(token)-dot < 3 {
		return false
	}
	for i := range len(token) {
		if c := token[i]; !('a' <= c && c <= 'z' || c == '.' || c == '-' || '0' <= c && c <= '9' || i < dot && 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return strings.Trim(token[dot+1:], "0123456789-") != ""
}

// namesBlocklist reports whether the token is a host or link of a well-known blocklist.
func namesBlocklist(token string) bool {
	token = strings.ToLower(token)
	return !strings.Contains(token, "@") && ContainsAny(token, "spamhaus.", "spamcop.", "barracudacentral.", "barracudanetworks.com/reputation", "sorbs.", "uceprotect.", "abuseat.",
		"surbl.", "uribl.", "senderscore.", "dnsbl", "invaluement.", "spamrats.", "senderbase.", "dnsbl-lookup", "ipcheck.proofpoint.", "csi.cloudmark.", "mailspike.")
}

// appendPlain appends the words of a token, each after a space.
func appendPlain(words *strings.Builder, token string) {
	inWord := false
	for _, r := range token {
		if r == '\'' || r == '\u2019' || unicode.Is(unicode.Mn, r) {
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) || r == unicode.ReplacementChar {
			inWord = false
			continue
		}
		if !inWord {
			words.WriteByte(' ')
			inWord = true
		}
		if r < utf8.RuneSelf {
			words.WriteRune(unicode.ToLower(r))
			continue
		}
		words.WriteString(withoutAccent(unicode.ToLower(r)))
	}
}

// withoutAccent returns a Latin letter without its accent: many replies omit accents.
func withoutAccent(r rune) string {
	switch r {
	case 'à', 'á', 'â', 'ã', 'ä', 'å', 'ą':
		return "a"
	case 'ç', 'ć', 'č':
		return "c"
	case 'è', 'é', 'ê', 'ë', 'ę', 'ě':
		return "e"
	case 'ì', 'í', 'î', 'ï', 'ı':
		return "i"
	case 'ł':
		return "l"
	case 'ñ', 'ń':
		return "n"
	case 'ò', 'ó', 'ô', 'õ', 'ö', 'ø':
		return "o"
	case 'ś', 'š', 'ş':
		return "s"
	case 'ß':
		return "ss"
	case 'ù', 'ú', 'û', 'ü', 'ů':
		return "u"
	case 'ý':
		return "y"
	case 'ź', 'ż', 'ž':
		return "z"
	}
	return string(r)
}

func ContainsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}
