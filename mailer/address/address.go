// Package address checks and compares mail addresses, and writes them for SMTP.
package address

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Path returns an address as written in SMTP: in angle brackets, with an internationalized
// domain in its ASCII form (RFC 5890). ascii is false if the local part needs SMTPUTF8 (RFC
// 6531).
func Path(address string) (path string, ascii bool, err error) {
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
		return "", false, fmt.Errorf("%q is not a mail address: it contains a control character", address)
	}
	path = (&mail.Address{Address: local + "@" + domain}).String()
	return path, IsASCII(path), nil
}

// asciiDomain returns a domain as written in SMTP.
func asciiDomain(domain string) (string, error) {
	if IsASCII(domain) {
		return domain, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("its domain cannot be written in ASCII")
	}
	return ascii, nil
}

// isDotAtoms reports whether an address consists of two dot-atoms (RFC 5322 §3.4.1).
func isDotAtoms(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	return IsDotAtom(local) && IsDotAtom(domain)
}

// IsDotAtom reports whether s consists of atoms with single dots between them (RFC 5322
// §3.2.3).
func IsDotAtom(s string) bool {
	dot := true
	for i := range len(s) {
		if s[i] == '.' && dot || !IsAtext(s[i]) && s[i] != '.' {
			return false
		}
		dot = s[i] == '.'
	}
	return !dot
}

// IsAtext reports whether an atom can contain c (RFC 5322 §3.2.3).
func IsAtext(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// IsASCII reports whether s is ASCII.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
