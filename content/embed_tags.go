package content

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

func commonTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	arguments := l.tagArguments(tag.arguments)
	name := strings.ToLower(strings.TrimSuffix(tag.name, "Embed"))
	if name == "figure" && arguments.get(0, "src") != "" && inner == "" {
		return figure{src: arguments.get(0, "src"), alt: arguments.get(-1, "alt"), caption: l.inlineHTML(arguments.get(-1, "caption"))}.html(), true
	}
	id := arguments.get(0, "id", "url", "slug")
	if id == "" || inner != "" {
		return "", false
	}
	return embed(name, id, arguments.get(-1, "title"))
}

func figureless(src, alt string) string {
	return `<img src="` + html.EscapeString(oneLine(src)) + `" alt="` + html.EscapeString(oneLine(alt)) + `"/>`
}

var tagArgument = regexp.MustCompile(`(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s,"'=]+))`)

// tagArguments reads what follows a tag's name: words, texts and name=value, each
// evaluated where it is a variable.
func (l *liquid) tagArguments(text string) shortcodeParams {
	p := shortcodeParams{named: map[string]string{}}
	for _, m := range tagArgument.FindAllStringSubmatch(text, 50) {
		value := m[2] + m[3] + m[4]
		if m[4] != "" {
			if v, ok := l.variable(m[4]); ok {
				value = liquidText(v)
			}
		}
		if m[1] != "" {
			p.named[strings.ToLower(m[1])] = value
		} else {
			p.placed = append(p.placed, value)
		}
	}
	return p
}
