package main

import (
	"encoding/json"
	"fmt"

	"publisher/internal/ledger"
	"publisher/internal/publish"
)

// importedJSON is what an import did, as programs read it.
type importedJSON struct {
	DryRun     bool              `json:"dry_run,omitempty"`
	From       string            `json:"from,omitempty"`
	Rows       int               `json:"rows"` // each address once
	Added      int               `json:"added"`
	Updated    int               `json:"updated"`
	Unchanged  int               `json:"unchanged"`
	Kept       int               `json:"kept"`
	Removed    int               `json:"removed"`
	Duplicates int               `json:"duplicates"`
	Refused    int               `json:"refused"`
	LeftOut    int               `json:"left_out"`
	Warnings   []publish.Warning `json:"warnings"`
}

func (a *app) importedJSON(got publish.ImportReport, m mood) importedJSON {
	if got.Warnings == nil {
		got.Warnings = []publish.Warning{}
	}
	return importedJSON{m == would, got.From, got.Rows, got.Added, got.Updated, got.Unchanged, got.Kept, got.Removed,
		got.Duplicates, got.Refused, got.LeftOut, got.Warnings}
}

// sayImported says what an import did, or would do.
func (a *app) sayImported(got publish.ImportReport, m mood) error {
	a.warn(got.Warnings)
	if got.ReadAs != "" {
		a.hint("read %s", got.ReadAs)
	}
	if a.json {
		return a.printJSON(a.importedJSON(got, m))
	}
	if m == would {
		a.say("nothing was changed; an import would give:")
	}
	a.say("%d added, %d updated, %d unchanged", got.Added, got.Updated, got.Unchanged)
	for _, n := range []struct {
		n    int
		text string
	}{
		{got.Kept, "not brought back: they unsubscribed, bounced or complained"},
		{got.Duplicates, "with an address that another row has too: the strictest status counts"},
		{got.LeftOut, "left out: they never subscribed or never confirmed"},
		{got.Refused, "refused: the warnings say why"},
	} {
		if n.n > 0 {
			a.say("%s %s", count(n.n, "row"), n.text)
		}
	}
	if got.Removed > 0 {
		a.say("%d ended: their rows are gone from the file", got.Removed)
	}
	return nil
}

// lineJSON is what one line of a list would become, as programs read it.
type lineJSON struct {
	Line    int            `json:"line"`
	Email   string         `json:"email"`
	Outcome ledger.Outcome `json:"outcome"`
	Status  ledger.Status  `json:"status,omitempty"`
	Was     ledger.Status  `json:"was,omitempty"`
	First   int            `json:"first_line,omitempty"`
	Reason  string         `json:"reason,omitempty"`
}

// dryRun says of each line what it would become. It is written while it is read: a
// list may have a million lines.
func (a *app) dryRun(read func(tell func(ledger.RowResult) error) (publish.ImportReport, error)) error {
	lines := 0
	tell := func(f ledger.RowResult) error {
		if !a.json {
			a.say("%s", resultText(f))
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
		_, err = fmt.Fprintf(a.stdout, "%s%s", before, text)
		return err
	}
	got, err := read(tell)
	if err != nil {
		return err
	}
	if !a.json {
		return a.sayImported(got, would)
	}
	a.warn(got.Warnings)
	summary, err := json.MarshalIndent(a.importedJSON(got, would), "", "  ")
	if err != nil {
		return err
	}
	end := "\n  ],"
	if lines == 0 {
		end = "{\n  \"lines\": [],"
	}
	_, err = fmt.Fprintf(a.stdout, "%s%s\n", end, summary[1:]) // without its opening brace
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
		return fmt.Sprintf("line %d: %s: not brought back, %s", f.Line, f.Email, f.Is)
	case f.Outcome == ledger.RowDuplicate:
		return fmt.Sprintf("%s of line %d, %s", text, f.First, f.Is)
	case f.Outcome == ledger.RowUpdated && f.Was != f.Is:
		return fmt.Sprintf("%s, %s (was %s)", text, f.Is, f.Was)
	}
	return fmt.Sprintf("%s, %s", text, f.Is)
}
