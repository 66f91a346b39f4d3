package subscribers

import (
	"context"
	"errors"
	"io"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// List is the list of subscribers in a ledger.
type List struct {
	cfg    *config.Config
	ledger *ledger.Ledger
	now    func() time.Time
}

// NewList returns the list of a ledger. now is the clock.
func NewList(cfg *config.Config, l *ledger.Ledger, now func() time.Time) *List {
	return &List{cfg: cfg, ledger: l, now: now}
}

// ImportOptions say how a list is read.
type ImportOptions struct {
	// From names the service whose export it is; "" if the columns decide.
	From string
	// Each is called with the result of each row, in the order of the lines; nil for none.
	Each func(ledger.RowResult) error
}

// ImportReport is what an import did.
type ImportReport struct {
	ledger.ImportCounts
	From     string // the service whose export it was, or "plain"
	ReadAs   string // what was unusual about its form, in words; "" for nothing
	Refused  int    // rows that cannot be used
	LeftOut  int    // rows of people who never subscribed or never confirmed
	Warnings []report.Warning
}

// Import reads subscribers from CSV into the ledger. Rows that cannot be used are
// warnings. The error is a *ListError if the list is not read at all.
func (l *List) Import(ctx context.Context, name string, r io.Reader, o ImportOptions) (ImportReport, error) {
	var warnings []report.Warning
	in, err := openReader(name, r, l.cfg, o.From, func(line int, message string) {
		warnings = append(warnings, report.Warning{Path: name, Line: line, Message: message})
	})
	if err != nil {
		return ImportReport{}, err
	}
	got, err := in.importInto(ctx, l.ledger, ledger.ImportOptions{Now: l.now(), Report: o.Each})
	got.Warnings = warnings
	return got, err
}

// importInto reads the list into the ledger.
func (l *reader) importInto(ctx context.Context, to *ledger.Ledger, o ledger.ImportOptions) (got ImportReport, err error) {
	l.yieldRefused = o.Report != nil
	o.DefaultCadence = l.cfg.Digest.Default
	o.Erased = func(line int) {
		l.erased++
		l.refuse(line, errors.New(ledger.ErasedReason))
	}
	got.ImportCounts, err = to.Import(ctx, l.all(), o)
	got.From, got.ReadAs, got.Refused = l.layout.service.name, l.describe(), l.refused
	for _, out := range l.leftOut {
		got.LeftOut += out.rows
	}
	return got, err
}
