package subscribers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
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

// Source is a file of an import: a list, or a ZIP archive of lists.
type Source struct {
	Name   string
	Reader io.Reader // an archive that is an *os.File is read in place
}

// ImportOptions say how lists are read.
type ImportOptions struct {
	// From names the service whose exports they are; "" if the columns decide.
	From string
	// Each is called with the result of each row, in the order of the lines; nil for none.
	Each func(LineResult) error
}

// LineResult is the result of one row of an import.
type LineResult struct {
	imports.RowResult
	Path, FirstPath string // of File and FirstIn; "" if the import has one file
}

// ImportReport is what an import did.
type ImportReport struct {
	imports.Counts
	From     string // the services whose exports they were, "plain" among them
	ReadAs   string // what was unusual about their form, in words; "" for nothing
	Warnings []report.Warning
}

// Import reads subscribers from files into the ledger, all in one import. Rows that cannot
// be used are warnings. The error is a *ListError if nothing is read at all.
func (l *List) Import(ctx context.Context, sources []Source, o ImportOptions) (ImportReport, error) {
	in := &opening{cfg: l.cfg, from: o.From, unpacked: &budget{maxUnpacked}}
	defer in.close()
	if err := in.open(sources); err != nil {
		return ImportReport{}, err
	}
	got, err := importLists(ctx, l.ledger, in.readers, imports.Options{Now: l.now(),
		Source: &imports.Source{Name: sourceNames(sources), Service: servicesOf(in.readers)}}, o.Each)
	got.Warnings = in.warnings
	return got, err
}

// importLists reads the lists into the ledger.
func importLists(ctx context.Context, to *ledger.Ledger, lists []*reader, o imports.Options, each func(LineResult) error) (got ImportReport, err error) {
	o.DefaultCadence = lists[0].cfg.Digest.Default
	o.Erased = func(file, line int) {
		lists[file].erased++
		lists[file].refuse(line, errors.New(imports.ErasedReason))
	}
	if each != nil {
		o.Report = func(r imports.RowResult) error {
			line := LineResult{RowResult: r}
			if len(lists) > 1 {
				line.Path = lists[r.File].file
			}
			if len(lists) > 1 && r.First > 0 {
				line.FirstPath = lists[r.FirstIn].file
			}
			return each(line)
		}
	}
	rows := allRows(lists)
	if o.Origin == imports.FromCommand {
		rows = ahead(rows) // the lists may be long
	}
	got.Counts, err = imports.Run(ctx, to, rows, o)
	got.From, got.ReadAs = servicesOf(lists), describe(lists)
	return got, err
}

func allRows(lists []*reader) iter.Seq2[imports.Row, error] {
	return func(yield func(imports.Row, error) bool) {
		for _, l := range lists {
			for row, err := range l.all() {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// ahead reads rows while those before them are used.
func ahead(rows iter.Seq2[imports.Row, error]) iter.Seq2[imports.Row, error] {
	type result struct {
		row imports.Row
		err error
	}
	return func(yield func(imports.Row, error) bool) {
		const size, most = 256, 4
		batches, stop := make(chan []result, most), make(chan struct{})
		go func() {
			defer close(batches)
			batch := make([]result, 0, size)
			send := func() bool {
				select {
				case batches <- batch:
					batch = make([]result, 0, size)
					return true
				case <-stop:
					return false
				}
			}
			for row, err := range rows {
				if batch = append(batch, result{row, err}); len(batch) == size && !send() {
					return
				}
			}
			send()
		}()
		defer func() { // the files must not be closed while they are read
			close(stop)
			for range batches {
			}
		}()
		for batch := range batches {
			for _, r := range batch {
				if !yield(r.row, r.err) {
					return
				}
			}
		}
	}
}

// servicesOf returns the names of the services whose exports the lists are.
func servicesOf(lists []*reader) string {
	return joinDifferent(lists, func(l *reader) string { return l.layout.service.name })
}

// describe returns how the lists were read, if that was not the usual way.
func describe(lists []*reader) string { return joinDifferent(lists, (*reader).describe) }

func joinDifferent(lists []*reader, text func(*reader) string) string {
	var all []string
	for _, l := range lists {
		if s := text(l); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, ", ")
}

// sourceNames returns the names of the files, as far as there is room.
func sourceNames(sources []Source) string {
	const most = 5
	var names []string
	for _, s := range sources[:min(len(sources), most)] {
		names = append(names, shownCell(s.Name))
	}
	if more := len(sources) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// Undo takes back what an import did; see imports.Undo. left is called for each
// subscriber that stays as it is.
func (l *List) Undo(ctx context.Context, number int64, left func(imports.LeftSubscriber) error) (imports.Undone, error) {
	return imports.Undo(ctx, l.ledger, number, imports.UndoOptions{DefaultCadence: l.cfg.Digest.Default, Now: l.now(), Left: left})
}
