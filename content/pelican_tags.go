package content

import (
	"path"
	"regexp"
	"strings"
)

// pelicanTag is one of the liquid_tags plugin's; Pelican itself has none, so
// whatever else looks like one is text.
var pelicanTag = regexp.MustCompile(`\{%\s*(img|youtube|vimeo|gist|soundcloud|spotify|video|audio)\s+([^%\n]*?)\s*%\}`)

func expandPelicanTag(m *macros, tag string) string {
	found := pelicanTag.FindStringSubmatch(tag)
	name, arguments := found[1], found[2]
	if name == "youtube" || name == "vimeo" || name == "gist" {
		placed, named := wordsOfTag(arguments, nil)
		if out, ok := m.embedTag(name, shortcodeParams{placed: placed, named: named}, ""); ok {
			return out
		}
	}
	for word := range strings.FieldsSeq(arguments) {
		switch {
		case !strings.ContainsAny(word, "/."):
		case name == "img":
			return plainImage(word, "")
		default:
			return plainLink(word, "▶ "+path.Base(word))
		}
	}
	return ""
}
