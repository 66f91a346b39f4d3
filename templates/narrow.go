package templates

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// phoneText is the room for text on a phone of 320 pixels, where no media query
// makes the space beside it smaller; desktopText is that of the whole column.
const (
	phoneText   = 272
	desktopText = pictureWidth
)

// narrow makes words that are wider than a phone breakable, and tables fit it.
// CSS for it, word-break, is unknown to Windows Mail and buggy elsewhere.
func narrow(cell *html.Node) {
	var tables []*html.Node
	for n := range cell.Descendants() {
		if role, _ := attribute(n, "role"); n.DataAtom == atom.Table && role != "presentation" {
			tables = append(tables, n)
		}
	}
	for _, table := range tables {
		fitTable(table)
	}
	for _, text := range textsIn(cell) {
		// Lines are filled the better, the smaller the pieces are.
		room := roomFor(text, cell)
		breakWords(text, room, room/4)
	}
}

func textsIn(n *html.Node) []*html.Node {
	var texts []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.TextNode && strings.TrimSpace(d.Data) != "" {
			texts = append(texts, d)
		}
	}
	return texts
}

// font is how wide letters are, in pixels for an average one.
type font struct {
	size      float64
	monospace bool
}

func fontOf(text *html.Node) font {
	f := font{size: 17}
	for n := text.Parent; n != nil; n = n.Parent {
		switch n.DataAtom {
		case atom.Pre:
			return font{14, true}
		case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
			f.monospace = true
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			if class, _ := attribute(n, "class"); strings.HasPrefix(class, "title") {
				return font{27, f.monospace} // bold
			}
			f.size = 22
		case atom.Th, atom.Td:
			if class, _ := attribute(n, "class"); class == "" {
				f.size = 15
			}
			return f
		}
	}
	return f
}

// roomFor is how wide a line of the text may be on a phone.
func roomFor(text, cell *html.Node) float64 {
	room := float64(phoneText)
	for n := text.Parent; n != nil && n != cell; n = n.Parent {
		switch n.DataAtom {
		case atom.Ul, atom.Ol, atom.Dd:
			room -= 26
		case atom.Blockquote:
			room -= 20
		case atom.Pre:
			room -= 32
		}
	}
	return max(room, 40)
}

// widestWord is the width of the widest run of letters that no line breaks in.
func widestWord(text string, f font) float64 {
	most := 0.0
	for word := range unbroken(text) {
		most = max(most, f.width(word))
	}
	return most
}

// unbroken yields the runs of letters between places where every mail program
// breaks lines: white space, hyphens before letters, and beside letters of scripts
// that are written without spaces.
func unbroken(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, last := 0, rune(0)
		for i, r := range text {
			switch {
			case breaking(r), r == '\u200b', spaceless(r):
				if start < i && !yield(text[start:i]) {
					return
				}
				start = i + len(string(r))
			case last == '-' && unicode.IsLetter(r):
				if start < i && !yield(text[start:i]) {
					return
				}
				start = i
			}
			last = r
		}
		if start < len(text) {
			yield(text[start:])
		}
	}
}

// spaceless tells letters of scripts whose words are not set apart.
func spaceless(r rune) bool {
	return r >= 0x2e80 || unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// width estimates a word's width in pixels, on the wide side of sans-serif fonts.
func (f font) width(word string) float64 {
	sum := 0.0
	for _, r := range word {
		switch {
		case unicode.Is(unicode.M, r) || unicode.Is(unicode.Cf, r):
		case f.monospace:
			sum += 0.6
		case strings.ContainsRune("ijltfI.,:;'|!()[]/", r):
			sum += 0.38
		case strings.ContainsRune("mwMW@%", r):
			sum += 0.97
		case unicode.IsUpper(r):
			sum += 0.73
		default:
			sum += 0.6
		}
	}
	return sum * f.size
}

// breakWords lets the words of a text break that are wider than room, into pieces
// of at most so many pixels. In a link,
// which is followed and not copied, by spaces without width, first of all after
// slashes; elsewhere by pieces that stand in line like words and that nobody finds
// in what he copies.
func breakWords(text *html.Node, room, most float64) {
	f := fontOf(text)
	if widestWord(text.Data, f) <= room {
		return
	}
	if decorated(text) {
		text.Data = strings.ReplaceAll(text.Data, "/", "/\u200b")
		var b strings.Builder
		rest := text.Data
		for word := range unbroken(text.Data) {
			before, after, _ := strings.Cut(rest, word)
			b.WriteString(before)
			if rest = after; f.width(word) > room {
				word = strings.Join(f.pieces(word, most), "\u200b")
			}
			b.WriteString(word)
		}
		text.Data = b.String() + rest
		return
	}
	rest := text.Data
	insert := func(n *html.Node) { text.Parent.InsertBefore(n, text) }
	for word := range unbroken(text.Data) {
		if f.width(word) <= room {
			continue
		}
		before, after, _ := strings.Cut(rest, word)
		insert(textNode(before))
		for i, piece := range f.pieces(word, most) {
			if i > 0 && f.width(word) > desktopText {
				insert(&html.Node{Type: html.RawNode, Data: "<!--[if mso]>&#8203;<![endif]-->"})
			}
			insert(inlineBlock(piece))
		}
		rest = after
	}
	text.Data = rest
}

// decorated tells that a line is drawn at the text, which pieces would not have.
func decorated(text *html.Node) bool {
	for _, a := range []atom.Atom{atom.A, atom.U, atom.Ins, atom.Del, atom.S, atom.Strike} {
		if around(text, a) != nil {
			return true
		}
	}
	return false
}

func inlineBlock(text string) *html.Node {
	piece := newElement(atom.Span, "")
	setAttribute(piece, "style", "display:inline-block")
	piece.AppendChild(textNode(text))
	return piece
}

// pieces cuts a word into parts of at most so many pixels, and at least a letter:
// after a sign rather than between letters, where there is one in the second half.
func (f font) pieces(word string, most float64) []string {
	var out []string
	start, end, sign := 0, 0, 0
	for g := graphemes.FromString(word); g.Next(); {
		if end > start && f.width(word[start:g.End()]) > most {
			if sign > start && f.width(word[start:sign]) > most/2 {
				end = sign
			}
			out = append(out, word[start:end])
			start = end
		}
		end = g.End()
		if strings.ContainsAny(g.Value(), "/.,:;-_+=&?#@)") {
			sign = end
		}
	}
	return append(out, word[start:])
}
