package sanitize

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/content/limits"
	"publisher/internal/htmldom"
)

// maxElements is the depth that the HTML parser allows. Tags below are shown as text.
const maxElements = 512

// parse parses a body's HTML. If more elements are open at once than the parser allows,
// the tags of those inside are shown as text.
func (c *Cleaner) parse(rendered string) (*html.Node, error) {
	if len(rendered) > limits.MaxHTML {
		return nil, limits.TooLarge()
	}
	b := c.Budget
	b.StartDocument()
	b.Nodes(nodesIn(rendered))
	root, err := parseFragment(rendered, b)
	if err == nil {
		return root, nil
	}
	c.Warn("", fmt.Sprintf("more than %d HTML elements are open at once; the tags of those inside are shown as text: close what is left open", maxElements))
	if root, err = parseFragment(escapeDeepTags(rendered), b); err != nil {
		root, err = parseFragment("<p>"+html.EscapeString(rendered)+"</p>", b)
	}
	return root, err
}

func parseFragment(source string, b *limits.Budget) (*html.Node, error) {
	root := htmldom.Element(atom.Div)
	// Without scripting the content of <noscript> is markup. The only error is that of depth.
	nodes, err := html.ParseFragmentWithOptions(limits.NewReader(source, b), htmldom.Element(atom.Body), html.ParseOptionEnableScripting(false))
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root, err
}

// formattingElements are those that the parser opens again in each block that begins
// while they are open (HTML Living Standard, "reconstruct the active formatting
// elements"): a few bytes can make many nodes.
var formattingElements = set("a b big code em font i nobr s small strike strong tt u")

// fewTags is a number of tags that cannot make too many nodes, whatever they are.
const fewTags = 700

// nodesIn returns a lower bound of the number of nodes that the parser makes.
func nodesIn(source string) int {
	tags := strings.Count(source, "<")
	if tags < fewTags || tags > limits.MaxNodes {
		return tags
	}
	if nodes, ok := plainNodes(source); ok {
		return nodes
	}
	var c nodeCount
	for z := html.NewTokenizer(strings.NewReader(source)); c.nodes <= limits.MaxNodes; {
		switch z.Next() {
		case html.ErrorToken:
			return c.nodes
		case html.StartTagToken:
			name, _ := z.TagName()
			c.start(string(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			c.end(string(name))
		default:
			c.nodes++
		}
	}
	return c.nodes
}

// nodeCount counts nodes and keeps track of the open formatting elements.
type nodeCount struct{ nodes, open int }

func (c *nodeCount) start(name string) {
	c.nodes++
	if formattingElements[name] {
		c.open = min(c.open+1, maxElements)
	} else {
		c.nodes += c.open
	}
}

func (c *nodeCount) end(name string) {
	if formattingElements[name] {
		c.open = max(c.open-1, 0)
	}
}

// plainNodes is nodesIn for HTML in which each < begins a tag and each tag ends at the
// next >, as Markdown parsers write it. ok is false for other HTML.
func plainNodes(source string) (nodes int, ok bool) {
	var c nodeCount
	for c.nodes <= limits.MaxNodes {
		at := strings.IndexByte(source, '<')
		if at < 0 {
			return c.nodes, true
		}
		if at > 0 {
			c.nodes++ // text
		}
		source = source[at+1:]
		end := strings.IndexByte(source, '>')
		if end < 1 {
			return 0, false
		}
		tag := source[:end]
		source = source[end+1:]
		name := strings.TrimPrefix(tag, "/")
		n := 0
		for n < len(name) && (name[n] >= 'a' && name[n] <= 'z' || name[n] >= '0' && name[n] <= '9') {
			n++
		}
		if n == 0 || rawText[name[:n]] || n < len(name) && name[n] != ' ' && name[n] != '/' || strings.IndexByte(tag, '<') >= 0 ||
			strings.Count(tag, `"`)%2 != 0 || strings.IndexByte(tag, '\'') >= 0 {
			return 0, false
		}
		if tag[0] == '/' {
			c.end(name[:n])
		} else {
			c.start(name[:n])
		}
	}
	return c.nodes, true
}

// rawText are the elements in which tags are text.
var rawText = set("script style textarea title xmp iframe noembed noframes noscript plaintext svg math template")

// maxTagDepth is how deep tags may be nested; elements that the parser opens itself go
// deeper.
const maxTagDepth = maxElements / 2

// escapeDeepTags turns tags that are nested too deep into text.
func escapeDeepTags(source string) string {
	var out strings.Builder
	depth := 0
	for z := html.NewTokenizer(strings.NewReader(source)); ; {
		kind := z.Next()
		raw := string(z.Raw())
		switch kind {
		case html.ErrorToken:
			return out.String()
		case html.StartTagToken:
			if name, _ := z.TagName(); !voidElements[string(name)] {
				depth++
			}
			if depth > maxTagDepth {
				raw = html.EscapeString(raw)
			}
		case html.EndTagToken:
			if depth > maxTagDepth {
				raw = html.EscapeString(raw)
			}
			depth = max(depth-1, 0)
		}
		out.WriteString(raw)
	}
}

var voidElements = set("area base br col embed hr img input link meta source track wbr")
