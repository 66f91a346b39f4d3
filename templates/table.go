package templates

import (
	"slices"
	"strconv"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// tableRoom is how wide a table may be on a phone, and cellSpace what the
	// space and the line beside a cell's words take of it (see style.css).
	tableRoom = 288
	cellSpace = 13
	// narrowestColumn is what a column needs to be read as such: about five letters.
	narrowestColumn = 45
)

// fitTable makes the words of a table's widest columns breakable, as far as a
// phone's width demands. A table of more columns than a phone has room for becomes
// a list of its rows.
func fitTable(table *html.Node) {
	columns := columnWidths(table)
	sum := 0.0
	for _, width := range columns {
		sum += width + cellSpace
	}
	if sum <= tableRoom {
		return
	}
	most := widestColumn(columns, tableRoom-cellSpace*float64(len(columns)))
	if most < narrowestColumn {
		listRows(table)
		return
	}
	for _, text := range textsIn(table) {
		breakWords(text, most, most)
	}
}

// columnWidths are the widths of the widest words in a table's columns.
func columnWidths(table *html.Node) []float64 {
	var columns []float64
	for _, row := range rowsOf(table) {
		i := 0
		for _, cell := range cellsOf(row) {
			span := spanOf(cell)
			for len(columns) < i+span {
				columns = append(columns, 0)
			}
			if span == 1 {
				for _, text := range textsIn(cell) {
					columns[i] = max(columns[i], widestWord(text.Data, fontOf(text)))
				}
			}
			i += span
		}
	}
	return columns
}

// widestColumn is how wide the widest columns may be so that all of them fit room.
func widestColumn(columns []float64, room float64) float64 {
	for i, width := range slices.Sorted(slices.Values(columns)) {
		if share := room / float64(len(columns)-i); width > share {
			return share
		}
		room -= width
	}
	return room
}

// listRows puts a list in the place of a table: of each row a paragraph, in which
// every line is a cell under its column's name.
func listRows(table *html.Node) {
	rows := rowsOf(table)
	var names []string
	if len(rows) > 1 && isHeading(rows[0]) {
		for _, cell := range cellsOf(rows[0]) {
			names = append(names, words(cell))
		}
		rows = rows[1:]
	}
	for caption := range table.ChildNodes() {
		if caption.DataAtom == atom.Caption {
			title := newElement(atom.Div, "figcaption")
			moveChildren(caption, title)
			table.Parent.InsertBefore(title, table)
		}
	}
	for _, row := range rows {
		record := newElement(atom.Div, "record")
		for i, cell := range cellsOf(row) {
			if words(cell) == "" && !holds(cell, atom.Img) {
				continue
			}
			line := newElement(atom.Div, "")
			if i < len(names) && names[i] != "" {
				name := newElement(atom.B, "")
				name.AppendChild(textNode(names[i] + ":"))
				line.AppendChild(name)
				line.AppendChild(textNode(" "))
			}
			moveChildren(cell, line)
			record.AppendChild(line)
		}
		table.Parent.InsertBefore(record, table)
	}
	table.Parent.RemoveChild(table)
}

func rowsOf(table *html.Node) []*html.Node {
	var rows []*html.Node
	for n := range table.Descendants() {
		if n.DataAtom == atom.Tr && around(n, atom.Table) == table {
			rows = append(rows, n)
		}
	}
	return rows
}

func cellsOf(row *html.Node) []*html.Node {
	var cells []*html.Node
	for n := range row.ChildNodes() {
		if n.DataAtom == atom.Td || n.DataAtom == atom.Th {
			cells = append(cells, n)
		}
	}
	return cells
}

// spanOf is how many columns a cell covers. What is more than any table has is a
// mistake.
func spanOf(cell *html.Node) int {
	value, _ := attribute(cell, "colspan")
	if n, err := strconv.Atoi(value); err == nil && n > 1 && n <= 100 {
		return n
	}
	return 1
}

func isHeading(row *html.Node) bool {
	for _, cell := range cellsOf(row) {
		if cell.DataAtom != atom.Th {
			return false
		}
	}
	return true
}
