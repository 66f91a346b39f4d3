package markdown

import (
	"html"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	"publisher/content/limits"
)

// codeRenderer highlights code blocks with inline styles, since neither a feed nor a
// mail has our style sheet. The formatter caches the style's CSS.
type codeRenderer struct {
	formatter *chromahtml.Formatter
	style     *chroma.Style
	lexers    sync.Map // language → chroma.Lexer
}

func newCodeRenderer() *codeRenderer {
	return &codeRenderer{formatter: chromahtml.New(chromahtml.PreventSurroundingPre(true)), style: codeStyle()}
}

// RegisterFuncs implements renderer.NodeRenderer.
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

// BlockText returns the text of the lines of a block.
func BlockText(n ast.Node, source []byte) string {
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		b.Write(line.Value(source))
	}
	return b.String()
}

// Code beyond these limits is shown without colors. Lexers are backtracking regular
// expressions: some take time quadratic in the text.
const (
	maxHighlight = 20_000 // bytes of one block
	maxLanguage  = 50     // bytes of a language's name; the longest has 27
)

// Highlight returns code as a <pre> element, highlighted if the language is known.
func (c *Converter) Highlight(code, lang string, b *limits.Budget) string {
	return c.code.highlight(code, lang, b)
}

// KnowsLanguage reports whether code in a language can be highlighted.
func (c *Converter) KnowsLanguage(lang string, b *limits.Budget) bool {
	return c.code.lexer(lang, b) != nil
}

func (r *codeRenderer) highlight(code, lang string, b *limits.Budget) string {
	lang, _, _ = strings.Cut(strings.Trim(strings.ToLower(lang), "{}. "), ",")
	body, colored := "", false
	if lexer := r.lexer(lang, b); lexer != nil && len(code) <= maxHighlight && !strings.Contains(code, tokenStart) && b.MayHighlight() {
		body, colored = r.color(lexer, code, b)
		colored = colored && b.KeepColors(strings.Count(body, "<span"))
	}
	if !colored {
		body = html.EscapeString(code)
	}
	class := ""
	if lang != "" {
		class = ` class="language-` + html.EscapeString(lang) + `"`
	}
	return `<pre style="` + preStyle + `"><code` + class + `>` + body + "</code></pre>\n"
}

// preStyle gives code the background that its colors are made for, in dark readers
// too, with properties that the W3C feed validator accepts.
const preStyle = "background-color:#f6f8fa;color:#1f2328;padding:12px;overflow:auto"

// stepsPerLanguage is the cost of the search for a language; it makes the budget read the clock.
const stepsPerLanguage = limits.ClockSteps

// lexer returns the lexer of a language, nil if there is none. Chroma compares a name that
// is not a language's with the file names of all languages.
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
