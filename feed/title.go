package feed

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"publisher/internal/xmltext"

	"golang.org/x/net/html"
)

// markup are the elements that people set words of a title in.
var markup = strings.Fields("a abbr b big cite code del em font i ins kbd mark q s small span strike strong sub sup tt u var")

// headline is text as a title of a feed or post: plain in all formats. Markup around
// words, which readers and validators take for such however it is escaped, goes; a tag
// that stands alone is what the title is about, and stays.
func headline(s string) string {
	s = xmltext.Line(s)
	if !strings.Contains(s, "</") {
		return s
	}
	type tag struct {
		name     string
		from, to int
	}
	var open, pairs []tag
	at := 0
	tokens := html.NewTokenizer(strings.NewReader(s))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		name, _ := tokens.TagName()
		here := tag{string(name), at, at + len(tokens.Raw())}
		at = here.to
		switch {
		case !slices.Contains(markup, here.name):
		case kind == html.StartTagToken:
			open = append(open, here)
		case kind == html.EndTagToken:
			if n := len(open) - 1; n >= 0 && open[n].name == here.name {
				pairs = append(pairs, open[n], here)
				open = open[:n]
			}
		}
	}
	slices.SortFunc(pairs, func(a, b tag) int { return b.from - a.from })
	bare := s
	for _, t := range pairs {
		bare = bare[:t.from] + bare[t.to:]
	}
	return cmp.Or(xmltext.Line(bare), s)
}

// firstWords stands for the title of a note: how its text begins, else its date.
func firstWords(text string, date time.Time) string {
	const most = 60 // characters
	runes := []rune(text)
	if len(runes) == 0 {
		return date.Format("2 January 2006")
	}
	if len(runes) <= most {
		return text
	}
	cut := strings.LastIndexByte(string(runes[:most]), ' ')
	if cut < most/2 {
		cut = len(string(runes[:most-1]))
	}
	return strings.TrimRight(text[:cut], " ,;:–—-") + "…"
}
