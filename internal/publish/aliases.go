package publish

// The names that commands use of the packages below.

import (
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
)

type (
	Archive        = editions.Archive
	Bounced        = delivery.Bounced
	Progress       = delivery.Progress
	Report         = report.Pass
	Warning        = report.Warning
	ImportOptions  = subscribers.ImportOptions
	ImportReport   = subscribers.ImportReport
	ListError      = subscribers.ListError
	Restored       = subscribers.Restored
	SubscriberJSON = subscribers.JSON
)

var ErrNotFound = catalog.ErrNotFound

func GroupWarnings(warnings []Warning) [][]Warning { return report.GroupWarnings(warnings) }
func SplitTags(text string) []string               { return subscribers.SplitTags(text) }
func HasControls(texts ...string) bool             { return subscribers.HasControls(texts...) }
