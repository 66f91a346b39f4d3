package markdown

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"publisher/content/kramdown"
	"publisher/content/limits"
	"publisher/content/pymarkdown"
)

// Options are the rules by which Markdown is read. The zero value is GitHub's, with all of
// goldmark's extensions.
type Options struct {
	// Budget is that of the post; nil for none.
	Budget *limits.Budget
	// Kramdown are the settings of Jekyll's parser; nil for other parsers.
	Kramdown *kramdown.Options
	// PythonMarkdown are the settings of Pelican's parser; nil for other parsers.
	PythonMarkdown *pymarkdown.Options
	// MarkdownIt means that two tildes strike out, not one.
	MarkdownIt bool
	// NoLinkify means that a bare address is text, not a link.
	NoLinkify bool
	// Containers means that ::: lines are fences of containers.
	Containers bool
	// Typographer makes typographic quotes and dashes.
	Typographer bool
	// Headings is how the ids of headings are made.
	Headings HeadingIDs
	// Emoji makes characters of :names:.
	Emoji bool
	// HardWraps makes a line break of each line's end.
	HardWraps bool
	// NoIndented means that four spaces do not make code.
	NoIndented bool
	// NoMath means that TeX is text.
	NoMath bool
	// NoStrike means that ~~ is text.
	NoStrike bool
	// Passthrough are Hugo's delimiters of what stays as it is, as pairs of lines; "" for none.
	Passthrough string
	// PlainAlerts means that alerts are text, or left to the blog's own hooks.
	PlainAlerts bool
	// Marks are those that Hugo's extras add.
	Marks Marks
	// Markup are extensions that a blog turns off, and other settings of its engine.
	Markup Markup
	// DropHTML means that raw HTML in Markdown is left out.
	DropHTML bool
	// HTMLDropped is, if not nil, set when that has happened.
	HTMLDropped *bool
	// Hooks change the parsed document; nil for none. Only goldmark has hooks.
	Hooks NodeHooks
}

// flavor returns the options that a goldmark.Markdown is built for, which can be compared.
func (o Options) flavor() Options {
	o.Budget, o.Kramdown, o.PythonMarkdown, o.HTMLDropped, o.Hooks = nil, nil, nil, nil, nil
	o.Containers, o.PlainAlerts, o.Headings = false, false, GitHubIDs
	return o
}

// NodeHooks write nodes of a document in place of goldmark, as Hugo's render hooks do.
type NodeHooks interface {
	// Replace replaces nodes of doc, which md has parsed from source, by what the hooks write.
	Replace(md goldmark.Markdown, source []byte, doc ast.Node, b *limits.Budget) error
}
