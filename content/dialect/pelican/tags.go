package pelican

import (
	"path"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/liquid"
)

// pelicanTag is one of the liquid_tags plugin's; Pelican itself has none, so
// whatever else looks like one is text.
var pelicanTag = regexp.MustCompile(`\{%\s*(img|youtube|vimeo|gist|soundcloud|spotify|video|audio)\s+([^%\n]*?)\s*%\}`)

func expandPelicanTag(m *dialect.Expansion, tag string) string {
	found := pelicanTag.FindStringSubmatch(tag)
	name, arguments := found[1], found[2]
	if name == "youtube" || name == "vimeo" || name == "gist" {
		placed, named := liquid.ParseArguments(arguments, nil)
		if out, ok := m.EmbedTag(name, dialect.Params{Placed: placed, Named: named}, ""); ok {
			return out
		}
	}
	for word := range strings.FieldsSeq(arguments) {
		switch {
		case !strings.ContainsAny(word, "/."):
		case name == "img":
			return dialect.PlainImage(word, "")
		default:
			return dialect.PlainLink(word, "▶ "+path.Base(word))
		}
	}
	return ""
}
