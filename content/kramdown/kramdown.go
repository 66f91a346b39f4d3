// Package kramdown converts kramdown, Jekyll's Markdown, to HTML.
//
// It follows the syntax in https://kramdown.gettalong.org/syntax.html and, where that is ambiguous, kramdown
// 2.4 with kramdown-parser-gfm 1.1 (Jekyll's default). A document is read in two steps: first the blocks and
// the definitions of links, footnotes and abbreviations, then the text in the blocks.
//
// Any input gives output: text that would take more than linear time is kept as it is.
package kramdown

import (
	"maps"
	"slices"
	"strings"

	"publisher/content/limits"
)

// Options are the settings of kramdown that change the output.
type Options struct {
	GFM            bool     // input: GFM, Jekyll's default
	HardWrap       bool     // hard_wrap: a line break is a <br>
	ParseBlockHTML bool     // parse_block_html: block elements contain Markdown
	KeepSpanHTML   bool     // parse_span_html: false, span elements do not contain Markdown
	NoTypography   bool     // gfm_quirks: no_auto_typographic
	NoParagraphEnd bool     // gfm_quirks without paragraph_end: only a blank line ends a paragraph
	NoAutoIDs      bool     // auto_ids: false
	NoMathEngine   bool     // math_engine: nil
	SmartQuotes    []string // the four characters of smart_quotes; nil for curly quotes
	// Code renders a code block. Without it, code is escaped.
	Code func(code, language string) string
	// Budget bounds what the conversion may cost; nil for no limits.
	Budget *limits.Budget
}

// No author gets near these limits.
const (
	maxDepth   = 60      // of nested blocks, and of nested elements
	maxRetries = 1 << 19 // bytes that may be read again after a mark that turned out to open nothing
)

type document struct {
	Options
	links         map[string]linkDefinition
	footnotes     map[string]*footnote
	used          []*footnote // in order of first reference
	abbreviations map[string]string
	lists         map[string]*attributes // attribute list definitions
	ids           map[string]int
	root          *node
	listed        bool    // inContents is complete
	inContents    []*node // the headings in the table of contents
	headings      []*node // those of inContents that are still to be written
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

// HTML converts a document to HTML.
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
	boundary // an end-of-block mark, or a definition, which also divides blocks
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
	rawHTML   // verbatim
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
	typographic // characters chosen by the parser
)

// contentModel is what kramdown parses in an HTML element.
type contentModel int

const (
	rawContent contentModel = iota
	spanContent
	blockContent
)

type node struct {
	kind        kind
	text        string // source to parse, or final text
	unparsed    bool   // text is source to parse for spans
	transparent bool   // a paragraph without its tags
	children    []*node
	attributes  *attributes
	name        string // of an HTML element, a language, a footnote, a table section
	tag         string // verbatim attributes of an HTML element
	model       contentModel
	closed      bool
	standalone  bool // an element between blocks
	end         int  // of plain text: its end in the source
	level       int
	address     string
	title       string
	titled      bool
	alignment   []string
	isDefined   boundaryKind
}

// boundaryKind is what a boundary is.
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
