// Package markdown turns Markdown into HTML in the flavors of the blog engines.
package markdown

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	emoji "github.com/yuin/goldmark-emoji"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"publisher/content/kramdown"
	"publisher/content/limits"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// Converter converts Markdown to HTML, in the flavors of the engines. It is safe for
// concurrent use.
type Converter struct {
	flavors sync.Map // Options → goldmark.Markdown
	code    *codeRenderer
}

// NewConverter returns a converter.
func NewConverter() *Converter { return &Converter{code: newCodeRenderer()} }

func (c *Converter) goldmark(o Options) goldmark.Markdown {
	o = o.flavor()
	if made, ok := c.flavors.Load(o); ok {
		return made.(goldmark.Markdown)
	}
	made, _ := c.flavors.LoadOrStore(o, newGoldmark(o, c.code))
	return made.(goldmark.Markdown)
}

func newGoldmark(o Options, code *codeRenderer) goldmark.Markdown {
	extensions := o.Markup.extensions()
	if !o.NoMath {
		extensions = append(extensions, formulas{})
	}
	if o.Passthrough != "" {
		extensions = append(extensions, newPassthrough(o.Passthrough))
	}
	if !o.NoStrike && !o.Marks.Delete {
		extensions = append(extensions, strikethrough{o.MarkdownIt || o.Marks.Subscript})
	}
	if o.Marks != (Marks{}) {
		extensions = append(extensions, o.Marks)
	}
	if !o.NoLinkify {
		extensions = append(extensions, extension.Linkify)
	}
	if o.Typographer {
		extensions = append(extensions, o.Markup.typographer())
		if o.MarkdownIt {
			extensions = append(extensions, replacements{})
		}
		if o.Markup.PulldownQuotes {
			extensions = append(extensions, pulldownQuotes{})
		}
	}
	if o.Emoji {
		extensions = append(extensions, emoji.Emoji)
	}
	reader := parser.NewParser(
		parser.WithBlockParsers(blockParsers(o)...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(), util.Prioritized(nodeCounter{o.Typographer}, 0))...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)
	reader.AddOptions(o.Markup.parserOptions()...)
	options := []renderer.Option{goldhtml.WithUnsafe(), goldhtml.WithXHTML(),
		renderer.WithNodeRenderers(util.Prioritized(code, 100))}
	if o.MarkdownIt {
		options = append(options, renderer.WithNodeRenderers(util.Prioritized(bracketedFootnotes{}, 100)))
	}
	if o.Markup.LabeledFootnotes {
		options = append(options, renderer.WithNodeRenderers(util.Prioritized(labeledFootnotes{}, 100)))
	}
	if o.HardWraps {
		options = append(options, goldhtml.WithHardWraps())
	}
	if o.DropHTML {
		options = append(options, renderer.WithNodeRenderers(util.Prioritized(htmlDropper{}, 100)))
	}
	return goldmark.New(goldmark.WithParser(reader), goldmark.WithExtensions(extensions...), goldmark.WithRendererOptions(options...))
}

// blockParsers returns CommonMark's. Where four spaces do not make code, they make text.
func blockParsers(o Options) []util.PrioritizedValue {
	all := parser.DefaultBlockParsers()
	if !o.NoIndented {
		return all
	}
	code := reflect.TypeOf(parser.NewCodeBlockParser())
	all = slices.DeleteFunc(all, func(p util.PrioritizedValue) bool { return reflect.TypeOf(p.Value) == code })
	return append(all, util.Prioritized(indentedParagraph{parser.NewParagraphParser()}, 1001))
}

// indentedParagraph parses a paragraph that may begin with any indentation.
type indentedParagraph struct{ parser.BlockParser }

// CanAcceptIndentedLine implements parser.BlockParser.
func (indentedParagraph) CanAcceptIndentedLine() bool { return true }

// HTML returns source as HTML. Raw HTML in it is kept as it is, so the result is not safe.
func (c *Converter) HTML(source string, o Options) (rendered string, err error) {
	defer func() { // a panic of the parser costs one post, not the others
		if fault := recover(); fault != nil {
			if limits.Recovered(fault) != nil {
				panic(fault)
			}
			err = fmt.Errorf("the Markdown parser failed: %v", fault)
		}
	}()
	o.Budget.StartDocument()
	o.Budget.Scan(4 * len(source))
	if o.Kramdown != nil {
		k := *o.Kramdown
		k.Code = func(code, lang string) string { return c.Highlight(code, lang, o.Budget) }
		k.Budget = o.Budget
		return kramdown.HTML(alerts(source), k), nil
	}
	if o.PythonMarkdown != nil {
		return c.pythonHTML(source, o), nil
	}
	if err := checkLimits(source); err != nil {
		return "", err
	}
	if !o.NoMath {
		source = escapeFormulas(source)
	}
	if !o.PlainAlerts {
		source = alerts(source)
	}
	source = splitReferenceRuns(source)
	if o.Containers {
		source = dropContainerFences(source)
	}
	out := limits.NewWriter(o.Budget)
	out.Grow(len(source) + len(source)/2) // code and links grow
	md := c.goldmark(o)
	pc := parser.NewContext(parser.WithIDs(newIDGenerator(o.Headings)))
	pc.Set(budgetKey, o.Budget)
	raw := []byte(source)
	doc := md.Parser().Parse(&lineReader{text.NewReader(raw), o.Budget}, parser.WithContext(pc))
	if o.Hooks != nil {
		err = o.Hooks.Replace(md, raw, doc, o.Budget)
	}
	if err == nil {
		err = md.Renderer().Render(out, raw, doc)
	}
	if o.HTMLDropped != nil && strings.Contains(out.String(), htmlDropped) {
		*o.HTMLDropped = true
	}
	return out.String(), err
}

// strikethrough is that of GFM, for which one tilde is enough; markdown-it needs two.
type strikethrough struct{ double bool }

// Extend implements goldmark.Extender.
func (s strikethrough) Extend(m goldmark.Markdown) {
	extension.Strikethrough.Extend(m)
	if s.double {
		m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(singleTilde{}, 499)))
	}
}

// singleTilde reads a single tilde as text.
type singleTilde struct{}

// Trigger implements parser.InlineParser.
func (singleTilde) Trigger() []byte { return []byte{'~'} }

// Parse implements parser.InlineParser.
func (singleTilde) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, at := block.PeekLine()
	if bytes.HasPrefix(line, []byte("~~")) || block.PrecendingCharacter() == '~' {
		return nil
	}
	block.Advance(1)
	return ast.NewTextSegment(at.WithStop(at.Start + 1))
}

// PlainText returns a line of Markdown as text, without its marks.
func PlainText(s string) string {
	var b strings.Builder
	if err := newGoldmark(Options{}, newCodeRenderer()).Convert([]byte(s), &b); err != nil {
		return xmltext.Line(s)
	}
	return xmltext.Line(htmldom.StripTags(b.String()))
}
