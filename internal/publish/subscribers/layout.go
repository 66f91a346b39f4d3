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

// listColumn is one column of a list that has a use.
type listColumn struct {
	index int
	title string // as the file has it, as far as it is shown
	means meaning
}

// listLayout is what the columns of one list mean.
type listLayout struct {
	service service
	columns []listColumn
	width   int // up to the last column that has a name
	most    int // with those that have none
	// status is what a row has whose columns do not say otherwise; "": left out.
	status ledger.Status
}

// address is the column with the addresses.
func (l *listLayout) address() listColumn {
	i := slices.IndexFunc(l.columns, func(c listColumn) bool { return c.means == isAddress })
	return l.columns[i]
}

// has reports whether a column has one of the meanings.
func (l *listLayout) has(meanings ...meaning) bool {
	return slices.ContainsFunc(l.columns, func(c listColumn) bool { return slices.Contains(meanings, c.means) })
}

// layOut finds out what the columns mean. header is nil where the list has none;
// sample are its first rows, from the service's name, "" where the columns tell.
func (l *listReader) layOut(header *listRow, sample []listRow, from string) (*listLayout, error) {
	if header == nil {
		if err := l.bareAddresses(sample); err != nil {
			return nil, err
		}
		s, _ := serviceNamed(plainList)
		return l.applyFileName(&listLayout{service: s, width: 1, most: 1, status: ledger.Active, columns: []listColumn{{0, "email", isAddress}}})
	}
	if len(header.cells) > maxListColumns {
		return nil, &ListError{File: l.file, Line: header.line, Err: fmt.Errorf("it has more than %d columns; keep those of subscribers", maxListColumns)}
	}
	names := make([]string, len(header.cells))
	for i, cell := range header.cells {
		names[i] = foldHeader(cell)
	}
	s, err := l.chooseService(header.line, names, from)
	if err != nil {
		return nil, err
	}
	layout := &listLayout{service: s, most: len(names), status: ledger.Active}
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

// bareAddresses reports that a list without names of columns has nothing but addresses.
func (l *listReader) bareAddresses(sample []listRow) error {
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
		Err: fmt.Errorf("its first line must name the columns, such as %s; email is missing", strings.Join(CSVColumns, ","))}
}

// chooseService says whose list it is.
func (l *listReader) chooseService(line int, names []string, from string) (service, error) {
	if s, ok := serviceNamed(from); ok {
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

// findColumns gives each column its meaning. One that looks like consent and has none
// refuses the list: it may be what says who left.
func (l *listReader) findColumns(layout *listLayout, header *listRow, names []string, sample []listRow) error {
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
			layout.columns = append(layout.columns, listColumn{i, shownCell(header.cells[i]), isAddress})
		case known && means != unused && taken[name]:
			return &ListError{File: l.file, Line: header.line, Err: fmt.Errorf("two columns are named %q; keep one", shownCell(header.cells[i]))}
		case known:
			taken[name] = true
			if means != unused && means != isAddress {
				layout.columns = append(layout.columns, listColumn{i, shownCell(header.cells[i]), means})
			}
		case looksLikeConsent(name, columnValues(sample, i), statuses):
			return &ListError{File: l.file, Line: header.line, Usage: true, Err: fmt.Errorf(
				"column %q looks as if it says who may be mailed, and its meaning is not known in a %s; rename it to status (with pending, active, unsubscribed, removed, bounced or complained in it), delete it, or say whose export it is: `publisher subscribers import --from %s`",
				shownCell(header.cells[i]), listTitle(layout.service), strings.Join(serviceNames(), "|"))}
		case name != "":
			ignored = append(ignored, header.cells[i])
		}
	}
	l.tellIgnored(layout.service, header.line, ignored)
	return nil
}

func listTitle(s service) string {
	if s.name == plainList {
		return s.title
	}
	return "list from " + s.title
}

func (l *listReader) tellIgnored(s service, line int, ignored []string) {
	for _, column := range ignored {
		if s.name == plainList {
			l.warn(line, fmt.Sprintf("column %q is not known and is ignored; known are %s", shownCell(column), strings.Join(CSVColumns, ", ")))
		}
	}
}

// findAddress finds the column with the addresses: by its name, else by its values,
// since services translate their columns.
func (l *listReader) findAddress(s service, header *listRow, names []string, sample []listRow) (int, error) {
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
	case len(named) == 0 && len(valued) == 1:
		if s.name == plainList {
			l.warn(header.line, fmt.Sprintf("column %q is taken for the addresses, because of its values; name it email", shownCell(header.cells[valued[0]])))
		}
		return valued[0], nil
	case len(named)+len(valued) == 0:
		return 0, &ListError{File: l.file, Line: header.line,
			Err: fmt.Errorf("its first line must name the columns, such as %s; email is missing, and no column has only addresses", strings.Join(CSVColumns, ","))}
	}
	several := named
	if len(named) == 0 {
		several = valued
	}
	return 0, &ListError{File: l.file, Line: header.line, Usage: true,
		Err: fmt.Errorf("columns %q and %q may both be the address; name one of them email, and the other not", shownCell(header.cells[several[0]]), shownCell(header.cells[several[1]]))}
}

func columnValues(sample []listRow, index int) []string {
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

// applyFileName takes into account what the file's name says.
func (l *listReader) applyFileName(layout *listLayout) (*listLayout, error) {
	base := filepath.Base(l.file)
	if status, ok := layout.service.fileStatus(base); ok {
		layout.status = status
		return layout, nil
	}
	if layout.status == ledger.Active && !layout.has(isStatus, isWanted, isUnwanted, isLeft, isCleaned) && nameSaysLeft(strings.TrimSuffix(base, filepath.Ext(base))) {
		return nil, &ListError{File: l.file, Usage: true,
			Err: errors.New("its name says that these people are not to be mailed, and no column says it; add a column status with unsubscribed (or pending, bounced, complained) in each row, or rename the file")}
	}
	return layout, nil
}
