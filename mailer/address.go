package mailer

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// mailPath is an address as it goes over SMTP, in angle brackets, an
// internationalised domain in its ASCII form (RFC 5890). ascii is false where the
// local part needs SMTPUTF8 (RFC 6531).
func mailPath(address string) (path string, ascii bool, err error) {
	if isDotAtoms(address) { // as nearly all are
		return "<" + address + ">", true, nil
	}
	parsed, err := mail.ParseAddress("<" + address + ">")
	if err != nil {
		return "", false, fmt.Errorf("%q is not a mail address", address)
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	domain, err := asciiDomain(parsed.Address[at+1:])
	if err != nil {
		return "", false, fmt.Errorf("%q is not a mail address: %w", address, err)
	}
	local := parsed.Address[:at]
	if strings.ContainsFunc(local, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", false, fmt.Errorf("%q is not a mail address: it holds a control character", address)
	}
	path = (&mail.Address{Address: local + "@" + domain}).String()
	return path, isASCII(path), nil
}

func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		return domain, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("its domain cannot be written in ASCII")
	}
	return ascii, nil
}

// isDotAtoms tells an address of two dot-atoms (RFC 5322 §3.4.1).
func isDotAtoms(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	return isDotAtom(local) && isDotAtom(domain)
}

// isDotAtom tells atoms with single dots between them (RFC 5322 §3.2.3).
func isDotAtom(s string) bool {
	dot := true
	for i := range len(s) {
		if s[i] == '.' && dot || !isAtext(s[i]) && s[i] != '.' {
			return false
		}
		dot = s[i] == '.'
	}
	return !dot
}

// isAtext tells what an atom may hold (RFC 5322 §3.2.3).
func isAtext(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
