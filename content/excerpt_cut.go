package content

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/internal/htmldom"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// shortenText cuts a paragraph after the sentence whose end is nearest to the limit, within half
// and one and a half of it, else between two words. It never cuts inside a link or code.
func shortenText(p *html.Node, limit int, others bool) bool {
	cuts := cutsOf(p)
	best := -1
	for i, cut := range cuts {
		if cut.sentence && cut.words*2 >= limit && cut.words*2 <= limit*3 &&
			(best < 0 || distance(cut.words, limit) < distance(cuts[best].words, limit)) {
			best = i
		}
	}
	if best >= 0 {
		cutAfter(p, cuts[best], "")
		return true
	}
	if others {
		return false
	}
	if all := htmldom.CountWords(p); all*2 <= limit*3 {
		return true
	}
	for i, cut := range cuts {
		if cut.words > 0 && cut.words <= limit {
			best = i
		}
	}
	if best >= 0 {
		cutAfter(p, cuts[best], "…")
	}
	return true
}

func distance(a, b int) int { return max(a-b, b-a) }

// cut is a place in a text node where a paragraph may end.
type cut struct {
	node     *html.Node
	at       int // bytes of the node that stay
	words    int // of the paragraph up to here
	sentence bool
}

func cutsOf(p *html.Node) []cut {
	var cuts []cut
	var before htmldom.WordCounter
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case c.Type == html.TextNode:
				cuts = append(cuts, textCuts(c, before.Total())...)
				_, _ = before.WriteString(c.Data)
			case c.DataAtom == atom.A || c.DataAtom == atom.Code || c.DataAtom == atom.Kbd || c.DataAtom == atom.Ruby:
				_, _ = before.WriteString(htmldom.FoldedText(c))
			default:
				visit(c)
			}
		}
	}
	visit(p)
	return cuts
}

func textCuts(n *html.Node, before int) []cut {
	var cuts []cut
	text := n.Data
	words, inWord := before, false
	var all htmldom.WordCounter // of the text up to an offset
	counted := 0
	for i, r := range text {
		switch {
		case unicode.IsSpace(r):
			if i > 0 {
				cuts = append(cuts, cut{n, i, words, endsSentence(text[:i])})
			}
			inWord = false
		case strings.ContainsRune("。！？", r):
			_, _ = all.WriteString(text[counted:i])
			counted = i
			cuts = append(cuts, cut{n, i + utf8.RuneLen(r), all.Total() + before, true})
		case !inWord && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			words++
			inWord = true
		}
	}
	if n.NextSibling == nil && endsSentence(text) {
		cuts = append(cuts, cut{n, len(text), words, true})
	}
	return cuts
}

var abbreviations = map[string]bool{
	"e.g.": true, "i.e.": true, "etc.": true, "vs.": true, "cf.": true, "Mr.": true, "Mrs.": true,
	"Ms.": true, "Dr.": true, "Prof.": true, "St.": true, "No.": true, "z.B.": true, "bzw.": true,
	"ca.": true, "usw.": true, "approx.": true, "Fig.": true, "p.": true, "pp.": true,
}

// endsSentence reports whether a text ends a sentence rather than in an abbreviation.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, `"'”’»)]`)
	if s == "" || !strings.ContainsAny(s[len(s)-1:], ".!?") && !strings.HasSuffix(s, "…") && !strings.HasSuffix(s, "؟") && !strings.HasSuffix(s, "।") {
		return false
	}
	last := s[strings.LastIndexAny(s, " \n\t(")+1:]
	if abbreviations[last] {
		return false
	}
	r, _ := utf8.DecodeRuneInString(last)
	return !(len(last) == 2 && unicode.IsUpper(r)) // an initial
}

// cutAfter removes what follows in the paragraph.
func cutAfter(p *html.Node, c cut, ending string) {
	c.node.Data = strings.TrimRight(c.node.Data[:c.at], " \n\t,;:–—-") + ending
	for n := c.node; n != p; n = n.Parent {
		for n.NextSibling != nil {
			n.Parent.RemoveChild(n.NextSibling)
		}
	}
}
