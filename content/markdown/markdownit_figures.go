package markdown

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// implicitFigures is the plug-in markdown-it-implicit-figures: a picture, or a link around
// one, that is alone in its paragraph is a figure.
type implicitFigures struct {
	caption string // "alt" or "title": what of the picture is its caption; "" for none
}

// Extend implements goldmark.Extender.
func (f implicitFigures) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(f, 500)))
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(f, 500)))
}

var (
	figureKind  = ast.NewNodeKind("Figure")
	captionKind = ast.NewNodeKind("FigureCaption")
)

type figureBlock struct {
	ast.BaseBlock
	kind ast.NodeKind
}

func (b *figureBlock) Kind() ast.NodeKind            { return b.kind }
func (b *figureBlock) Dump(source []byte, level int) { ast.DumpHelper(b, source, level, nil, nil) }

// Transform implements parser.ASTTransformer.
func (f implicitFigures) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var alone []*ast.Paragraph
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if p, ok := n.(*ast.Paragraph); ok && entering && lonePicture(p) != nil {
			alone = append(alone, p)
		}
		return ast.WalkContinue, nil
	})
	for _, p := range alone {
		image := lonePicture(p)
		figure := &figureBlock{kind: figureKind}
		content := p.FirstChild()
		p.Parent().ReplaceChild(p.Parent(), p, figure)
		figure.AppendChild(figure, content)
		if caption := f.captionOf(image); caption.HasChildren() {
			figure.AppendChild(figure, caption)
		}
	}
}

// captionOf takes the caption out of a picture.
func (f implicitFigures) captionOf(image *ast.Image) *figureBlock {
	caption := &figureBlock{kind: captionKind}
	switch {
	case f.caption == "alt":
		for child := image.FirstChild(); child != nil; child = image.FirstChild() {
			caption.AppendChild(caption, child)
		}
	case f.caption == "title" && len(image.Title) > 0:
		caption.AppendChild(caption, ast.NewString(image.Title))
		image.Title = nil
	}
	return caption
}

// lonePicture returns the picture that is all of a paragraph; nil where it is not.
func lonePicture(p *ast.Paragraph) *ast.Image {
	n := p.FirstChild()
	if link, ok := n.(*ast.Link); ok && p.ChildCount() == 1 {
		p := link.FirstChild()
		if image, ok := p.(*ast.Image); ok && link.ChildCount() == 1 {
			return image
		}
		return nil
	}
	image, ok := n.(*ast.Image)
	if !ok || p.ChildCount() != 1 {
		return nil
	}
	return image
}

// RegisterFuncs implements renderer.NodeRenderer.
func (implicitFigures) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	element := func(open, end string) renderer.NodeRendererFunc {
		return func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering {
				_, _ = w.WriteString(open)
			} else {
				_, _ = w.WriteString(end)
			}
			return ast.WalkContinue, nil
		}
	}
	r.Register(figureKind, element("<figure>", "</figure>\n"))
	r.Register(captionKind, element("<figcaption>", "</figcaption>"))
}
