package dialect

import (
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"strings"
)

// headingTitle is the text of the heading that a body opens with, else of its first
// of the first level.
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

// firstHeading is the text of the heading that a file without a title opens with.
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
