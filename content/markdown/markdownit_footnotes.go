package markdown

import (
	"fmt"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// bracketedFootnotes writes references to footnotes as markdown-it-footnote does, in
// brackets: [1], and [1:1] where the note was referred to before.
type bracketedFootnotes struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (bracketedFootnotes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(extast.KindFootnoteLink, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if n := node.(*extast.FootnoteLink); entering {
			repeated, again := "", ""
			if n.RefIndex > 0 {
				repeated, again = fmt.Sprint(n.RefIndex), fmt.Sprint(":", n.RefIndex)
			}
			_, _ = fmt.Fprintf(w, `<sup id="fnref%s:%d"><a href="#fn:%[2]d" class="footnote-ref" role="doc-noteref">[%[2]d%s]</a></sup>`, repeated, n.Index, again)
		}
		return ast.WalkContinue, nil
	})
}
