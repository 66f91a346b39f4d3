package mailhtml

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/andybalholm/cascadia"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"publisher/internal/htmldom"
)

// pictureWidth is the width inside the column in pixels, since Outlook only uses the width
// attribute.
const pictureWidth = 592

// Inline moves the rules of the style sheet into style attributes of the document and the rest
// into a style element, removes unused classes, and renders the document to w.
func (s *Stylesheet) Inline(w io.Writer, document string) error {
	doc, err := html.Parse(strings.NewReader(document))
	if err != nil {
		return fmt.Errorf("parsing the mail's HTML: %w", err)
	}
	adapt(doc)
	styles := map[*html.Node][]declaration{}
	for _, r := range s.rules {
		for _, n := range cascadia.QueryAll(doc, r.match) {
			styles[n] = append(styles[n], r.declarations...)
		}
	}
	enhancements := s.enhancements() + s.darkCode(doc)
	var pres []*html.Node
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if declarations := styles[n]; declarations != nil {
			s.setStyle(n, declarations)
		}
		keepClasses(n, enhancements)
		switch n.DataAtom {
		case atom.Img:
			fitPicture(n)
		case atom.Head:
			addStyle(n, enhancements)
		case atom.Pre:
			pres = append(pres, n)
		}
	}
	for _, pre := range pres {
		breakLines(pre)
	}
	return html.Render(w, doc)
}

// setStyle writes declarations into n's style attribute. Later ones replace earlier ones, and
// what n already has takes precedence.
func (s *Stylesheet) setStyle(n *html.Node, declarations []declaration) {
	own, _ := htmldom.LookupAttr(n, "style")
	direction := directionOf(n)
	last := map[string]int{}
	for i, d := range declarations {
		last[d.property] = i
	}
	for _, property := range properties(own) {
		delete(last, property)
	}
	var b strings.Builder
	for i, d := range declarations {
		if at, ok := last[d.property]; !ok || at != i {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		property, value := physical(d, direction)
		b.WriteString(property + ":" + substitute(value, s.light, nil))
	}
	if own = strings.TrimSpace(own); own != "" {
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(own)
	}
	if b.Len() > 0 {
		htmldom.SetAttr(n, "style", b.String())
	}
}

// properties returns the names that a style attribute declares.
func properties(style string) []string {
	var names []string
	p := css.NewParser(parse.NewInputString(style), true)
	for {
		switch grammar, _, data := p.Next(); grammar {
		case css.ErrorGrammar:
			if !p.HasParseError() {
				return names
			}
		case css.DeclarationGrammar:
			names = append(names, string(data))
		}
	}
}

// physical turns properties that depend on the direction of writing into left and right, since
// Gmail and Outlook do not support logical properties.
func physical(d declaration, direction string) (property, value string) {
	start, end := "left", "right"
	if direction == "rtl" {
		start, end = end, start
	}
	property, value = d.property, d.value
	switch {
	case property == "text-align" && value == "start":
		value = start
	case property == "text-align" && value == "end":
		value = end
	case strings.HasSuffix(property, "-inline-start"):
		property = strings.TrimSuffix(property, "inline-start") + start
	case strings.HasSuffix(property, "-inline-end"):
		property = strings.TrimSuffix(property, "inline-end") + end
	}
	return property, value
}

func directionOf(n *html.Node) string {
	for ; n != nil; n = n.Parent {
		if dir, ok := htmldom.LookupAttr(n, "dir"); ok && (dir == "rtl" || dir == "ltr") {
			return dir
		}
	}
	return "ltr"
}

// keepClasses removes classes of n that the style element does not use.
func keepClasses(n *html.Node, enhancements string) {
	value, ok := htmldom.LookupAttr(n, "class")
	if !ok {
		return
	}
	var keep []string
	for _, class := range strings.Fields(value) {
		if mentions(enhancements, "."+class) {
			keep = append(keep, class)
		}
	}
	if len(keep) > 0 {
		htmldom.SetAttr(n, "class", strings.Join(keep, " "))
		return
	}
	htmldom.RemoveAttr(n, "class")
}

// mentions reports whether the style sheet contains name as a whole word.
func mentions(styles, name string) bool {
	for {
		_, after, found := strings.Cut(styles, name)
		if !found {
			return false
		}
		if after == "" || strings.ContainsRune(" {,.:>+~[)", rune(after[0])) {
			return true
		}
		styles = after
	}
}

// fitPicture limits the width and height attributes to the column, and lets the picture shrink
// further, as a share of the column, because a table becomes as wide as the stated width of a
// picture that is not shown.
func fitPicture(n *html.Node) {
	value, _ := htmldom.LookupAttr(n, "width")
	width, err := strconv.Atoi(value)
	if err != nil || width < 1 {
		return
	}
	if style, _ := htmldom.LookupAttr(n, "style"); strings.Contains(style, "max-width:100%") {
		limit := "width:100%;max-width:" + strconv.Itoa(min(width, pictureWidth)) + "px"
		htmldom.SetAttr(n, "style", strings.Replace(style, "max-width:100%", limit, 1))
	}
	if width <= pictureWidth {
		return
	}
	htmldom.SetAttr(n, "width", strconv.Itoa(pictureWidth))
	value, _ = htmldom.LookupAttr(n, "height")
	if height, err := strconv.Atoi(value); err == nil && height > 0 {
		scaled := (int64(height)*pictureWidth + int64(width)/2) / int64(width)
		htmldom.SetAttr(n, "height", strconv.FormatInt(max(scaled, 1), 10))
	}
}

func addStyle(head *html.Node, styles string) {
	if styles == "" {
		return
	}
	style := &html.Node{Type: html.ElementNode, DataAtom: atom.Style, Data: "style"}
	style.AppendChild(&html.Node{Type: html.TextNode, Data: "\n" + styles})
	head.AppendChild(style)
}
