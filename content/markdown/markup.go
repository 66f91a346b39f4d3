package markdown

import (
	"maps"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markup are the settings of Hugo, Eleventy and Zola that change what goldmark reads. The zero value
// is goldmark with all extensions that other engines have. It can be compared.
type Markup struct {
	NoFootnotes, NoDefinitions, NoTasks, NoTables, NoAttributes, NoHeadingIDs bool
	PulldownQuotes                                                            bool   // quotes are those of pulldown-cmark
	LabeledFootnotes                                                          bool   // footnotes are those of Zola
	Figures                                                                   bool   // of markdown-it-implicit-figures
	Caption                                                                   string // of a figure: "alt", "title", or "" for none

	Protocol    string // of links to www. without one; "" for http
	Quotes      string // lines of a typographic mark's name and its replacement
	CJK         bool
	LineBreaks  string // between lines in East Asian scripts: "", simple or css3draft
	EscapeSpace bool   // a backslash before a space is a zero-width space
}

// extensions returns those that the settings leave on.
func (m Markup) extensions() []goldmark.Extender {
	var out []goldmark.Extender
	for _, e := range []struct {
		off bool
		goldmark.Extender
	}{{m.NoTables, extension.Table}, {m.NoFootnotes, extension.Footnote}, {m.NoDefinitions, extension.DefinitionList}, {m.NoTasks, extension.TaskList}} {
		if !e.off {
			out = append(out, e.Extender)
		}
	}
	if m.Figures {
		out = append(out, implicitFigures{m.Caption})
	}
	if m.CJK {
		out = append(out, m.eastAsian())
	}
	return out
}

func (m Markup) eastAsian() goldmark.Extender {
	var options []extension.CJKOption
	switch m.LineBreaks {
	case "simple":
		options = append(options, extension.WithEastAsianLineBreaks(extension.EastAsianLineBreaksSimple))
	case "css3draft":
		options = append(options, extension.WithEastAsianLineBreaks(extension.EastAsianLineBreaksCSS3Draft))
	}
	if m.EscapeSpace {
		options = append(options, extension.WithEscapedSpace())
	}
	return extension.NewCJK(options...)
}

// parserOptions returns those for headings and links.
func (m Markup) parserOptions() []parser.Option {
	var out []parser.Option
	if !m.NoHeadingIDs {
		out = append(out, parser.WithAutoHeadingID())
	}
	if !m.NoAttributes {
		out = append(out, parser.WithAttribute())
	}
	if m.Protocol != "" {
		out = append(out, parser.WithASTTransformers(util.Prioritized(linkProtocol(m.Protocol), 500)))
	}
	return out
}

// typographer returns the extension for typographic marks, with those that the settings name.
func (m Markup) typographer() goldmark.Extender {
	if m.Quotes == "" {
		return extension.Typographer
	}
	substitutions := extension.TypographicSubstitutions{}
	list := strings.Split(strings.TrimSuffix(m.Quotes, "\n"), "\n")
	for i := 0; i+1 < len(list); i += 2 {
		substitutions[typographicMarks[list[i]]] = []byte(list[i+1])
	}
	return extension.NewTypographer(extension.WithTypographicSubstitutions(substitutions))
}

// typographicMarks are goldmark's names for the marks that settings name.
var typographicMarks = map[string]extension.TypographicPunctuation{
	"leftsinglequote": extension.LeftSingleQuote, "rightsinglequote": extension.RightSingleQuote,
	"leftdoublequote": extension.LeftDoubleQuote, "rightdoublequote": extension.RightDoubleQuote,
	"endash": extension.EnDash, "emdash": extension.EmDash, "ellipsis": extension.Ellipsis,
	"leftanglequote": extension.LeftAngleQuote, "rightanglequote": extension.RightAngleQuote, "apostrophe": extension.Apostrophe,
}

// TypographicNames returns the names that markup.quotes may have, sorted.
func TypographicNames() []string { return slices.Sorted(maps.Keys(typographicMarks)) }

// linkProtocol is the protocol of links to www. that are written without one.
type linkProtocol string

// Transform implements parser.ASTTransformer.
func (p linkProtocol) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.AutoLink); ok && entering && len(link.Protocol) > 0 {
			link.Protocol = []byte(p)
		}
		return ast.WalkContinue, nil
	})
}
