package markdown

import (
	"publisher/content/mdsource"
	"regexp"
	"strings"
)

var alert = regexp.MustCompile(`(?m)^([ \t]*>[ \t]*)\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][+-]?[ \t]*$`)

// alerts shows the kind of GitHub's alerts, which are quotations with a mark.
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

// openContainers leaves what stands between markdown-it's ::: lines.
func dropContainerFences(text string) string {
	if !strings.Contains(text, ":::") {
		return text
	}
	return mdsource.OutsideCode(text, func(prose string) string { return container.ReplaceAllString(prose, "") })
}
