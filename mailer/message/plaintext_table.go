package message

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
	"publisher/internal/textwrap"
)

// cell is a cell of a table, in one line.
type cell struct {
	text  string
	head  bool
	right bool // aligned to the right
}

// table renders columns side by side if they fit, else each row as "Heading: value" lines. A
// table that only arranges blocks is rendered cell by cell.
func (t *textRenderer) table(n *html.Node, columns int) []string {
	if holdsBlocks(n) {
		return t.cells(n, columns)
	}
	var out []string
	var rows [][]cell
	t.rows(n, func(caption *html.Node) {
		out = append(out, t.blocks(caption, columns, true)...)
	}, func(row []cell) { rows = append(rows, row) })
	if len(out) > 0 {
		out = append(out, "")
	}
	widths := columnWidths(rows)
	total := 3 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	if total <= columns {
		return append(out, grid(rows, widths)...)
	}
	return append(out, records(rows, columns)...)
}

// holdsBlocks reports whether cells of a table contain what does not fit in one line.
func holdsBlocks(n *html.Node) bool {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		switch child.DataAtom {
		case atom.Pre, atom.Table, atom.Ul, atom.Ol, atom.Dl, atom.Blockquote:
			return true
		}
		if holdsBlocks(child) {
			return true
		}
	}
	return false
}

// cells renders each cell as a block of its own.
func (t *textRenderer) cells(n *html.Node, columns int) []string {
	var out []string
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		var block []string
		switch child.DataAtom {
		case atom.Caption, atom.Td, atom.Th:
			block = t.blocks(child, columns, false)
		default:
			block = t.cells(child, columns)
		}
		if len(out) > 0 && len(block) > 0 {
			out = append(out, "")
		}
		out = append(out, block...)
	}
	return out
}

func (t *textRenderer) rows(n *html.Node, caption func(*html.Node), row func([]cell)) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		switch child.DataAtom {
		case atom.Caption:
			caption(child)
		case atom.Tr:
			row(t.row(child))
		default:
			t.rows(child, caption, row)
		}
	}
}

func (t *textRenderer) row(tr *html.Node) []cell {
	var row []cell
	for td := tr.FirstChild; td != nil; td = td.NextSibling {
		if td.DataAtom != atom.Td && td.DataAtom != atom.Th {
			continue
		}
		var b strings.Builder
		for child := td.FirstChild; child != nil; child = child.NextSibling {
			t.inline(&b, child)
			if !isInline(child) {
				b.WriteByte(' ')
			}
		}
		align := htmldom.Attr(td, "align") + htmldom.Attr(td, "style")
		row = append(row, cell{
			text: strings.Join(textwrap.Words(b.String()), " "), head: td.DataAtom == atom.Th, right: strings.Contains(align, "right"),
		})
	}
	return row
}

func columnWidths(rows [][]cell) []int {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], textwrap.Width(c.text))
		}
	}
	return widths
}

func grid(rows [][]cell, widths []int) []string {
	var out []string
	for i, row := range rows {
		columns := make([]string, len(row))
		for j, c := range row {
			pad := strings.Repeat(" ", widths[j]-textwrap.Width(c.text))
			columns[j] = c.text + pad
			if c.right {
				columns[j] = pad + c.text
			}
		}
		out = append(out, strings.TrimRight(strings.Join(columns, " | "), " "))
		if i == 0 && isHead(row) {
			rules := make([]string, len(widths))
			for j, w := range widths {
				rules[j] = strings.Repeat("-", w)
			}
			out = append(out, strings.Join(rules, "-+-"))
		}
	}
	return out
}

func isHead(row []cell) bool {
	return len(row) > 0 && !slices.ContainsFunc(row, func(c cell) bool { return !c.head })
}

func records(rows [][]cell, columns int) []string {
	var head []cell
	if len(rows) > 1 && isHead(rows[0]) {
		head, rows = rows[0], rows[1:]
	}
	var out []string
	for i, row := range rows {
		if i > 0 {
			out = append(out, "")
		}
		for j, c := range row {
			text := c.text
			if j < len(head) && head[j].text != "" {
				text = head[j].text + ": " + text
			}
			out = append(out, textwrap.Lines(text, columns)...)
		}
	}
	return out
}
