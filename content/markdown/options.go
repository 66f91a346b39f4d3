package markdown

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"publisher/content/kramdown"
	"publisher/content/limits"
	"publisher/content/pymarkdown"
)

// markdownOptions say how Markdown is read. The zero value is GitHub's, with all of
// goldmark's extensions.
type Options struct {
	// budget is that of the post; nil for none.
	Budget *limits.Budget
	// kramdown are the settings of the parser that Jekyll has; nil for other parsers.
	Kramdown *kramdown.Options
	// pythonMarkdown are the settings of the parser that Pelican has; nil for other parsers.
	PythonMarkdown *pymarkdown.Options
	// markdownIt holds that two tildes strike out, not one.
	MarkdownIt bool
	// bareLinks holds that a bare address is text, not a link.
	NoLinkify bool
	// boxes takes ::: lines for the fences of containers.
	Containers bool
	// smart makes typographic quotes and dashes.
	Typographer bool
	// headings says how ids are made.
	Headings HeadingIDs
	// emoji makes characters of :names:.
	Emoji bool
	// hardWraps makes a line break of each line's end.
	HardWraps bool
	// noIndented holds that four spaces make no code.
	NoIndented bool
	// noMath holds that the engine knows no formulas: TeX is text to it.
	NoMath bool
	// noStrike holds that ~~ is text.
	NoStrike bool
	// passthrough are Hugo's delimiters of what stays as it is, as pairs of lines; "" for none.
	Passthrough string
	// plainAlerts holds that alerts are text, or left to the blog's own hooks.
	PlainAlerts bool
	// marks are those that Hugo's extras add.
	Marks Marks
	// markup are extensions that a blog turns off, and Hugo's other settings.
	Markup Markup
	// noRaw holds that the engine leaves HTML out that stands in Markdown.
	DropHTML bool
	// rawLeftOut, if not nil, is set where that has happened.
	HTMLDropped *bool
	// hooks change the parsed document; nil for none. Other parsers than goldmark have none.
	Hooks NodeHooks
}

// nodeHooks write nodes of a document in place of goldmark, as Hugo's render hooks do.
type NodeHooks interface {
	// replace puts what the hooks write into doc, which md has parsed from source.
	Replace(md goldmark.Markdown, source []byte, doc ast.Node, b *limits.Budget) error
}
