// Package script evaluates the small functions of a blog's JavaScript config: Eleventy's filters,
// shortcodes and computed values.
//
// It does not run JavaScript. A bounded evaluator, with values that the caller gives, supports
// expressions, local variables, loops over arrays, the usual methods of strings, arrays and dates,
// and a few packages for dates and slugs. It reads no files, clock or environment. Whatever it does
// not support makes the result unknown, never a guess: Call then returns an error, and Results
// returns all values that the function may return.
package script

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// File is a script. Path is slash-separated; others import it by that.
type File struct {
	Path string
	Text string
}

// Program is a config and the files that it imports.
type Program struct {
	modules map[string]*module
	order   []*module
}

// maxText is longer than any config; the parser's time grows with it.
const maxText = 1 << 20

// Load parses the files. It skips those that do not parse.
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

// parseScript parses a file; ok is false where it does not parse, or makes the parser panic.
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

// maxBrackets is deeper than code nests: the parser recurses for each bracket, without a limit of its
// own in patterns.
const maxBrackets = 1_000

// nestsDeeper reports whether more than limit brackets are open somewhere, in code or in strings.
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

// dottedName returns a dotted name as it is written; "" for another expression.
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

// DefaultExport returns the default export of a file.
func (p *Program) DefaultExport(file string) (Function, bool) {
	m := p.modules[file]
	if m == nil || m.exports["default"] == nil {
		return Function{}, false
	}
	return Function{expr: m.exports["default"], scope: m.scope}, true
}
