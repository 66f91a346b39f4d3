package frontmatter

import (
	"strings"
)

// SplitMetadata returns the `Key: value` lines at the beginning of a file, whose first
// line is line, by the rules of Python-Markdown's meta extension, which Pelican uses: keys
// ignore case, a line indented by four spaces or more continues the value, a blank line
// ends them. n is the number of lines of front matter, 0 for none.
//
// A paragraph may begin with a word and a colon, so the lines are front matter only if
// there is a title or a date.
func SplitMetadata(text string, line int) (fm Block, body string, n int) {
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
		if taken += len(rest) - len(after); taken > MaxSize {
			return Block{}, text, 0 // not written by an author
		}
		rest = after
		n++
	}
	if values["title"] == nil && values["date"] == nil {
		return Block{}, text, 0
	}
	return Block{Form: Metadata, Values: MetadataValues(values), Text: text[:taken], Line: line}, rest, n
}

// metadataLine splits `Key: value`; the key may be indented by up to three spaces.
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

// singleValued are the keys of which Pelican takes the first line only.
var singleValued = map[string]bool{
	"tags": true, "date": true, "modified": true, "status": true, "category": true,
	"author": true, "authors": true, "save_as": true, "url": true, "slug": true,
}

// MetadataValues returns the values of metadata, given the lines of each key.
func MetadataValues(values map[string][]string) map[string]any {
	out := make(map[string]any, len(values))
	for key, lines := range values {
		switch {
		case key == "summary":
			out[key] = strings.Join(lines, "\n") // Markdown of several lines
		case singleValued[key]:
			out[key] = lines[0]
		default:
			out[key] = strings.Join(lines, " ")
		}
	}
	return out
}
