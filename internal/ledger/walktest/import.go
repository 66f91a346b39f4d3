package walktest

import (
	"context"
	"slices"

	"publisher/internal/ledger/imports"
)

// walkImport is an import that changed what one person had chosen.
type walkImport struct {
	number      int64
	person      *person
	was, became walkChoice
}

// walkChoice is what a person has chosen.
type walkChoice struct {
	cadence, language string
	tags              []string
}

func (c walkChoice) equal(other walkChoice) bool {
	return c.cadence == other.cadence && c.language == other.language && slices.Equal(c.tags, other.tags)
}

func (p *person) choice() walkChoice { return walkChoice{p.cadence, p.language, p.tags} }

// chooseOrImport has a choice change: by the person, by a list, or since that is undone.
func (w *walk) chooseOrImport() {
	switch w.rand.IntN(4) {
	case 0:
		w.importChoice()
	case 1:
		w.undoImport()
	default:
		w.choose()
	}
}

func (w *walk) importChoice() {
	p := w.anyone()
	if p == nil || !p.active {
		return
	}
	row := imports.Row{Email: p.email, Cadence: walkCadences[w.rand.IntN(2)], Tags: [][]string{nil, {"go"}, {"rust"}}[w.rand.IntN(3)], Language: []string{"", "de"}[w.rand.IntN(2)]}
	became := walkChoice{row.Cadence, p.language, p.tags}
	if row.Tags != nil {
		became.tags = row.Tags
	}
	if row.Language != "" {
		became.language = row.Language
	}
	was := p.choice()
	w.note("a list says %s chose %v", p.email, became)
	counts, err := imports.Run(context.Background(), w.l, func(yield func(imports.Row, error) bool) { yield(row, nil) },
		imports.Options{DefaultCadence: "often", Now: w.now, Source: &imports.Source{Name: "list"}})
	w.must(err)
	if (counts.Number > 0) != !was.equal(became) {
		w.fail("import %d from %v to %v", counts.Number, was, became)
	}
	if counts.Number > 0 {
		w.choiceBecomes(p, became)
		w.imports = append(w.imports, walkImport{counts.Number, p, was, became})
	}
}

// choiceBecomes updates the model.
func (w *walk) choiceBecomes(p *person, c walkChoice) {
	w.settleChoice(p)
	p.cadence, p.language, p.tags = c.cadence, c.language, c.tags
}

// undoImport undoes an import. What touches a subscriber is not modeled: only whom nothing
// has touched may change.
func (w *walk) undoImport() {
	if len(w.imports) == 0 {
		return
	}
	i := w.imports[w.rand.IntN(len(w.imports))]
	done, err := imports.Undo(context.Background(), w.l, i.number, imports.UndoOptions{DefaultCadence: "often", Now: w.now})
	w.must(err)
	w.note("the import of %s is undone: %+v", i.person.email, done)
	if done.Restored == 0 {
		return
	}
	if i.person.erased || !i.person.active || !i.person.choice().equal(i.became) {
		w.fail("%s has changed since the import", i.person.email)
	}
	w.choiceBecomes(i.person, i.was)
}
