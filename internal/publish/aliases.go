package publish

import (
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
)

type (
	Warning = report.Warning

	ImportOptions  = subscribers.ImportOptions
	ImportReport   = subscribers.ImportReport
	ListError      = subscribers.ListError
	Restored       = subscribers.Restored
	SubscriberJSON = subscribers.JSON
	Report         = report.Pass
)

func GroupWarnings(warnings []Warning) [][]Warning { return report.GroupWarnings(warnings) }
func SplitTags(text string) []string               { return subscribers.SplitTags(text) }
func HasControls(texts ...string) bool             { return subscribers.HasControls(texts...) }
