package publish

import "publisher/internal/publish/report"

type (
	Report  = report.Pass
	Warning = report.Warning
)

// GroupWarnings is report.GroupWarnings.
func GroupWarnings(warnings []Warning) [][]Warning { return report.GroupWarnings(warnings) }
