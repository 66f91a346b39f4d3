// Package slug turns texts into path elements as the blog engines do.
package slug

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"

	"publisher/internal/htmldom"
	"publisher/internal/uri"
)

// Hugo has Hugo's rules for path elements: letters and digits of every script are
// kept, white space becomes single hyphens, other punctuation is dropped.
type Hugo struct {
	KeepCase    bool // disablePathToLower
	DropAccents bool // removePathAccents
}

// HugoElement returns s as one element of a path, by Hugo's default settings.
func HugoElement(s string) string { return Hugo{}.Of(strings.ReplaceAll(s, "/", "")) }

// Of returns s as a path element.
func (h Hugo) Of(s string) string {
	if h.DropAccents {
		s = withoutAccents(s)
	}
	if !h.KeepCase {
		s = strings.ToLower(s)
	}
	var b strings.Builder
	gap, hyphen := false, false
	for i, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("._#+~-@/\\", r) || r == '%' && uri.IsEscape(s[i:]):
			if gap && r != '-' {
				b.WriteByte('-')
			}
			gap, hyphen = false, r == '-'
			b.WriteRune(r)
		case unicode.IsSpace(r) && b.Len() > 0 && !hyphen:
			gap = true
		}
	}
	return strings.Trim(b.String(), "/")
}

// Path applies Of to each element of a path, keeping the slashes at its ends.
func (h Hugo) Path(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = h.Of(parts[i])
	}
	return strings.Join(parts, "/")
}

// Pattern returns what Hugo makes of a permalink pattern that is filled in: Hugo reads the
// address as form data, in which a plus sign is a space, and cleans it again.
func (h Hugo) Pattern(filled string) string {
	where := h.Path(filled)
	if !strings.ContainsAny(where, "+%") {
		return where
	}
	plain, err := url.QueryUnescape(where)
	if err != nil {
		return where
	}
	return "/" + h.Of(strings.TrimSuffix(plain, "/")) + where[len(strings.TrimSuffix(where, "/")):]
}

func withoutAccents(s string) string {
	s = norm.NFD.String(s)
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s))
}

// Jekyll is Jekyll's slugify in its default mode: runs of anything but
// letters, marks and digits become one hyphen.
func Jekyll(s string) string {
	return Hyphenate(strings.ToLower(s), func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.Is(unicode.Nd, r)
	})
}

// JekyllPretty is the mode that keeps case and the characters that a path may have.
func JekyllPretty(s string) string {
	return Hyphenate(s, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.Is(unicode.Nd, r) || strings.ContainsRune("._~!$&'()+,;=@", r)
	})
}

// Eleventy returns what @sindresorhus/slugify makes, which Eleventy uses: umlauts and
// some signs are spelled out.
func Eleventy(s string) string {
	s = norm.NFC.String(s)
	return ASCII(strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ß", "ss", "ẞ", "Ss",
		"&", " and ", "🦄", " unicorn ", "♥", " love ", "'", "", "’", "").Replace(s))
}

// ASCII returns what the slug crate makes, which Zola uses: everything is transliterated
// to ASCII, and runs of anything but letters and digits become one hyphen.
func ASCII(s string) string {
	return Hyphenate(strings.ToLower(unidecode.Unidecode(s)), func(r rune) bool {
		return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
	})
}

// Hyphenate returns s with one hyphen in place of each run of characters that keep does not
// accept, but none at the ends.
func Hyphenate(s string, keep func(rune) bool) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if !keep(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Substitution is one pair of Pelican's SLUG_REGEX_SUBSTITUTIONS.
type Substitution struct {
	Pattern     *regexp.Regexp
	Replacement string
}

// Pelican is Pelican's slugify: tags are stripped, the text is normalized to NFKC and
// transliterated to ASCII unless keepUnicode is set, then subs are applied in order.
func Pelican(s string, subs []Substitution, preserveCase, keepUnicode bool) string {
	s = norm.NFKC.String(htmldom.StripTags(s))
	if !keepUnicode {
		s = unidecode.Unidecode(s)
	}
	for _, sub := range subs {
		s = sub.Pattern.ReplaceAllString(s, sub.Replacement)
	}
	if !preserveCase {
		s = strings.ToLower(s)
	}
	return strings.TrimSpace(s)
}

// PelicanSubstitutions returns the pairs that apply if pelicanconf.py sets none.
func PelicanSubstitutions() []Substitution {
	return []Substitution{
		{regexp.MustCompile(`[^\p{L}\p{N}\p{M}_\s-]`), ""},
		{regexp.MustCompile(`\A\s*`), ""},
		{regexp.MustCompile(`\s*\z`), ""},
		{regexp.MustCompile(`[-\s]+`), "-"},
	}
}
