package main

import (
	"encoding/json"
	"fmt"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
)

// importedJSON is the JSON document of an import.
type importedJSON struct {
	DryRun     bool             `json:"dry_run,omitempty"`
	Number     int64            `json:"number,omitempty"` // 0 if nothing was changed
	From       string           `json:"from,omitempty"`
	Rows       int              `json:"rows"` // each address once
	Added      int              `json:"added"`
	Updated    int              `json:"updated"`
	Unchanged  int              `json:"unchanged"`
	Kept       int              `json:"kept"`
	Removed    int              `json:"removed"`
	Duplicates int              `json:"duplicates"`
	Refused    int              `json:"refused"`
	LeftOut    int              `json:"left_out"`
	Warnings   []report.Warning `json:"warnings"`
}

func (u *ui) importedJSON(got subscribers.ImportReport, dryRun bool) importedJSON {
	if got.Warnings == nil {
		got.Warnings = []report.Warning{}
	}
	return importedJSON{dryRun, got.Number, got.From, got.Rows, got.Added, got.Updated, got.Unchanged, got.Kept, got.Removed,
		got.Duplicates, got.Refused, got.LeftOut, got.Warnings}
}

// printImported prints what an import did, or would do.
func (u *ui) printImported(got subscribers.ImportReport, dryRun bool) error {
	u.printWarnings(got.Warnings)
	if got.ReadAs != "" {
		u.note("read %s", got.ReadAs)
	}
	if u.json {
		return u.printJSON(u.importedJSON(got, dryRun))
	}
	if dryRun {
		u.print("dry run: nothing was changed; an import would result in:")
	}
	u.print("%d added, %d updated, %d unchanged", got.Added, got.Updated, got.Unchanged)
	for _, n := range []struct {
		n    int
		text string
	}{
		{got.Kept, "not re-added: unsubscribed, bounced or complained"},
		{got.Duplicates, "with the same address as another row: the strictest status counts"},
		{got.LeftOut, "left out: never subscribed or never confirmed"},
		{got.Refused, "refused: see the warnings"},
	} {
		if n.n > 0 {
			u.print("%s %s", count(n.n, "row"), n.text)
		}
	}
	if got.Removed > 0 {
		u.print("%d removed: no longer in the file", got.Removed)
	}
	if got.Number > 0 && !dryRun {
		u.print("this is import %d; `publisher subscribers undo %d` takes it back", got.Number, got.Number)
	}
	return nil
}

// lineJSON is what one line of a list became, or would become, in a JSON document.
type lineJSON struct {
	File      string          `json:"file,omitempty"` // if there are several
	Line      int             `json:"line"`
	Email     string          `json:"email"`
	Outcome   imports.Outcome `json:"outcome"`
	Status    ledger.Status   `json:"status,omitempty"`
	Was       ledger.Status   `json:"was,omitempty"`
	FirstFile string          `json:"first_file,omitempty"`
	First     int             `json:"first_line,omitempty"`
	Reason    string          `json:"reason,omitempty"`
}

// printLines prints what each line became, or would become, and then what the import did.
func (u *ui) printLines(read func(tell func(subscribers.LineResult) error) (subscribers.ImportReport, error), dryRun bool) error {
	list := u.list("lines")
	got, err := read(func(f subscribers.LineResult) error {
		return list.add(resultText(f), lineJSON{f.Path, f.Line, f.Email, f.Outcome, f.Is, f.Was, f.FirstPath, f.First, f.Reason})
	})
	if err != nil {
		return err
	}
	if !u.json {
		return u.printImported(got, dryRun)
	}
	u.printWarnings(got.Warnings)
	return list.end(u.importedJSON(got, dryRun))
}

// streamedList is a list that is printed while it is made: it may have a million items.
type streamedList struct {
	*ui
	name  string // in a JSON document, which has the list and the fields of another value
	items int
}

func (u *ui) list(name string) *streamedList { return &streamedList{ui: u, name: name} }

// add prints an item, as text or JSON.
func (l *streamedList) add(text string, value any) error {
	if !l.json {
		l.print("%s", text)
		return nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	before := fmt.Sprintf("{\n  %q: [\n    ", l.name)
	if l.items > 0 {
		before = ",\n    "
	}
	l.items++
	_, err = fmt.Fprintf(l.stdout, "%s%s", before, encoded)
	return err
}

// end prints the rest of a JSON document.
func (l *streamedList) end(rest any) error {
	encoded, err := json.MarshalIndent(rest, "", "  ")
	if err != nil {
		return err
	}
	end := "\n  ],"
	if l.items == 0 {
		end = fmt.Sprintf("{\n  %q: [],", l.name)
	}
	_, err = fmt.Fprintf(l.stdout, "%s%s\n", end, encoded[1:]) // without its opening brace
	return err
}

func resultText(f subscribers.LineResult) string {
	at, first := fmt.Sprintf("line %d", f.Line), fmt.Sprintf("line %d", f.First)
	if f.Path != "" {
		at, first = fmt.Sprintf("%s:%d", f.Path, f.Line), fmt.Sprintf("%s:%d", f.FirstPath, f.First)
	}
	text := fmt.Sprintf("%s: %s: %s", at, f.Email, f.Outcome)
	switch {
	case f.Reason != "" && f.Email == "":
		return fmt.Sprintf("%s: %s: %s", at, f.Outcome, f.Reason)
	case f.Reason != "":
		return fmt.Sprintf("%s: %q: %s: %s", at, f.Email, f.Outcome, f.Reason)
	case f.Outcome == imports.RowKept:
		return fmt.Sprintf("%s: %s: not re-added, %s", at, f.Email, f.Is)
	case f.Outcome == imports.RowDuplicate:
		return fmt.Sprintf("%s of %s, %s", text, first, f.Is)
	case f.Outcome == imports.RowUpdated && f.Was != f.Is:
		return fmt.Sprintf("%s, %s (was %s)", text, f.Is, f.Was)
	}
	return fmt.Sprintf("%s, %s", text, f.Is)
}
