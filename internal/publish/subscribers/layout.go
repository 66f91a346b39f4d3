package subscribers

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"publisher/internal/ledger"
	"publisher/mailer/address"
)

// column is one column of a list that is used.
type column struct {
	index int
	title string // as in the file, as far as it is shown
	means meaning
}

// columnLayout is what the columns of one list mean.
type columnLayout struct {
	service service
	columns []column
	width   int // up to the last column with a name
	most    int // including columns without a name
	// status is that of rows whose columns do not say otherwise; "" if they are left out.
	status ledger.Status
}

// address returns the column with the addresses.
func (l *columnLayout) address() column {
	i := slices.IndexFunc(l.columns, func(c column) bool { return c.means == isAddress })
	return l.columns[i]
}

// has reports whether a column has one of these meanings.
func (l *columnLayout) has(meanings ...meaning) bool {
	return slices.ContainsFunc(l.columns, func(c column) bool { return slices.Contains(meanings, c.means) })
}

// readLayout finds out what the columns mean. header is nil if the list has none; sample are
// its first rows.
func (l *reader) readLayout(header *rawRow, sample []rawRow) (*columnLayout, error) {
	if header == nil {
		if err := l.bareAddresses(sample); err != nil {
			return nil, err
		}
		s, _ := serviceNamed(plainList)
		return l.applyFileName(&columnLayout{service: s, width: 1, most: 1, status: ledger.Active, columns: []column{{0, "email", isAddress}}})
	}
	if len(header.cells) > maxColumns {
		return nil, &ListError{File: l.file, Line: header.line, Err: fmt.Errorf("more than %d columns; keep only those about subscribers", maxColumns)}
	}
	names := make([]string, len(header.cells))
	for i, cell := range header.cells {
		names[i] = foldHeader(cell)
	}
	s, err := l.chooseService(header.line, names)
	if err != nil {
		return nil, err
	}
	layout := &columnLayout{service: s, most: len(names), status: ledger.Active}
	for i, name := range names {
		if name != "" {
			layout.width = i + 1
		}
	}
	if err := l.findColumns(layout, header, names, sample); err != nil {
		return nil, err
	}
	for name, status := range s.presence {
		if slices.Contains(names, name) {
			layout.status = ledger.Stricter(layout.status, status)
		}
	}
	return l.applyFileName(layout)
}

// bareAddresses returns an error if a list without names of columns is not only addresses.
func (l *reader) bareAddresses(sample []rawRow) error {
	bare := 0
	for _, row := range sample {
		if len(row.cells) == 1 || strings.TrimSpace(strings.Join(row.cells[1:], "")) == "" {
			bare++
		}
	}
	if 2*bare > len(sample) {
		return nil
	}
	return &ListError{File: l.file, Line: sample[0].line, Usage: true,
		Err: fmt.Errorf("its first line must name the columns, such as %s; email is missing", strings.Join(Columns, ","))}
}

// chooseService returns the service whose list it is.
func (l *reader) chooseService(line int, names []string) (service, error) {
	if s, ok := serviceNamed(l.from); ok {
		return s, nil
	}
	switch found := recognize(names); len(found) {
	case 0:
		s, _ := serviceNamed(plainList)
		return s, nil
	case 1:
		return found[0], nil
	default:
		return found[0], &ListError{File: l.file, Line: line, Usage: true,
			Err: fmt.Errorf("its columns are those of %s and of %s; say whose export it is: `publisher subscribers import --from %s` or `--from %s`", found[0].title, found[1].title, found[0].name, found[1].name)}
	}
}

// findColumns gives each column its meaning. A list with a column that looks like consent but
// has no known meaning is not read: the column may say who has unsubscribed.
func (l *reader) findColumns(layout *columnLayout, header *rawRow, names []string, sample []rawRow) error {
	address, err := l.findAddress(layout.service, header, names, sample)
	if err != nil {
		return err
	}
	var ignored []string
	taken, statuses := map[string]bool{}, onlyStatuses()
	for i, name := range names {
		means, known := layout.service.columns[name]
		switch {
		case i == address:
			layout.columns = append(layout.columns, column{i, shownCell(header.cells[i]), isAddress})
		case known && means != unused && taken[name]:
			return &ListError{File: l.file, Line: header.line, Err: fmt.Errorf("two columns are named %q; keep one", shownCell(header.cells[i]))}
		case known:
			taken[name] = true
			if means != unused && means != isAddress {
				layout.columns = append(layout.columns, column{i, shownCell(header.cells[i]), means})
			}
		case looksLikeConsent(name, columnValues(sample, i), statuses):
			return &ListError{File: l.file, Line: header.line, Usage: true, Err: fmt.Errorf(
				"column %q looks as if it says who may be mailed, and its meaning is not known in a %s; rename it to status (with pending, active, unsubscribed, removed, bounced or complained in it), delete it, or say whose export it is: `publisher subscribers import --from %s`",
				shownCell(header.cells[i]), describeService(layout.service), strings.Join(serviceNames(), "|"))}
		case name != "":
			ignored = append(ignored, header.cells[i])
		}
	}
	l.warnIgnored(layout.service, header.line, ignored)
	return nil
}

func describeService(s service) string {
	if s.name == plainList {
		return s.title
	}
	return "list from " + s.title
}

func (l *reader) warnIgnored(s service, line int, ignored []string) {
	for _, column := range ignored {
		if s.name == plainList {
			l.warn(line, fmt.Sprintf("column %q is not known and is ignored; known are %s", shownCell(column), strings.Join(Columns, ", ")))
		}
	}
}

// findAddress returns the column with the addresses: by its name, or by its values, since
// services translate the names of columns.
func (l *reader) findAddress(s service, header *rawRow, names []string, sample []rawRow) (int, error) {
	var named, valued []int
	for i, name := range names {
		if s.columns[name] == isAddress {
			named = append(named, i)
		}
		if holdsAddresses(columnValues(sample, i)) {
			valued = append(valued, i)
		}
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case len(named) == 0 && len(valued) == 1 && s.name == plainList && !l.guess && l.from == "":
		return 0, &ListError{File: l.file, Line: header.line, Usage: true,
			Err: fmt.Errorf("its columns are those of no service, and none is named email; if %q has the addresses, name it email, or say whose export it is: `publisher subscribers import --from %s`",
				shownCell(header.cells[valued[0]]), strings.Join(serviceNames(), "|"))}
	case len(named) == 0 && len(valued) == 1:
		if s.name == plainList {
			l.warn(header.line, fmt.Sprintf("column %q is read as the addresses, because of its values; name it email", shownCell(header.cells[valued[0]])))
		}
		return valued[0], nil
	case len(named)+len(valued) == 0:
		return 0, &ListError{File: l.file, Line: header.line, Usage: true, noAddress: true,
			Err: fmt.Errorf("its first line must name the columns, such as %s; email is missing, and no column has only addresses", strings.Join(Columns, ","))}
	}
	several := named
	if len(named) == 0 {
		several = valued
	}
	return 0, &ListError{File: l.file, Line: header.line, Usage: true,
		Err: fmt.Errorf("columns %q and %q may both be the address; name one of them email, and the other not", shownCell(header.cells[several[0]]), shownCell(header.cells[several[1]]))}
}

func columnValues(sample []rawRow, index int) []string {
	var values []string
	for _, row := range sample {
		if row.fault == nil && index < len(row.cells) {
			if value := cleanCell(row.cells[index]); value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}

// holdsAddresses reports whether most values are addresses; some may be bad ones.
func holdsAddresses(values []string) bool {
	n := 0
	for _, value := range values {
		if _, err := address.Normalize(value); err == nil {
			n++
		}
	}
	return n > 0 && 2*n > len(values)
}

// applyFileName applies what the name of the file says.
func (l *reader) applyFileName(layout *columnLayout) (*columnLayout, error) {
	base := filepath.Base(l.file)
	if status, ok := layout.service.fileStatus(base); ok {
		layout.status = status
		return layout, nil
	}
	if layout.status == ledger.Active && !layout.has(isStatus, isOptIn, isOptOut, isUnsubscribed, isBounced) && saysUnsubscribed(strings.TrimSuffix(base, filepath.Ext(base))) {
		return nil, &ListError{File: l.file, Usage: true,
			Err: errors.New("its name says that these people are not to be mailed, and no column does; add a column status with unsubscribed (or pending, bounced, complained) in each row, or rename the file")}
	}
	return layout, nil
}
