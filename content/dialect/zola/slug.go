package zola

import (
	_ "embed"
	"strings"
	"unicode"

	"publisher/content/slug"

	"github.com/mozillazg/go-unidecode"
)

// spellings has, per line, a letter and how the slug crate spells it in ASCII if Unidecode
// differs: among them the emoji, by their names. A hyphen separates words. The list comes
// from addresses that Zola 0.22 gives.
//
//go:embed spelling.txt
var spellings string

// slugger makes slugs as the slug crate does.
type slugger map[rune]string

func newSlugger() slugger {
	spelled := slugger{}
	for line := range strings.Lines(spellings) {
		letter, spelling, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		spelled[[]rune(letter)[0]] = strings.ReplaceAll(spelling, "-", " ")
	}
	return spelled
}

func (z slugger) of(s string) string {
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
