package subscribers

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/terminal"
	"publisher/mailer/address"
)

// cleanCell is a cell without what surrounds its value.
func cleanCell(cell string) string {
	return strings.TrimSpace(unescapeFormula(strings.TrimSpace(cell)))
}

// shownCell is as much of a cell as a message quotes.
func shownCell(cell string) string {
	const most = 60
	if r := []rune(cell[:min(len(cell), (most+1)*utf8.UTFMax)]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return cell
}

// row makes a row of the ledger of one of the list.
func (l *listReader) row(raw listRow) (ledger.Row, error) {
	row := ledger.Row{Line: raw.line}
	if raw.fault != nil {
		return row, raw.fault
	}
	cell := func(c listColumn) string {
		if c.index >= len(raw.cells) {
			return ""
		}
		return cleanCell(raw.cells[c.index])
	}
	row.Email = cell(l.layout.address())
	if err := l.checkShape(raw); err != nil {
		return row, err
	}
	if err := checkListAddress(row.Email); err != nil {
		return row, err
	}
	status, err := l.status(cell)
	if err != nil {
		return row, err
	}
	row.Status = status
	return row, l.fields(&row, cell)
}

// checkShape refuses a row whose cells are not those of the columns: a comma too many
// in it would move one cell to another's place. Spreadsheets leave out empty cells at
// the end.
func (l *listReader) checkShape(raw listRow) error {
	n, layout := len(raw.cells), l.layout
	strict := layout.service.name != plainList
	switch {
	case n > maxListColumns:
		return fmt.Errorf("it has more than %d values", maxListColumns)
	case n > layout.most && strict, n > layout.width && strings.TrimSpace(strings.Join(raw.cells[layout.width:], "")) != "":
		return fmt.Errorf("it has more values (%d) than there are columns (%d); a value with %s in it stands in \"double quotes\"", n, layout.width, separatorName(l.scanner.comma))
	}
	for _, c := range layout.columns {
		if says := c.means == isStatus || c.means == isWanted || c.means == isUnwanted; strict && says && c.index >= n {
			return fmt.Errorf("it ends before the column %s, which says who may be mailed", c.title)
		}
	}
	for _, cell := range raw.cells {
		if !utf8.ValidString(cell) {
			return errors.New("it is not UTF-8, unlike the rows before it")
		}
	}
	return nil
}

// checkListAddress is address.Normalize, and wants a dot in the domain: without one it is
// what is left of example,com.
func checkListAddress(email string) error {
	key, err := address.Normalize(email)
	if err != nil {
		return err
	}
	if !strings.Contains(key[strings.LastIndexByte(key, '@'):], ".") {
		return fmt.Errorf("%q has no dot after the @", email)
	}
	return nil
}

// status is the strictest that the columns say.
func (l *listReader) status(cell func(listColumn) string) (ledger.Status, error) {
	strict := l.layout.service.name != plainList
	status := l.layout.status
	if status == "" {
		return "", &notAsked{"they never subscribed (" + filepath.Base(l.file) + ")"}
	}
	for _, c := range l.layout.columns {
		says, err := l.cellStatus(c, cell(c), strict)
		if err != nil {
			return "", err
		}
		status = ledger.Stricter(status, says)
	}
	return status, nil
}

func (l *listReader) cellStatus(c listColumn, text string, strict bool) (ledger.Status, error) {
	switch c.means {
	case isStatus:
		if text == "" && !strict {
			return ledger.Active, nil // the owner vouches for it
		}
		if text == "" {
			return "", fmt.Errorf("%s is empty, so nobody can tell whether they may be mailed", c.title)
		}
		status, ok := l.layout.service.statusOf(text)
		if !ok {
			return "", fmt.Errorf("there is no status %q; want pending, active, unsubscribed, removed, bounced, complained or nothing", shownCell(text))
		}
		if status == "" {
			return "", &notAsked{fmt.Sprintf("%s %q: they never confirmed or never subscribed", c.title, shownCell(text))}
		}
		return status, nil
	case isWanted, isUnwanted:
		yes, ok := readFlag(text)
		if !ok {
			return "", fmt.Errorf("%s is %q; want true or false", c.title, shownCell(text))
		}
		if yes == (c.means == isWanted) {
			return ledger.Active, nil
		}
		return ledger.Unsubscribed, nil
	case isLeft:
		if text != "" {
			return ledger.Unsubscribed, nil
		}
	case isCleaned:
		if text != "" {
			return ledger.Bounced, nil
		}
	}
	return ledger.Active, nil
}

// fields reads what does not say whether somebody may be mailed.
func (l *listReader) fields(row *ledger.Row, cell func(listColumn) string) error {
	var first, last string
	for _, c := range l.layout.columns {
		text, err := cell(c), error(nil)
		switch c.means {
		case isName:
			row.Name = text
		case isFirstName:
			first = text
		case isLastName:
			last = text
		case isCadence:
			if _, ok := l.cfg.Cadence(text); text != "" && !ok {
				return fmt.Errorf("there is no cadence %q in digest.cadences", shownCell(text))
			}
			row.Cadence = text
		case isLanguage:
			err = l.language(row, text)
		case isTags:
			row.Tags = l.tags(text)
		case isCreated:
			err = l.when(&row.Created, c, text)
		case isConfirmed:
			err = l.when(&row.Confirmed, c, text)
		}
		if err != nil {
			return err
		}
	}
	if row.Name == "" {
		row.Name = strings.TrimSpace(first + " " + last)
	}
	if row.Created.IsZero() && l.layout.service.name != plainList {
		row.Created = row.Confirmed
	}
	if err := checkListName(row); err != nil {
		return err
	}
	l.stripName(row)
	return nil
}

// stripName takes out of a name what cannot be seen there, such as the marks of
// direction that programs for contacts put around it.
func (l *listReader) stripName(row *ledger.Row) {
	name := strings.TrimSpace(terminal.Strip(row.Name))
	if name == row.Name {
		return
	}
	row.Name = name
	if l.stripped++; l.stripped <= maxRowWarnings {
		l.warn(row.Line, fmt.Sprintf("the name of %s has invisible characters, which were left out", row.Email))
	}
}

// HasControls reports whether one of the texts has control characters or line ends.
func HasControls(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) })
	})
}

func checkListName(row *ledger.Row) error {
	if HasControls(append([]string{row.Name}, row.Tags...)...) {
		return fmt.Errorf("the name or a tag of %s has control characters", row.Email)
	}
	if n := len(row.Tags); n > maxListTags {
		return fmt.Errorf("%s has %d tags; at most %d are taken", row.Email, n, maxListTags)
	}
	for _, tag := range row.Tags {
		if n := utf8.RuneCountInString(tag); n > maxListName {
			return fmt.Errorf("a tag of %s has %d characters; at most %d are taken", row.Email, n, maxListName)
		}
	}
	if n := utf8.RuneCountInString(row.Name); n > maxListName {
		return fmt.Errorf("the name of %s has %d characters; at most %d are taken", row.Email, n, maxListName)
	}
	return nil
}

func (l *listReader) tags(text string) []string {
	if l.layout.service.name == plainList {
		return SplitTags(text)
	}
	return splitServiceTags(text)
}

// when reads a time; of several columns with one meaning the first that has one counts.
func (l *listReader) when(at *time.Time, c listColumn, text string) error {
	zone := time.UTC
	if l.layout.service.name == plainList {
		zone = l.cfg.Site.Timezone
	}
	t, err := parseWhen(text, zone, l.layout.service.dates...)
	if err != nil {
		return fmt.Errorf("%s: %w", c.title, err)
	}
	if at.IsZero() {
		*at = t
	}
	return nil
}

// language takes over a row's language. One that has no digests is kept for when it
// has some.
func (l *listReader) language(row *ledger.Row, text string) error {
	if text == "" {
		return nil
	}
	tag, ok := config.LanguageTag(text)
	if !ok {
		return fmt.Errorf("%q is not a language; write a BCP 47 tag like de, fr or pt-BR", shownCell(text))
	}
	row.Language = tag
	if !l.cfg.HasDigestsIn(tag) && !l.foreign[tag] && len(l.foreign) < maxRowWarnings {
		l.foreign[tag] = true
		l.warn(row.Line, fmt.Sprintf("there are no digests in %s (%s, languages): who reads it gets those in %s", tag, filepath.Base(l.cfg.File), l.cfg.Site.Language))
	}
	return nil
}
