package markdown

import (
	"fmt"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// labeledFootnotes writes footnotes as Zola does without bottom_footnotes: the number
// before each is text, not that of a numbered list.
type labeledFootnotes struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (labeledFootnotes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(extast.KindFootnoteList, func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString("<div class=\"footnotes\" role=\"doc-endnotes\">\n<hr />\n")
		} else {
			_, _ = w.WriteString("</div>\n")
		}
		return ast.WalkContinue, nil
	})
	r.Register(extast.KindFootnote, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if n := node.(*extast.Footnote); entering {
			_, _ = fmt.Fprintf(w, "<div id=\"fn:%d\">\n<sup>%[1]d</sup>\n", n.Index)
		} else {
			_, _ = w.WriteString("</div>\n")
		}
		return ast.WalkContinue, nil
	})
}
