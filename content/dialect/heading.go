package dialect

import (
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"strings"
)

// HeadingTitle returns the text of the heading that a body begins with, else of its first of
// level 1.
func HeadingTitle(body string) string {
	if title := firstHeading(body); title != "" || !strings.Contains(body, "# ") {
		return title
	}
	title := ""
	mdsource.OutsideCode(body, func(prose string) string {
		for line := range strings.SplitSeq(prose, "\n") {
			if text, ok := strings.CutPrefix(line, "# "); ok && title == "" {
				title = markdown.PlainText(strings.TrimRight(strings.TrimSpace(text), "# "))
			}
		}
		return prose
	})
	return title
}

// firstHeading returns the text of the heading that a body begins with, or "".
func firstHeading(body string) string {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if text, ok := strings.CutPrefix(lines[0], "# "); ok {
		return markdown.PlainText(strings.TrimRight(strings.TrimSpace(text), "# "))
	}
	if len(lines) > 1 && lines[1] != "" && strings.Trim(lines[1], "=") == "" {
		return markdown.PlainText(lines[0])
	}
	return ""
}
