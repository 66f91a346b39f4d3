package publish

import (
	"context"
	"path/filepath"
	"publisher/internal/publish/report"
)

// recordLate records what an earlier run could not, and says what this ledger does not
// know of.
func (s *pass) recordLate(ctx context.Context) error {
	late, aside, err := s.ledger.RecordSpooled(ctx)
	if err != nil {
		return err
	}
	if late > 0 {
		s.log.Info("recorded what an earlier run could not", "deliveries", late)
	}
	if aside != "" {
		s.report.Warn(filepath.Base(aside), 0, setAsideText)
		s.log.Warn(setAsideText, "file", aside)
	}
	return nil
}

const setAsideText = "what mail servers answered to mails that this ledger does not know of is set aside here (an older ledger was restored); compare it with the server's log, then delete the file"

// setAsideWarnings name what earlier passes set aside.
func (s *pass) setAsideWarnings() []report.Warning {
	var warnings []report.Warning
	for _, file := range s.ledger.SetAsideFiles() {
		warnings = append(warnings, report.Warning{Path: filepath.Base(file), Message: setAsideText})
	}
	return warnings
}
