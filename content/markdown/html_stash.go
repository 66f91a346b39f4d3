package markdown

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// HTMLStash keeps HTML while Markdown is converted, with a token in its place.
type HTMLStash struct{ pieces []string }

// The tokens are between two characters for private use, which mean nothing to
// Markdown.
const tokenStart, tokenEnd = "\ue000", "\ue001"

var stashToken = regexp.MustCompile("(<p>)?" + tokenStart + "([0-9]{1,6})" + tokenEnd + "(</p>)?")

// StripTokens returns text without tokens that an author may have written.
func StripTokens(text string) string {
	return strings.ReplaceAll(text, tokenStart, "")
}

// Put keeps a piece of HTML and returns its token; a nil stash returns the piece.
func (s *HTMLStash) Put(piece string) string {
	if s == nil || piece == "" {
		return piece
	}
	s.pieces = append(s.pieces, piece)
	return tokenStart + strconv.Itoa(len(s.pieces)-1) + tokenEnd
}

// Restore puts the pieces back, without a paragraph around a piece that is all of it.
func (s *HTMLStash) Restore(rendered string) string {
	if s == nil || len(s.pieces) == 0 {
		return rendered
	}
	return stashToken.ReplaceAllStringFunc(rendered, func(token string) string {
		m := stashToken.FindStringSubmatch(token)
		n, err := strconv.Atoi(m[2])
		if err != nil || n >= len(s.pieces) {
			return ""
		}
		if m[1] != "" && m[3] != "" {
			return s.pieces[n]
		}
		return m[1] + s.pieces[n] + m[3]
	})
}

// htmlDropper leaves out raw HTML, except marks that end excerpts.
type htmlDropper struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (r htmlDropper) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindHTMLBlock, r.block)
	reg.Register(ast.KindRawHTML, r.inline)
}

func (htmlDropper) block(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if block := n.(*ast.HTMLBlock); entering {
		var b strings.Builder
		for i := range block.Lines().Len() {
			line := block.Lines().At(i)
			b.Write(line.Value(source))
		}
		if block.HasClosure() {
			b.Write(block.ClosureLine.Value(source))
		}
		writeExcerptMarks(w, b.String())
	}
	return ast.WalkContinue, nil
}

func (htmlDropper) inline(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		var b strings.Builder
		segments := n.(*ast.RawHTML).Segments
		for i := range segments.Len() {
			segment := segments.At(i)
			b.Write(segment.Value(source))
		}
		writeExcerptMarks(w, b.String())
	}
	return ast.WalkSkipChildren, nil
}

var excerptComment = regexp.MustCompile(`(?i)^\s*(?:read[ _-]?more|more|truncate|excerpt|end[ _-]?(?:excerpt|summary)|excerpt[ _-]?end|pelican_end_summary)\b`)

// EndsExcerpt reports whether the text of an HTML comment is a mark that ends the excerpt,
// such as "more".
func EndsExcerpt(comment string) bool { return excerptComment.MatchString(comment) }

var rawComment = regexp.MustCompile(`(?s)<!--.*?-->`)

// htmlDropped marks where HTML was left out; sanitizing removes it, like any comment.
const htmlDropped = "<!--raw-->"

func writeExcerptMarks(w util.BufWriter, raw string) {
	if strings.TrimSpace(rawComment.ReplaceAllString(raw, "")) != "" {
		_, _ = w.WriteString(htmlDropped)
	}
	for _, found := range rawComment.FindAllString(raw, -1) {
		if EndsExcerpt(found[4 : len(found)-3]) {
			_, _ = w.WriteString(found)
		}
	}
}
