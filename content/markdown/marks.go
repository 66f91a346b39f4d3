package markdown

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Marks are Hugo's extras: ++inserted++, ==marked==, ~lowered~, ^raised^ and ~~deleted~~, each if
// the settings turn it on.
type Marks struct{ Insert, Mark, Subscript, Superscript, Delete bool }

type markNode struct {
	ast.BaseInline
	element string
}

var kindMark = ast.NewNodeKind("Mark")

// Kind implements ast.Node.
func (n *markNode) Kind() ast.NodeKind { return kindMark }

// Dump implements ast.Node.
func (n *markNode) Dump(source []byte, level int) {
	ast.DumpHelper(n, source, level, map[string]string{"element": n.element}, nil)
}

// Extend implements goldmark.Extender.
func (m Marks) Extend(md goldmark.Markdown) {
	add := func(c byte, one, two string) {
		if one != "" || two != "" {
			md.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(&markParser{c, one, two}, 480)))
		}
	}
	name := func(on bool, element string) string {
		if on {
			return element
		}
		return ""
	}
	add('+', "", name(m.Insert, "ins"))
	add('=', "", name(m.Mark, "mark"))
	add('~', name(m.Subscript, "sub"), name(m.Delete, "del"))
	add('^', name(m.Superscript, "sup"), "")
	md.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(markRenderer{}, 500)))
}

// markParser reads runs of one character: one is an element, or two are.
type markParser struct {
	char     byte
	one, two string
}

// Trigger implements parser.InlineParser.
func (p *markParser) Trigger() []byte { return []byte{p.char} }

// IsDelimiter implements parser.DelimiterProcessor.
func (p *markParser) IsDelimiter(b byte) bool { return b == p.char }

// CanOpenCloser implements parser.DelimiterProcessor.
func (p *markParser) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char && opener.Length == closer.Length
}

// OnMatch implements parser.DelimiterProcessor.
func (p *markParser) OnMatch(consumes int) ast.Node {
	if consumes == 1 || p.two == "" {
		return &markNode{element: p.one}
	}
	return &markNode{element: p.two}
}

// Parse implements parser.InlineParser.
func (p *markParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	if p.char == '^' && len(line) > 1 && bytes.IndexByte([]byte("+-'"), line[1]) >= 0 {
		line = bytes.Clone(line)
		line[1] = 'z' // a sign is raised like a letter: Na^+^
	}
	node := parser.ScanDelimiter(line, before, 1, p)
	if node == nil || node.OriginalLength > 2 || before == rune(p.char) ||
		node.OriginalLength == 1 && p.one == "" {
		return nil
	}
	node.Segment = segment.WithStop(segment.Start + node.OriginalLength)
	block.Advance(node.OriginalLength)
	pc.PushDelimiter(node)
	return node
}

type markRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (markRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(kindMark, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		end := ""
		if !entering {
			end = "/"
		}
		_, err := w.WriteString("<" + end + n.(*markNode).element + ">")
		return ast.WalkContinue, err
	})
}
