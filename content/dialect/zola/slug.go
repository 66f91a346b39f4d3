package zola

import (
	_ "embed"
	"publisher/content/slug"
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
)

// zolaSpellings has, in each line, a letter and how the slug crate spells it in ASCII, for
// those that Unidecode spells otherwise or not at all: among them the emoji, by their
// names. A hyphen separates words. It was taken from addresses that Zola 0.22 gives.
//
//go:embed spelling.txt
var zolaSpellings string

// zolaSlugs is how the slug crate writes a text in an address.
type zolaSlugs map[rune]string

func newZolaSlugs() zolaSlugs {
	spelled := zolaSlugs{}
	for line := range strings.Lines(zolaSpellings) {
		letter, spelling, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		spelled[[]rune(letter)[0]] = strings.ReplaceAll(spelling, "-", " ")
	}
	return spelled
}

func (z zolaSlugs) of(s string) string {
	var b strings.Builder
	for _, r := range s {
		spelling, ok := z[r]
		switch {
		case ok:
			b.WriteString(spelling)
		case (unicode.IsSymbol(r) || unicode.IsPunct(r)) && unidecode.Unidecode(string(r)) == "":
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return slug.ASCII(b.String())
}
