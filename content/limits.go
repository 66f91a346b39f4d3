package content

import "time"

// These are the bounds of what one post may be, and what it may cost. No author gets
// near them. A post that exceeds one is left out of feeds and mail with a warning that
// names it (limitError); docs/limits.md has the table for users. Bounds of other files
// than posts stand beside what reads them.

// What a post may cost, with all that it starts. See budget.
const (
	// maxTime is some hundred times what a long post takes on a small machine.
	maxTime = 2 * time.Second
	// maxReading is the part of maxTime that a pass may take to read the post; the rest
	// is for rendering.
	maxReading = maxTime / 4
	// maxSteps ends a post where no clock does. A long post takes some hundred thousand.
	maxSteps = 50_000_000
	// maxOutput bounds what templates make, be it shown in the end or not.
	maxOutput = 8 << 20
	// maxParts bounds the memory of one document: a mark or an element of some bytes
	// takes some hundred in a parser's tree. A novel of 1 MB has some 20,000.
	maxParts = 150_000
	// maxHTML bounds a body. Feed readers give up on much less.
	maxHTML = 8 << 20
)

// What Markdown may hold. The parsers' work grows with the square of unpaired
// emphasis in one paragraph, their stacks with the depth of quotations and lists, and
// their tables with rows times columns.
const (
	maxEmphasis = 20_000  // marks in a paragraph
	maxNesting  = 100     // quotations and lists
	maxCells    = 200_000 // of tables
	// maxNoteWork bounds references to footnotes times footnotes: each reference looks
	// through all of them.
	maxNoteWork = 1 << 26
	// maxLinkWork bounds the way to the ends of addresses that nothing closes: to the
	// next white space, or to the line's end behind <.
	maxLinkWork = 1 << 27
	// maxAttributeWork bounds the lists of attributes behind headings.
	maxAttributeWork = 1 << 25
	// maxElements is how deep the HTML parser goes. Elements below are shown as text.
	maxElements = 512
)

// What front matter may hold.
const (
	maxFile      = 10 << 20 // bytes of a file; a larger one is not read
	maxFront     = 1 << 20  // bytes of front matter
	maxNodes     = 10_000   // values, where aliases are replaced by what they stand for
	maxKeys      = 2_000    // of TOML, with tables
	maxKey       = 1_000    // bytes of one key of TOML
	maxTitle     = 2_000    // bytes: mail programs show some 100 characters
	maxTags      = 500      // with categories; each has a feed where feeds.tags is set
	maxTag       = 500      // bytes
	maxAuthors   = 100
	maxSummary   = 256 << 10 // bytes of an excerpt or introduction in front matter
	maxFaultText = 64 << 10  // bytes of YAML in which the line of a fault is looked for
)

// Code is highlighted up to this size; beyond it is shown without colors. Lexers are
// regular expressions that go back: some take the square of a text's length.
const (
	maxHighlight     = 20_000      // bytes of one block
	maxLanguage      = 50          // bytes of a language's name; the longest has 27
	maxSpans         = 30_000      // pieces of a color of their own in a post
	maxHighlightTime = time.Second // of all blocks of a post
)
