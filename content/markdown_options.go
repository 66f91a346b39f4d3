package content

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"publisher/content/kramdown"
	"publisher/content/pymarkdown"
)

// markdownOptions say how Markdown is read. The zero value is GitHub's, with all of
// goldmark's extensions.
type markdownOptions struct {
	// budget is that of the post; nil for none.
	budget *budget
	// kramdown are the settings of the parser that Jekyll has; nil for other parsers.
	kramdown *kramdown.Options
	// pythonMarkdown are the settings of the parser that Pelican has; nil for other parsers.
	pythonMarkdown *pymarkdown.Options
	// markdownIt holds that two tildes strike out, not one.
	markdownIt bool
	// bareLinks holds that a bare address is text, not a link.
	bareLinks bool
	// boxes takes ::: lines for the fences of containers.
	boxes bool
	// smart makes typographic quotes and dashes.
	smart bool
	// headings says how ids are made.
	headings headingStyle
	// emoji makes characters of :names:.
	emoji bool
	// hardWraps makes a line break of each line's end.
	hardWraps bool
	// noIndented holds that four spaces make no code.
	noIndented bool
	// noMath holds that the engine knows no formulas: TeX is text to it.
	noMath bool
	// noStrike holds that ~~ is text.
	noStrike bool
	// passthrough are Hugo's delimiters of what stays as it is, as pairs of lines; "" for none.
	passthrough string
	// plainAlerts holds that alerts are text, or left to the blog's own hooks.
	plainAlerts bool
	// marks are those that Hugo's extras add.
	marks marks
	// markup are extensions that a blog turns off, and Hugo's other settings.
	markup markup
	// noRaw holds that the engine leaves HTML out that stands in Markdown.
	noRaw bool
	// rawLeftOut, if not nil, is set where that has happened.
	rawLeftOut *bool
	// hooks change the parsed document; nil for none. Other parsers than goldmark have none.
	hooks nodeHooks
}

// nodeHooks write nodes of a document in place of goldmark, as Hugo's render hooks do.
type nodeHooks interface {
	// replace puts what the hooks write into doc, which md has parsed from source.
	replace(md goldmark.Markdown, source []byte, doc ast.Node, b *budget) error
}
