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
	"publisher/internal/ledger/imports"
	"publisher/internal/terminal"
	"publisher/mailer/address"
)

// cleanCell returns a cell without what surrounds its value.
func cleanCell(cell string) string {
	if isSimple(cell) {
		return cell
	}
	return strings.TrimSpace(unescapeFormula(strings.TrimSpace(cell)))
}

// isSimple reports whether cleanCell leaves a cell as it is: it has nothing but ASCII, no
// semicolon, and a letter or a digit at each end. Nearly all have.
func isSimple(cell string) bool {
	if cell == "" {
		return true
	}
	for i := range len(cell) {
		if c := cell[i]; c < ' ' || c >= utf8.RuneSelf || c == ';' {
			return false
		}
	}
	return isAlphanumeric(cell[0]) && isAlphanumeric(cell[len(cell)-1])
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// shownCell returns as much of a cell as a message quotes.
func shownCell(cell string) string {
	const most = 60
	if r := []rune(cell[:min(len(cell), (most+1)*utf8.UTFMax)]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return cell
}

// row converts a row of the list to one of the ledger.
func (l *reader) row(raw rawRow) (imports.Row, error) {
	row := imports.Row{Line: raw.line}
	if raw.fault != nil {
		return row, raw.fault
	}
	cell := func(c column) string {
		if c.index >= len(raw.cells) {
			return ""
		}
		return cleanCell(raw.cells[c.index])
	}
	row.Email = cell(l.layout.address())
	if err := l.checkShape(raw); err != nil {
		return row, err
	}
	if err := checkAddress(row.Email); err != nil {
		return row, err
	}
	status, err := l.status(cell)
	if err != nil {
		return row, err
	}
	row.Status = status
	return row, l.fields(&row, cell)
}

// checkShape returns an error if the cells of a row are not those of the columns: one comma too
// many would shift them. Spreadsheets leave out empty cells at the end.
func (l *reader) checkShape(raw rawRow) error {
	n, layout := len(raw.cells), l.layout
	strict := layout.service.name != plainList
	switch {
	case n > maxColumns:
		return fmt.Errorf("more than %d values", maxColumns)
	case n > layout.most && strict, n > layout.width && strings.TrimSpace(strings.Join(raw.cells[layout.width:], "")) != "":
		return fmt.Errorf("more values (%d) than there are columns (%d); put a value with %s in it in \"double quotes\"", n, layout.width, separatorName(l.scanner.comma))
	}
	for _, c := range layout.columns {
		if says := c.means == isStatus || c.means == isOptIn || c.means == isOptOut; strict && says && c.index >= n {
			return fmt.Errorf("the row ends before the column %s, which says who may be mailed", c.title)
		}
	}
	for _, cell := range raw.cells {
		if !utf8.ValidString(cell) {
			return errors.New("not UTF-8, unlike the rows before it")
		}
	}
	return nil
}

// checkAddress returns an error if an address is not valid or its domain has no dot, as in the
// rest of example,com.
func checkAddress(email string) error {
	key, err := address.Normalize(email)
	if err != nil {
		return err
	}
	if !strings.Contains(key[strings.LastIndexByte(key, '@'):], ".") {
		return fmt.Errorf("%q has no dot after the @", email)
	}
	return nil
}

// status returns the strictest status that the columns give.
func (l *reader) status(cell func(column) string) (ledger.Status, error) {
	strict := l.layout.service.name != plainList
	status := l.layout.status
	if status == "" {
		return "", &notSubscribed{"they never subscribed (" + filepath.Base(l.file) + ")"}
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

func (l *reader) cellStatus(c column, text string, strict bool) (ledger.Status, error) {
	switch c.means {
	case isStatus:
		if text == "" && !strict {
			return ledger.Active, nil // the owner is responsible for it
		}
		if text == "" {
			return "", fmt.Errorf("%s is empty, so it is not known whether they may be mailed", c.title)
		}
		status, ok := l.statusOf(text)
		if !ok {
			return "", fmt.Errorf("there is no status %q; must be pending, active, unsubscribed, removed, bounced, complained or empty", shownCell(text))
		}
		if status == "" {
			return "", &notSubscribed{fmt.Sprintf("%s %q: they never confirmed or never subscribed", c.title, shownCell(text))}
		}
		return status, nil
	case isOptIn, isOptOut:
		yes, ok := parseFlag(text)
		if !ok {
			return "", fmt.Errorf("%s is %q; must be true or false", c.title, shownCell(text))
		}
		if yes == (c.means == isOptIn) {
			return ledger.Active, nil
		}
		return ledger.Unsubscribed, nil
	case isUnsubscribed:
		if text != "" {
			return ledger.Unsubscribed, nil
		}
	case isBounced:
		if text != "" {
			return ledger.Bounced, nil
		}
	}
	return ledger.Active, nil
}

// statusOf is service.statusOf, which remembers the last word.
func (l *reader) statusOf(text string) (ledger.Status, bool) {
	if l.word != text || !l.known {
		l.word = text
		l.says, l.known = l.layout.service.statusOf(text)
	}
	return l.says, l.known
}

// fields reads the columns that do not say who may be mailed.
func (l *reader) fields(row *imports.Row, cell func(column) string) error {
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
			err = l.readTime(&row.Created, c, text)
		case isConfirmed:
			err = l.readTime(&row.Confirmed, c, text)
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
	if err := checkNames(row); err != nil {
		return err
	}
	l.stripName(row)
	return nil
}

// stripName removes invisible characters from a name, such as the direction marks that
// contacts apps put around it.
func (l *reader) stripName(row *imports.Row) {
	name := strings.TrimSpace(terminal.Strip(row.Name))
	if name == row.Name {
		return
	}
	row.Name = name
	if l.stripped++; l.stripped <= maxRowWarnings {
		l.warn(row.Line, fmt.Sprintf("the name of %s has invisible characters, which were removed", row.Email))
	}
}

// HasControls reports whether one of the texts has control characters or line ends.
func HasControls(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) })
	})
}

func checkNames(row *imports.Row) error {
	if HasControls(append([]string{row.Name}, row.Tags...)...) {
		return fmt.Errorf("the name or a tag of %s has control characters", row.Email)
	}
	if n := len(row.Tags); n > maxTags {
		return fmt.Errorf("%s has %d tags; at most %d are allowed", row.Email, n, maxTags)
	}
	for _, tag := range row.Tags {
		if n := utf8.RuneCountInString(tag); n > maxNameLength {
			return fmt.Errorf("a tag of %s has %d characters; at most %d are allowed", row.Email, n, maxNameLength)
		}
	}
	if n := utf8.RuneCountInString(row.Name); n > maxNameLength {
		return fmt.Errorf("the name of %s has %d characters; at most %d are allowed", row.Email, n, maxNameLength)
	}
	return nil
}

func (l *reader) tags(text string) []string {
	if l.layout.service.name == plainList {
		return SplitTags(text)
	}
	return splitServiceTags(text)
}

// readTime reads a time. Of several columns with one meaning, the first with a time counts.
func (l *reader) readTime(at *time.Time, c column, text string) error {
	if l.times == nil {
		zone := time.UTC
		if l.layout.service.name == plainList {
			zone = l.cfg.Site.Timezone
		}
		l.times = newTimeParser(zone, l.layout.service.dates...)
	}
	t, err := l.times.parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.title, err)
	}
	if at.IsZero() {
		*at = t
	}
	return nil
}

// language reads a language. One without digests is stored for when it has some.
func (l *reader) language(row *imports.Row, text string) error {
	if text == "" {
		return nil
	}
	tag, ok := config.LanguageTag(text)
	if !ok {
		return fmt.Errorf("%q is not a language; write a BCP 47 tag like de, fr or pt-BR", shownCell(text))
	}
	row.Language = tag
	if !l.cfg.HasDigestsIn(tag) && !l.warnedLanguages[tag] && len(l.warnedLanguages) < maxRowWarnings {
		l.warnedLanguages[tag] = true
		l.warn(row.Line, fmt.Sprintf("there are no digests in %s (%s, languages): these subscribers get those in %s", tag, filepath.Base(l.cfg.File), l.cfg.Site.Language))
	}
	return nil
}
