package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// passthrough keeps text between two delimiters as it is.
type passthrough struct{ pairs [][2][]byte }

func newPassthrough(lines string) passthrough {
	var p passthrough
	list := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	for i := 0; i+1 < len(list); i += 2 {
		p.pairs = append(p.pairs, [2][]byte{[]byte(list[i]), []byte(list[i+1])})
	}
	return p
}

// Extend implements goldmark.Extender.
func (p passthrough) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(p, 50)))
}

// Trigger implements parser.InlineParser.
func (p passthrough) Trigger() []byte {
	var out []byte
	for _, pair := range p.pairs {
		if !bytes.Contains(out, pair[0][:1]) {
			out = append(out, pair[0][0])
		}
	}
	return out
}

// maxPassthrough is longer than any text between delimiters.
const maxPassthrough = 4000

// Parse implements parser.InlineParser.
func (p passthrough) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	for _, pair := range p.pairs {
		if bytes.HasPrefix(line, pair[0]) {
			return passThrough(block, pair[0], pair[1])
		}
	}
	return nil
}

func passThrough(block text.Reader, open, end []byte) ast.Node {
	found, segment := block.Position()
	var inner bytes.Buffer
	block.Advance(len(open))
	for {
		line, _ := block.PeekLine()
		if line == nil || inner.Len() > maxPassthrough {
			block.SetPosition(found, segment)
			return nil
		}
		at := bytes.Index(line[:min(len(line), maxPassthrough)], end)
		if at < 0 {
			inner.Write(line[:min(len(line), maxPassthrough+1)])
			block.AdvanceLine()
			continue
		}
		inner.Write(line[:at])
		block.Advance(at + len(end))
		node := ast.NewString([]byte(string(open) + inner.String() + string(end)))
		node.SetRaw(true)
		return node
	}
}
