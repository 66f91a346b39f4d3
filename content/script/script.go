// Package script works out what the small functions of a blog's JavaScript config
// return: the filters, shortcodes and computed values of Eleventy.
//
// Nothing is run as JavaScript runs it. A function is evaluated over values that the
// caller gives, by an evaluator that knows expressions, local variables, loops over
// lists, the usual methods of texts, lists and dates, and a few packages for dates
// and slugs. It reads no file, no clock and no environment, and its work is bounded.
// Whatever it does not know makes the result unknown, never a guess: Call then returns
// an error, and Results all values that the function may return.
package script

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// File is a script: its slash-separated path, by which others import it, and its text.
type File struct {
	Path string
	Text string
}

// Program is a config and what it imports from files beside it.
type Program struct {
	modules map[string]*module
	order   []*module
}

// maxText is more than a config has; the parser's time grows with it.
const maxText = 1 << 20

// Load reads the files. One that is no JavaScript that can be read tells nothing.
func Load(files []File) *Program {
	p := &Program{modules: map[string]*module{}}
	for _, f := range files {
		if len(f.Text) > maxText || p.modules[f.Path] != nil {
			continue
		}
		f.Text = strings.ToValidUTF8(f.Text, "\uFFFD")
		ast, ok := parseScript(f.Text)
		if !ok {
			continue
		}
		m := p.newModule(f.Path, f.Text)
		m.statements = ast.List
		m.declare(ast.List)
		p.modules[f.Path] = m
		p.order = append(p.order, m)
	}
	return p
}

// parsed reads one text; ok is false for what is no JavaScript, or what the parser
// breaks at.
func parseScript(text string) (ast *js.AST, ok bool) {
	defer func() {
		if recover() != nil {
			ast, ok = nil, false
		}
	}()
	if nestsDeeper(text, maxBrackets) {
		return nil, false
	}
	text = importAttributes.ReplaceAllString(text, "$1")
	ast, err := js.Parse(parse.NewInputString(text), js.Options{})
	return ast, err == nil
}

// importAttributes matches what the parser does not support: import … from "…" with {type: "json"}.
var importAttributes = regexp.MustCompile(`(\b(?:from|import)\s*["'][^"'\n]*["'])\s*(?:with|assert)\s*\{[^{}]*\}`)

// maxBrackets is more than nested code has: the parser calls itself for each, and for
// those of patterns without a bound of its own.
const maxBrackets = 1_000

// deeperThan reports that more brackets are open somewhere than most, be they code or text.
func nestsDeeper(text string, most int) bool {
	open := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '{':
			if open++; open > most {
				return true
			}
		case ')', ']', '}':
			open = max(0, open-1)
		}
	}
	return false
}

// plain is a dotted name as it is written; "" for another expression.
func dottedName(e js.IExpr) string {
	switch e := e.(type) {
	case *js.Var:
		return string(e.Data)
	case *js.DotExpr:
		return dottedName(e.X) + "." + identifier(e.Y)
	}
	return ""
}

func identifier(e js.IExpr) string {
	switch e := e.(type) {
	case *js.Var:
		return string(e.Data)
	case js.LiteralExpr:
		return string(e.Data)
	case *js.LiteralExpr:
		return string(e.Data)
	}
	return ""
}

func unquote(s []byte) string { return string(bytes.Trim(s, "\"'`")) }

// Exported is the value that a file gives to those that import it.
func (p *Program) DefaultExport(file string) (Function, bool) {
	m := p.modules[file]
	if m == nil || m.exports["default"] == nil {
		return Function{}, false
	}
	return Function{expr: m.exports["default"], scope: m.scope}, true
}
