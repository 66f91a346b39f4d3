package main

import (
	"encoding/json"
	"fmt"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
	"publisher/internal/publish/subscribers"
)

// importedJSON is the JSON document of an import.
type importedJSON struct {
	DryRun     bool             `json:"dry_run,omitempty"`
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
	return importedJSON{dryRun, got.From, got.Rows, got.Added, got.Updated, got.Unchanged, got.Kept, got.Removed,
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
	return nil
}

// lineJSON is what one line of a list would become, in the JSON document of a dry run.
type lineJSON struct {
	Line    int               `json:"line"`
	Email   string            `json:"email"`
	Outcome ledger.RowOutcome `json:"outcome"`
	Status  ledger.Status     `json:"status,omitempty"`
	Was     ledger.Status     `json:"was,omitempty"`
	First   int               `json:"first_line,omitempty"`
	Reason  string            `json:"reason,omitempty"`
}

// printDryRun prints what each line would become. It prints while it reads: a list may have
// a million lines.
func (u *ui) printDryRun(read func(tell func(ledger.RowResult) error) (subscribers.ImportReport, error)) error {
	lines := 0
	tell := func(f ledger.RowResult) error {
		if !u.json {
			u.print("%s", resultText(f))
			return nil
		}
		text, err := json.Marshal(lineJSON{f.Line, f.Email, f.Outcome, f.Is, f.Was, f.First, f.Reason})
		if err != nil {
			return err
		}
		before := "{\n  \"lines\": [\n    "
		if lines > 0 {
			before = ",\n    "
		}
		lines++
		_, err = fmt.Fprintf(u.stdout, "%s%s", before, text)
		return err
	}
	got, err := read(tell)
	if err != nil {
		return err
	}
	if !u.json {
		return u.printImported(got, true)
	}
	u.printWarnings(got.Warnings)
	summary, err := json.MarshalIndent(u.importedJSON(got, true), "", "  ")
	if err != nil {
		return err
	}
	end := "\n  ],"
	if lines == 0 {
		end = "{\n  \"lines\": [],"
	}
	_, err = fmt.Fprintf(u.stdout, "%s%s\n", end, summary[1:]) // without its opening brace
	return err
}

func resultText(f ledger.RowResult) string {
	text := fmt.Sprintf("line %d: %s: %s", f.Line, f.Email, f.Outcome)
	switch {
	case f.Reason != "" && f.Email == "":
		return fmt.Sprintf("line %d: %s: %s", f.Line, f.Outcome, f.Reason)
	case f.Reason != "":
		return fmt.Sprintf("line %d: %q: %s: %s", f.Line, f.Email, f.Outcome, f.Reason)
	case f.Outcome == ledger.RowKept:
		return fmt.Sprintf("line %d: %s: not re-added, %s", f.Line, f.Email, f.Is)
	case f.Outcome == ledger.RowDuplicate:
		return fmt.Sprintf("%s of line %d, %s", text, f.First, f.Is)
	case f.Outcome == ledger.RowUpdated && f.Was != f.Is:
		return fmt.Sprintf("%s, %s (was %s)", text, f.Is, f.Was)
	}
	return fmt.Sprintf("%s, %s", text, f.Is)
}
