package frontmatter

import (
	"strings"
)

// metadataBlock reads `Key: value` lines at the head of a file by the rules of
// Python-Markdown's meta extension, which Pelican uses: keys ignore case, a line
// indented by four spaces or more continues the value, a blank line ends the
// block. n is the number of lines taken; 0 where the text has no such block.
//
// A paragraph may begin with a word and a colon, so a block counts only where
// it has a title or a date.
func MetadataBlock(text string, line int) (fm FrontMatter, body string, n int) {
	values := map[string][]string{}
	key, rest, taken := "", text, 0
	for rest != "" {
		current, after, _ := strings.Cut(rest, "\n")
		if strings.TrimSpace(current) == "" {
			rest = after
			n++
			break
		}
		if k, v, ok := metadataLine(current); ok {
			key = k
			values[key] = append(values[key], v)
		} else if key != "" && strings.HasPrefix(current, "    ") || key != "" && strings.HasPrefix(current, "\t") {
			values[key] = append(values[key], strings.TrimSpace(current))
		} else {
			break
		}
		if taken += len(rest) - len(after); taken > MaxFront {
			return FrontMatter{}, text, 0 // no author's
		}
		rest = after
		n++
	}
	if values["title"] == nil && values["date"] == nil {
		return FrontMatter{}, text, 0
	}
	return FrontMatter{Form: BlockForm, Values: BlockValues(values), Text: text[:taken], Line: line}, rest, n
}

// metadataLine cuts `Key: value`; the key may be indented by up to three spaces.
func metadataLine(line string) (key, value string, ok bool) {
	trimmed := strings.TrimLeft(line, " ")
	if len(line)-len(trimmed) > 3 {
		return "", "", false
	}
	key, value, ok = strings.Cut(trimmed, ":")
	if !ok || key == "" {
		return "", "", false
	}
	for i := 0; i < len(key); i++ {
		c := key[i]
		if !(c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return "", "", false
		}
	}
	return strings.ToLower(key), strings.TrimSpace(value), true
}

// onlyFirst are the keys that Pelican takes once: a second line of them is not
// part of the value.
var onlyFirst = map[string]bool{
	"tags": true, "date": true, "modified": true, "status": true, "category": true,
	"author": true, "authors": true, "save_as": true, "url": true, "slug": true,
}

func BlockValues(values map[string][]string) map[string]any {
	out := make(map[string]any, len(values))
	for key, lines := range values {
		switch {
		case key == "summary":
			out[key] = strings.Join(lines, "\n") // Markdown of several lines
		case onlyFirst[key]:
			out[key] = lines[0]
		default:
			out[key] = strings.Join(lines, " ")
		}
	}
	return out
}
