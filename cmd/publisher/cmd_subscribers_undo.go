package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"publisher/internal/hint"
	"publisher/internal/ledger/imports"
	"publisher/internal/publish/report"
)

const hintImports = "`publisher subscribers imports` lists the imports"

// importRecordJSON is an import as `subscribers imports --json` lists it.
type importRecordJSON struct {
	Number     int64  `json:"number"`
	At         string `json:"at"`
	Name       string `json:"name"`
	From       string `json:"from"`
	Rows       int    `json:"rows"`
	Added      int    `json:"added"`
	Updated    int    `json:"updated"`
	Unchanged  int    `json:"unchanged"`
	Kept       int    `json:"kept"`
	Duplicates int    `json:"duplicates"`
	Refused    int    `json:"refused"`
	LeftOut    int    `json:"left_out"`
	Undone     string `json:"undone"` // "" if it was not
}

func newSubscribersImportsCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "imports",
		Short: "List the imports, and what each of them did",
		Long: `Lists the imports that changed something, the newest first. "publisher subscribers
undo NUMBER" takes one back.`,
		Example: "  publisher subscribers imports\n  publisher subscribers imports --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withCopy(c.Context(), func(w workspace) error {
				all, err := imports.All(c.Context(), w.ledger)
				if err != nil {
					return err
				}
				shown := []importRecordJSON{}
				for _, r := range all {
					n := r.Counts
					shown = append(shown, importRecordJSON{r.Number, report.Time(r.At, w.cfg.Site.Timezone), r.Name, r.Service, n.Rows, n.Added, n.Updated,
						n.Unchanged, n.Kept, n.Duplicates, n.Refused, n.LeftOut, report.Time(r.Undone, w.cfg.Site.Timezone)})
				}
				if a.json {
					return a.printJSON(shown)
				}
				return a.printImports(shown)
			})
		},
	})
}

func (u *ui) printImports(shown []importRecordJSON) error {
	out := u.table()
	for _, r := range shown {
		undone := ""
		if r.Undone != "" {
			undone = "undone " + r.Undone
		}
		out.row("%d\t%s\t%d added\t%d updated\t%s\t%s\t%s", r.Number, r.At, r.Added, r.Updated, r.From, r.Name, undone)
	}
	if len(shown) == 0 {
		u.note("no imports yet")
	}
	return out.out.Flush()
}

// undoneJSON is the JSON document of an undone import, after the list of those who are left.
type undoneJSON struct {
	Number   int64  `json:"number"`
	Deleted  int    `json:"deleted"`
	Ended    int    `json:"ended"`
	Restored int    `json:"restored"`
	Left     int    `json:"left"`
	Erased   int    `json:"erased"`
	Already  string `json:"already,omitempty"` // when it was undone before
}

// leftJSON is a subscriber that undoing an import leaves.
type leftJSON struct {
	Email  string `json:"email"`
	Reason string `json:"reason"`
}

func newSubscribersUndoCommand(a *app) *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "undo NUMBER",
		Short: "Take an import back",
		Long: `Deletes the subscribers that an import added, and takes back what it changed of
others. Whom anything else has changed since, such as a choice, an unsubscribe, a bounce
or a later import, is left as it is and listed. Added subscribers who have had mail are
not deleted, so that the links in it work; their status becomes removed.`,
		Example: "  publisher subscribers imports\n  publisher subscribers undo 3",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			number, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || number < 1 {
				return hint.With(fmt.Errorf("%w: invalid import number %q", errUsage, args[0]), hintImports)
			}
			return a.withLedger(c.Context(), func(w workspace) error {
				list := a.list("left_subscribers")
				done, err := w.publisher.UndoImport(c.Context(), w.ledger, number, func(s imports.LeftSubscriber) error {
					return list.add(fmt.Sprintf("left as it is: %s: %s", s.Email, leftBecause(s)), leftJSON{s.Email, leftBecause(s)})
				})
				if errors.Is(err, imports.ErrNoImport) {
					return hint.With(fmt.Errorf("there is no import %d", number), hintImports)
				}
				if err != nil {
					return err
				}
				already := report.Time(done.Already, w.cfg.Site.Timezone)
				if a.json {
					return list.end(undoneJSON{number, done.Deleted, done.Ended, done.Restored, done.Left, done.Erased, already})
				}
				a.printUndone(number, done, already)
				return nil
			})
		},
	})
}

func leftBecause(s imports.LeftSubscriber) string {
	if s.By > 0 {
		return fmt.Sprintf("changed by import %d; undo that one first", s.By)
	}
	return "changed since"
}

func (u *ui) printUndone(number int64, done imports.Undone, already string) {
	if already != "" {
		u.print("import %d was undone at %s; nothing was changed", number, already)
		return
	}
	u.print("import %d is undone: %d deleted, %d restored, %d left", number, done.Deleted, done.Restored, done.Left)
	if done.Ended > 0 {
		u.print("%s removed, not deleted: they have had mail", count(done.Ended, "subscriber"))
	}
	if done.Erased > 0 {
		u.print("%s no longer in the ledger", count(done.Erased, "subscriber"))
	}
}
