package pelican

import (
	"path"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/liquid"
)

// liquidTag matches the tags of the plugin liquid_tags; Pelican itself has none, so anything else that looks
// like one is text.
var liquidTag = regexp.MustCompile(`\{%\s*(img|youtube|vimeo|gist|soundcloud|spotify|video|audio)\s+([^%\n]*?)\s*%\}`)

// expandTag returns the HTML of a tag.
func expandTag(m *dialect.Expansion, tag string) string {
	found := liquidTag.FindStringSubmatch(tag)
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
