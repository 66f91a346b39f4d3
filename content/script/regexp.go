package script

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// regexLiteral parses /…/flags.
func regexLiteral(literal string) *regex {
	end := strings.LastIndexByte(literal, '/')
	if end < 1 {
		fail("invalid regular expression")
	}
	return newRegex(literal[1:end], literal[end+1:])
}

var regexUnicode = regexp.MustCompile(`\\u\{?([0-9a-fA-F]{4,6})\}?`)

// maxPattern is longer than the patterns of configs.
const maxPattern = 2_000

// newRegex compiles a pattern that means the same in both languages, but for \s and \w beyond ASCII.
func newRegex(pattern, flags string) *regex {
	if len(pattern) > maxPattern || strings.Contains(pattern, "(?") && !strings.Contains(pattern, "(?:") || strings.Trim(flags, "gimsuvy") != "" {
		fail("unsupported regular expression /" + pattern + "/")
	}
	own := "(?"
	for _, flag := range []string{"i", "m", "s"} {
		if strings.Contains(flags, flag) {
			own += flag
		}
	}
	own += ")"
	if own == "(?)" {
		own = ""
	}
	pattern = regexUnicode.ReplaceAllString(pattern, `\x{$1}`)
	pattern = strings.ReplaceAll(pattern, `\/`, "/")
	pattern = strings.ReplaceAll(pattern, `[^]`, `(?s:.)`)
	re, err := regexp.Compile(own + pattern)
	if err != nil {
		fail("unsupported regular expression /" + pattern + "/")
	}
	return &regex{re, strings.Contains(flags, "g")}
}

// replace is String.replace, and replaceAll where all is set, by a string or a function.
func (e *evaluator) replace(s string, args []any, all bool) any {
	by := func(whole string, groups []string) string {
		with := argAt(args, 1)
		switch f := with.(type) {
		case *closure, nativeFunc:
			given := []any{whole}
			for _, g := range groups {
				given = append(given, g)
			}
			return toString(e.call(f, given))
		}
		return expandReplacement(toString(with), whole, groups)
	}
	re, ok := argAt(args, 0).(*regex)
	if !ok {
		from := stringArg(args, 0)
		n := 1
		if all {
			n = -1
		}
		if from == "" || len(s)+strings.Count(s, from)*len(by(from, nil)) > maxBytes {
			fail("unsupported replacement")
		}
		return strings.Replace(s, from, by(from, nil), n)
	}
	n := 1
	if re.global {
		n = -1
	}
	var b strings.Builder
	at := 0
	for _, m := range re.re.FindAllStringSubmatchIndex(s, n) {
		e.step()
		groups := make([]string, len(m)/2-1)
		for i := range groups {
			if m[2*i+2] >= 0 {
				groups[i] = s[m[2*i+2]:m[2*i+3]]
			}
		}
		b.WriteString(s[at:m[0]] + by(s[m[0]:m[1]], groups))
		if at = m[1]; b.Len() > maxBytes {
			fail("string too long")
		}
	}
	return b.String() + s[at:]
}

// expandReplacement fills in $1 and $& in a replacement.
func expandReplacement(with, whole string, groups []string) string {
	if !strings.Contains(with, "$") {
		return with
	}
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		if with[i] != '$' || i+1 == len(with) {
			b.WriteByte(with[i])
			continue
		}
		switch c := with[i+1]; {
		case c == '$':
			b.WriteByte('$')
		case c == '&':
			b.WriteString(whole)
		case c >= '1' && c <= '9' && int(c-'0') <= len(groups):
			b.WriteString(groups[c-'1'])
		default:
			fail("unsupported $ in a replacement")
		}
		i++
	}
	return b.String()
}

func match(s string, by any) any {
	re, ok := by.(*regex)
	if !ok {
		fail("unsupported match")
	}
	var items []any
	if re.global {
		for _, m := range re.re.FindAllString(s, maxItems) {
			items = append(items, m)
		}
	} else {
		m := re.re.FindStringSubmatchIndex(s)
		for i := 0; i+1 < len(m); i += 2 {
			if m[i] < 0 {
				items = append(items, Undefined{})
			} else {
				items = append(items, s[m[i]:m[i+1]])
			}
		}
	}
	if items == nil {
		return nil
	}
	return newArray(items)
}

func normalize(s string, args []any) any {
	form := "NFC"
	if len(args) > 0 {
		form = stringArg(args, 0)
	}
	switch form {
	case "NFC":
		return norm.NFC.String(s)
	case "NFD":
		return norm.NFD.String(s)
	case "NFKD":
		return norm.NFKD.String(s)
	case "NFKC":
		return norm.NFKC.String(s)
	}
	fail("unknown Unicode form")
	return nil
}
