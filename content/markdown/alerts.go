package markdown

import (
	"regexp"
	"strings"

	"publisher/content/mdsource"
)

var alert = regexp.MustCompile(`(?m)^([ \t]*>[ \t]*)\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][+-]?[ \t]*$`)

// alerts replaces the marks of GitHub's alerts, which are quotations, by their names.
func alerts(source string) string {
	if !strings.Contains(source, "[!") {
		return source
	}
	return mdsource.OutsideCode(source, func(prose string) string {
		return alert.ReplaceAllStringFunc(prose, func(line string) string {
			m := alert.FindStringSubmatch(line)
			return m[1] + "**" + m[2][:1] + strings.ToLower(m[2][1:]) + "**\n" + m[1]
		})
	})
}

var container = regexp.MustCompile(`(?m)^[ \t]*:{3,}[^:\n]*$`)

// dropContainerFences removes markdown-it's ::: lines and keeps what is between them.
func dropContainerFences(text string) string {
	if !strings.Contains(text, ":::") {
		return text
	}
	return mdsource.OutsideCode(text, func(prose string) string { return container.ReplaceAllString(prose, "") })
}
