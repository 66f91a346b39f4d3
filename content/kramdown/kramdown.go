// Package kramdown converts kramdown, the Markdown of Jekyll, to HTML.
//
// It follows the syntax that https://kramdown.gettalong.org/syntax.html documents and, where that
// leaves something open, what kramdown 2.4 with kramdown-parser-gfm 1.1 (Jekyll's default) makes of
// the same text. A document is read in two steps: blocks first, which also collects the definitions
// of links, footnotes and abbreviations, then the text inside the blocks.
//
// Every input gives output: text that could take more than linear time is kept as it stands.
package kramdown

import (
	"maps"
	"slices"
	"strings"

	"publisher/content/limits"
)

// Options are the settings of kramdown that change what is shown.
type Options struct {
	GFM            bool     // input: GFM, which Jekyll has by default
	HardWrap       bool     // hard_wrap: a line break is a <br>
	ParseBlockHTML bool     // parse_block_html: block elements hold Markdown
	KeepSpanHTML   bool     // parse_span_html: false, span elements hold no Markdown
	NoTypography   bool     // gfm_quirks: no_auto_typographic
	ParagraphsGoOn bool     // gfm_quirks without paragraph_end: only a blank line ends a paragraph
	NoIDs          bool     // auto_ids: false
	PlainMath      bool     // math_engine: nil
	SmartQuotes    []string // the four characters of smart_quotes; nil for typographic ones
	// Code renders a code block. Without it, code is escaped.
	Code func(code, language string) string
	// Budget bounds what the conversion may cost; nil for no limits.
	Budget *limits.Budget
}

// Nothing that an author writes gets near these limits.
const (
	maxDepth   = 60      // of blocks inside blocks, and of elements inside elements
	maxRetries = 1 << 19 // bytes of text that may be read again after a mark turned out not to open anything
)

type document struct {
	Options
	links         map[string]linkDefinition
	footnotes     map[string]*footnote
	used          []*footnote // in the order of their first reference
	abbreviations map[string]string
	lists         map[string]*attributes // attribute list definitions
	ids           map[string]int
	root          *node
	listed        bool    // the headings of the document are in inContents
	inContents    []*node // those of the table of contents
	headings      []*node // of these, those still to be listed
	depth         int
	retries       int
	abbreviated   *abbreviationFinder
}

type linkDefinition struct {
	address, title string
	titled         bool
	attributes     *attributes
}

type footnote struct {
	name    string
	content *node
	number  int
	uses    int
}

// HTML converts a document.
func HTML(source string, o Options) string {
	d := &document{
		Options: o, links: map[string]linkDefinition{}, footnotes: map[string]*footnote{}, abbreviations: map[string]string{},
		lists: map[string]*attributes{}, ids: map[string]int{}, retries: maxRetries,
	}
	source = strings.ReplaceAll(source, "\r\n", "\n")
	source = strings.TrimSuffix(source, "\n") + "\n"
	root := &node{kind: rootBlock}
	d.root = root
	d.parseBlocks(root, source)
	d.abbreviated = newAbbreviationFinder(d.abbreviations)
	d.parseText(root)
	for _, name := range slices.Sorted(maps.Keys(d.footnotes)) {
		d.parseText(d.footnotes[name].content)
	}
	r := &renderer{document: d}
	r.out.Grow(len(source) + len(source)/4)
	r.children(root)
	r.notes()
	return r.out.String()
}

type kind int

const (
	rootBlock kind = iota
	blankBlock
	boundary // an end-of-block mark, or a definition, which divides blocks as well
	paragraph
	heading
	codeBlock
	quotation
	rule
	bulletList
	orderedList
	listItem
	definitionList
	definedTerm
	definition
	table
	tableSection // thead, tbody, tfoot
	tableRow
	tableCell
	mathBlock
	htmlBlock // an element: its tag, its children, its end tag
	rawHTML   // as it stands
	plainText // to be escaped
	emphasis
	strong
	deleted
	codeSpan
	link
	image
	mathSpan
	lineBreak
	footnoteMark
	entity
	typographic // characters that the parser chose
)

// contentModel is what kramdown reads inside an HTML element.
type contentModel int

const (
	rawContent contentModel = iota
	spanContent
	blockContent
)

type node struct {
	kind        kind
	text        string // source still to be parsed, or final text
	unparsed    bool   // text holds spans
	transparent bool   // a paragraph without its tags
	children    []*node
	attributes  *attributes
	name        string // of an HTML element, a language, a footnote, a table section
	tag         string // attributes of an HTML element as they stand
	model       contentModel
	closed      bool
	alone       bool // an element between blocks
	end         int  // of text: where it ends in its source
	level       int
	address     string
	title       string
	titled      bool
	alignment   []string
	isDefined   boundaryKind
}

// boundaryKind tells what a boundary stands for.
type boundaryKind int

const (
	plainBoundary      boundaryKind = iota // ^
	definitionBoundary                     // of a link, footnote or abbreviation: may take an attribute list
	otherBoundary
)

func (n *node) last() *node {
	if len(n.children) == 0 {
		return nil
	}
	return n.children[len(n.children)-1]
}

func (n *node) add(child *node) *node {
	n.children = append(n.children, child)
	return child
}
