package mailhtml

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
	"publisher/internal/textwrap"
)

// Widths are in pixels (see style.css).
const (
	// tableRoom is how wide a table may be on a phone 320 pixels wide, and cellSpace
	// what the padding and the border of a cell take of it.
	tableRoom = 288
	cellSpace = 13
	// letterWidth is on the wide side for an average letter of a table.
	letterWidth = 9
	// narrowestColumn is what a column needs to be read as such: about five letters.
	narrowestColumn = 5 * letterWidth
)

// fitTables adapts the tables that an author wrote to a phone.
func fitTables(cell *html.Node) {
	var tables []*html.Node
	for n := range cell.Descendants() {
		if role, _ := htmldom.LookupAttr(n, "role"); n.DataAtom == atom.Table && role != "presentation" {
			tables = append(tables, n)
		}
	}
	for _, table := range tables {
		fitTable(table)
	}
}

// fitTable allows long words to break in the widest columns of a table, and only there: a browser
// that may break every word also breaks short ones to make room. A table with more columns than
// fit on a phone becomes a list of its rows.
func fitTable(table *html.Node) {
	columns := columnWidths(table)
	sum := 0
	for _, width := range columns {
		sum += width + cellSpace
	}
	if sum <= tableRoom {
		return
	}
	most := widestColumn(columns, tableRoom-cellSpace*len(columns))
	if most < narrowestColumn {
		listRows(table)
		return
	}
	for _, row := range rowsOf(table) {
		for _, cell := range cellsOf(row) {
			if widestWord(cell) > most {
				htmldom.SetAttr(cell, "class", "long")
			}
		}
	}
}

// widestWord estimates the width of the widest run of letters below n without a line break.
func widestWord(n *html.Node) int {
	var text strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			text.WriteString(d.Data)
		case d.DataAtom == atom.Br:
			text.WriteByte(' ')
		}
	}
	most := 0
	for _, word := range textwrap.Words(text.String()) {
		for _, piece := range textwrap.Pieces(word) {
			most = max(most, textwrap.Width(piece)*letterWidth)
		}
	}
	return most
}

// columnWidths returns the widths of the widest words in a table's columns.
func columnWidths(table *html.Node) []int {
	var columns []int
	for _, row := range rowsOf(table) {
		i := 0
		for _, cell := range cellsOf(row) {
			span := spanOf(cell)
			for len(columns) < i+span {
				columns = append(columns, 0)
			}
			if span == 1 {
				columns[i] = max(columns[i], widestWord(cell))
			}
			i += span
		}
	}
	return columns
}

// widestColumn returns how wide the widest columns may be so that all of them fit into room.
func widestColumn(columns []int, room int) int {
	for i, width := range slices.Sorted(slices.Values(columns)) {
		if share := room / (len(columns) - i); width > share {
			return share
		}
		room -= width
	}
	return room
}

// listRows replaces a table by a list: a paragraph for each row, with a line for each cell, after
// its column's name.
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
			title := htmldom.ElementOfClass(atom.Div, "figcaption")
			htmldom.MoveChildren(caption, title)
			table.Parent.InsertBefore(title, table)
		}
	}
	for _, row := range rows {
		record := htmldom.ElementOfClass(atom.Div, "record")
		for i, cell := range cellsOf(row) {
			if words(cell) == "" && !htmldom.Contains(cell, atom.Img) {
				continue
			}
			line := htmldom.Element(atom.Div)
			if i < len(names) && names[i] != "" {
				name := htmldom.Element(atom.B)
				name.AppendChild(htmldom.Text(names[i] + ":"))
				line.AppendChild(name)
				line.AppendChild(htmldom.Text(" "))
			}
			htmldom.MoveChildren(cell, line)
			record.AppendChild(line)
		}
		table.Parent.InsertBefore(record, table)
	}
	table.Parent.RemoveChild(table)
}

func rowsOf(table *html.Node) []*html.Node {
	var rows []*html.Node
	for n := range table.Descendants() {
		if n.DataAtom == atom.Tr && htmldom.Ancestor(n, atom.Table) == table {
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

// spanOf returns how many columns a cell spans. Absurd numbers are treated as mistakes.
func spanOf(cell *html.Node) int {
	value, _ := htmldom.LookupAttr(cell, "colspan")
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
