package address

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits in octets (RFC 5321 §4.5.3.1). A path has at most 256, including angle brackets.
const (
	maxLocal   = 64
	maxDomain  = 255
	maxAddress = 254
	maxLabel   = 63  // of a domain (RFC 1035 §2.3.4)
	maxPlain   = 250 // of addresses for which isPlain answers
)

// Normalize checks that mail can be sent to email, a bare address without name, brackets or
// spaces. It returns a key that all spellings of the address share: case folded, with the
// domain in ASCII. The error says what is wrong with the address.
func Normalize(email string) (key string, err error) {
	if isPlain(email) { // as nearly all are
		return strings.ToLower(email), nil
	}
	return normalize(email)
}

// isPlain reports whether an address is certainly valid, and the same in lower case as its
// key: a dot-atom and a domain of letters, digits and hyphens, in which IDNA sees nothing.
func isPlain(email string) bool {
	at := strings.IndexByte(email, '@')
	if at < 1 || at > maxLocal || len(email) > maxPlain || !IsDotAtom(email[:at]) {
		return false
	}
	label, letters := 0, false
	for i := at + 1; i < len(email); i++ {
		switch c := email[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			label, letters = label+1, true
		case '0' <= c && c <= '9':
			label++
		case c == '-' && label > 0 && email[i-1] != '-' && i+1 < len(email) && email[i+1] != '.':
			label++
		case c == '.' && label > 0:
			label, letters = 0, false
		default:
			return false
		}
		if label > maxLabel {
			return false
		}
	}
	return label > 0 && letters
}

func normalize(email string) (key string, err error) {
	local, domain, err := splitEmail(email)
	if err != nil {
		if len(email) > maxLocal+1+maxDomain {
			email = strings.ToValidUTF8(email[:maxLocal], "") + "…"
		}
		return "", fmt.Errorf("%q is not a valid mail address: %w", email, err)
	}
	return foldCase(local) + "@" + domain, nil
}

// splitEmail returns the local part as written and the domain in lower-case ASCII.
func splitEmail(email string) (local, domain string, err error) {
	if err := checkCharacters(email); err != nil {
		return "", "", err
	}
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return "", "", errors.New("it has no @")
	}
	local, domain = email[:at], email[at+1:]
	switch {
	case local == "":
		return "", "", errors.New("there is nothing before the @")
	case domain == "":
		return "", "", errors.New("there is nothing after the @")
	case len(local) > maxLocal:
		return "", "", fmt.Errorf("the part before the @ is longer than %d octets", maxLocal)
	case local[0] == '"':
		return "", "", errors.New("quoted parts before the @ are not supported")
	case domain[0] == '[':
		return "", "", errors.New("after the @ there must be a domain name, not an IP address")
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return "", "", errors.New("it must be a bare address like ann@example.com")
	}
	domain, err = registeredDomain(domain)
	if err == nil && len(local)+1+len(domain) > maxAddress {
		err = fmt.Errorf("it is longer than %d octets", maxAddress)
	}
	return local, domain, err
}

func checkCharacters(email string) error {
	switch {
	case email == "":
		return errors.New("it is empty")
	case len(email) > maxLocal+1+maxDomain:
		return fmt.Errorf("it is longer than %d octets", maxAddress)
	case !utf8.ValidString(email):
		return errors.New("it is not valid UTF-8")
	}
	for _, r := range email {
		if unicode.IsSpace(r) {
			return errors.New("it contains a space")
		}
		if !unicode.IsPrint(r) {
			return fmt.Errorf("it contains the invisible character %U", r)
		}
	}
	return nil
}

// domains are registered names in any script, as DNS looks them up (RFC 5891 §5).
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.VerifyDNSLength(true))

// registeredDomain returns the domain in lower-case ASCII.
func registeredDomain(domain string) (string, error) {
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return "", fmt.Errorf("%q is not a domain name", domain)
	}
	if strings.HasSuffix(ascii, ".") {
		return "", errors.New("its domain ends with a dot")
	}
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if strings.Trim(last, "0123456789") == "" { // RFC 3696 §2: no top-level domain is all digits
		return "", errors.New("after the @ there must be a domain name, not an IP address")
	}
	return strings.ToLower(ascii), nil
}

// foldCase returns a form in which local parts that differ only in case are equal.
func foldCase(local string) string {
	if IsASCII(local) {
		return strings.ToLower(local)
	}
	return norm.NFC.String(cases.Fold().String(local))
}
