package content

import (
	"path"
	"regexp"
	"strings"
)

// pelicanTag is one of the liquid_tags plugin's; Pelican itself has none, so
// whatever else looks like one is text.
var pelicanTag = regexp.MustCompile(`\{%\s*(img|youtube|vimeo|gist|soundcloud|spotify|video|audio)\s+([^%\n]*?)\s*%\}`)

func expandPelicanTag(l *liquid, tag string) string {
	m := pelicanTag.FindStringSubmatch(tag)
	if m[1] == "youtube" || m[1] == "vimeo" || m[1] == "gist" {
		if out, ok := commonTags(l, liquidMark{name: m[1], arguments: m[2]}, ""); ok {
			return out
		}
	}
	for word := range strings.FieldsSeq(m[2]) {
		switch {
		case !strings.ContainsAny(word, "/."):
		case m[1] == "img":
			return figureless(word, "")
		default:
			return plainLink(word, "▶ "+path.Base(word))
		}
	}
	return ""
}
