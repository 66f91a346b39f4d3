// Package markdown turns Markdown into HTML in the flavors of the blog engines.
package markdown

import (
	"bytes"
	"fmt"
	"html"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
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

// markdownReader makes HTML of Markdown, in the ways that engines differ in. It
// is safe for concurrent use.
type Converter struct {
	ways sync.Map // flavor → goldmark.Markdown
	code *codeRenderer
}

// flavor is what a goldmark.Markdown is built for.
type flavor struct {
	markdownIt, bareLinks, smart, emoji, hardWraps, noRaw, noStrike, noIndented, noMath bool
	passthrough                                                                         string
	marks                                                                               Marks
	markup                                                                              Markup
}

func NewConverter() *Converter { return &Converter{code: newCodeRenderer()} }

func (m *Converter) parser(d flavor) goldmark.Markdown {
	if made, ok := m.ways.Load(d); ok {
		return made.(goldmark.Markdown)
	}
	made, _ := m.ways.LoadOrStore(d, newGoldmark(d, m.code))
	return made.(goldmark.Markdown)
}

func newGoldmark(d flavor, code *codeRenderer) goldmark.Markdown {
	extensions := d.markup.extensions()
	if !d.noMath {
		extensions = append(extensions, formulas{})
	}
	if d.passthrough != "" {
		extensions = append(extensions, newPassthrough(d.passthrough))
	}
	if !d.noStrike && !d.marks.Delete {
		extensions = append(extensions, strikethrough{d.markdownIt || d.marks.Subscript})
	}
	if d.marks != (Marks{}) {
		extensions = append(extensions, d.marks)
	}
	if !d.bareLinks {
		extensions = append(extensions, extension.Linkify)
	}
	if d.smart {
		extensions = append(extensions, d.markup.typographer())
		if d.markdownIt {
			extensions = append(extensions, replacements{})
		}
		if d.markup.PulldownQuotes {
			extensions = append(extensions, pulldownQuotes{})
		}
	}
	if d.emoji {
		extensions = append(extensions, emoji.Emoji)
	}
	reader := parser.NewParser(
		parser.WithBlockParsers(blockParsers(d)...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(), util.Prioritized(nodeCounter{d.smart}, 0))...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)
	reader.AddOptions(d.markup.parserOptions()...)
	options := []renderer.Option{goldhtml.WithUnsafe(), goldhtml.WithXHTML(),
		renderer.WithNodeRenderers(util.Prioritized(code, 100))}
	if d.markdownIt {
		options = append(options, renderer.WithNodeRenderers(util.Prioritized(bracketedFootnotes{}, 100)))
	}
	if d.markup.LabeledFootnotes {
		options = append(options, renderer.WithNodeRenderers(util.Prioritized(labeledFootnotes{}, 100)))
	}
	if d.hardWraps {
		options = append(options, goldhtml.WithHardWraps())
	}
	if d.noRaw {
		options = append(options, renderer.WithNodeRenderers(util.Prioritized(htmlDropper{}, 100)))
	}
	return goldmark.New(goldmark.WithParser(reader), goldmark.WithExtensions(extensions...), goldmark.WithRendererOptions(options...))
}

// blockParsers are CommonMark's. Where four spaces make no code, they make text.
func blockParsers(d flavor) []util.PrioritizedValue {
	all := parser.DefaultBlockParsers()
	if !d.noIndented {
		return all
	}
	code := reflect.TypeOf(parser.NewCodeBlockParser())
	all = slices.DeleteFunc(all, func(p util.PrioritizedValue) bool { return reflect.TypeOf(p.Value) == code })
	return append(all, util.Prioritized(indentedParagraph{parser.NewParagraphParser()}, 1001))
}

// indentedText is a paragraph that may begin with any indentation.
type indentedParagraph struct{ parser.BlockParser }

func (indentedParagraph) CanAcceptIndentedLine() bool { return true }

func (m *Converter) HTML(source string, w Options) (rendered string, err error) {
	defer func() { // one post that the parser breaks at is not to stop the rest
		if fault := recover(); fault != nil {
			if limits.Recovered(fault) != nil {
				panic(fault)
			}
			err = fmt.Errorf("the Markdown parser gave up: %v", fault)
		}
	}()
	w.Budget.StartDocument()
	w.Budget.Scan(4 * len(source))
	if w.Kramdown != nil {
		o := *w.Kramdown
		o.Code = func(code, lang string) string { return m.Highlight(code, lang, w.Budget) }
		o.Step, o.Part, o.Length = w.Budget.Step, w.Budget.Nodes, w.Budget.CheckHTML
		return kramdown.HTML(alerts(source), o), nil
	}
	if w.PythonMarkdown != nil {
		return m.pythonHTML(source, w), nil
	}
	if err := checkLimits(source); err != nil {
		return "", err
	}
	if !w.NoMath {
		source = escapeFormulas(source)
	}
	if !w.PlainAlerts {
		source = alerts(source)
	}
	source = splitReferenceRuns(source)
	if w.Containers {
		source = dropContainerFences(source)
	}
	out := limits.NewWriter(w.Budget)
	out.Grow(len(source) + len(source)/2) // code and links grow
	way := m.parser(flavor{w.MarkdownIt, w.NoLinkify, w.Typographer, w.Emoji, w.HardWraps, w.DropHTML, w.NoStrike, w.NoIndented, w.NoMath, w.Passthrough, w.Marks, w.Markup})
	pc := parser.NewContext(parser.WithIDs(newIDGenerator(w.Headings)))
	pc.Set(budgetKey, w.Budget)
	raw := []byte(source)
	doc := way.Parser().Parse(&lineReader{text.NewReader(raw), w.Budget}, parser.WithContext(pc))
	if w.Hooks != nil {
		err = w.Hooks.Replace(way, raw, doc, w.Budget)
	}
	if err == nil {
		err = way.Renderer().Render(out, raw, doc)
	}
	if w.HTMLDropped != nil && strings.Contains(out.String(), htmlDropped) {
		*w.HTMLDropped = true
	}
	return out.String(), err
}

// strikethrough is GFM's, which one tilde will do for; markdown-it wants two.
type strikethrough struct{ double bool }

func (s strikethrough) Extend(m goldmark.Markdown) {
	extension.Strikethrough.Extend(m)
	if s.double {
		m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(singleTilde{}, 499)))
	}
}

// singleTilde takes a tilde that stands alone for text.
type singleTilde struct{}

func (singleTilde) Trigger() []byte { return []byte{'~'} }

func (singleTilde) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, at := block.PeekLine()
	if bytes.HasPrefix(line, []byte("~~")) || block.PrecendingCharacter() == '~' {
		return nil
	}
	block.Advance(1)
	return ast.NewTextSegment(at.WithStop(at.Start + 1))
}

// codeRenderer highlights code blocks with inline styles, since neither a feed
// nor a mail has a style sheet of ours. The formatter remembers the style's CSS.
type codeRenderer struct {
	formatter *chromahtml.Formatter
	style     *chroma.Style
	lexers    sync.Map // language → chroma.Lexer
}

func newCodeRenderer() *codeRenderer {
	return &codeRenderer{formatter: chromahtml.New(chromahtml.PreventSurroundingPre(true)), style: codeStyle()}
}

func (r *codeRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindFencedCodeBlock, r.fenced)
	reg.Register(ast.KindCodeBlock, r.indented)
}

func (r *codeRenderer) fenced(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		block := n.(*ast.FencedCodeBlock)
		_, _ = w.WriteString(r.highlight(BlockText(n, source), string(block.Language(source)), limits.BudgetOf(w)))
	}
	return ast.WalkSkipChildren, nil
}

func (r *codeRenderer) indented(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(r.highlight(BlockText(n, source), "", limits.BudgetOf(w)))
	}
	return ast.WalkSkipChildren, nil
}

func BlockText(n ast.Node, source []byte) string {
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		b.Write(line.Value(source))
	}
	return b.String()
}

// Code is highlighted up to this size; beyond it is shown without colors. Lexers are
// regular expressions that go back: some take the square of a text's length.
const (
	maxHighlight = 20_000 // bytes of one block
	maxLanguage  = 50     // bytes of a language's name; the longest has 27
)

// highlight returns code as a block of HTML, highlighted where its language is known.
func (m *Converter) Highlight(code, lang string, b *limits.Budget) string {
	return m.code.highlight(code, lang, b)
}

// highlights reports whether a language is known.
func (m *Converter) KnowsLanguage(lang string, b *limits.Budget) bool {
	return m.code.lexer(lang, b) != nil
}

// highlight colours code where it knows the language, else escapes it.
func (r *codeRenderer) highlight(code, lang string, b *limits.Budget) string {
	lang, _, _ = strings.Cut(strings.Trim(strings.ToLower(lang), "{}. "), ",")
	body, coloured := "", false
	if lexer := r.lexer(lang, b); lexer != nil && len(code) <= maxHighlight && !strings.Contains(code, tokenStart) && b.MayHighlight() {
		body, coloured = r.color(lexer, code, b)
		coloured = coloured && b.KeepColors(strings.Count(body, "<span"))
	}
	if !coloured {
		body = html.EscapeString(code)
	}
	class := ""
	if lang != "" {
		class = ` class="language-` + html.EscapeString(lang) + `"`
	}
	return `<pre style="` + preStyle + `"><code` + class + `>` + body + "</code></pre>\n"
}

// preStyle gives code the ground that its colours are made for, in dark readers
// too, in properties that the W3C feed validator accepts.
const preStyle = "background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto"

// stepsPerLanguage is what the search for a language takes, so that the clock is asked.
const stepsPerLanguage = limits.ClockSteps

// lexer finds a language's, nil where there is none. Chroma compares a name that is
// no language's with the file names of all.
func (r *codeRenderer) lexer(lang string, b *limits.Budget) chroma.Lexer {
	if lang == "" {
		return nil
	}
	if found, ok := r.lexers.Load(lang); ok {
		lexer, _ := found.(chroma.Lexer)
		return lexer
	}
	if len(lang) > maxLanguage {
		return nil
	}
	b.Step(stepsPerLanguage)
	lexer := lexers.Get(lang)
	r.lexers.Store(lang, lexer)
	return lexer
}

func (r *codeRenderer) color(lexer chroma.Lexer, code string, b *limits.Budget) (string, bool) {
	timed := &timedLexer{Lexer: lexer, budget: b}
	tokens, err := chroma.Coalesce(timed).Tokenise(nil, code)
	if err != nil {
		return "", false
	}
	var out strings.Builder
	out.Grow(4 * len(code))
	err = r.formatter.Format(&out, r.style, tokens)
	return out.String(), err == nil && !timed.late
}

// plainInline is a line of Markdown without its marks.
func PlainText(s string) string {
	var b strings.Builder
	if err := newGoldmark(flavor{}, newCodeRenderer()).Convert([]byte(s), &b); err != nil {
		return xmltext.Line(s)
	}
	return xmltext.Line(htmldom.StripTags(b.String()))
}
