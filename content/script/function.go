package script

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

// Function is an expression of a script, with its scope.
type Function struct {
	expr  js.IExpr
	scope *scope
}

// ParseExpression parses an expression of a file, which need not parse as a whole; ok is false where
// the expression does not parse.
func (p *Program) ParseExpression(file, code string) (f Function, ok bool) {
	ast, ok := parseScript("(" + strings.TrimRight(strings.ToValidUTF8(code, "\uFFFD"), ", \t\r\n") + ")")
	if !ok || len(ast.List) != 1 {
		return Function{}, false
	}
	stmt, ok := ast.List[0].(*js.ExprStmt)
	if !ok {
		return Function{}, false
	}
	m := p.modules[file]
	if m == nil {
		m = p.newModule(file, "")
	}
	return Function{stmt.Value, m.scope}, true
}

// EvalString returns the value of an expression somewhere in a file: a string that is the same in
// every scope that declares its names. ok is false where it is unknown.
func (p *Program) EvalString(file, expression string) (text string, ok bool) {
	m := p.modules[file]
	f, ok := p.ParseExpression(file, expression)
	if m == nil || !ok {
		return "", false
	}
	ok = false
	w := &finder{found: map[string]Function{}, scope: m.scope, scopes: []*scope{m.scope}}
	w.walk(m)
	for _, s := range w.scopes[:min(len(w.scopes), maxItems)] {
		v, err := Function{f.expr, s}.Value(Host{})
		var failed evalError
		if errors.As(err, &failed) && failed.undeclared {
			continue
		}
		got, isText := v.(string)
		if err != nil || !isText || ok && got != text {
			return "", false
		}
		text, ok = got, true
	}
	return text, ok
}

// Host is the environment of a function.
type Host struct {
	This     *Object        // of a filter or shortcode: page, env
	Zone     *time.Location // of dates for which the script names none; UTC where nil
	Date     time.Time      // of the page
	Markdown func(text string, inline bool) (html string, ok bool)
	Slug     func(text string, decamelize bool) string // as @sindresorhus/slugify makes one
	Step     func(n int)                               // counts the work of all calls together; it may panic to end them
}

// Value returns the value of the expression. An error says what is unknown.
func (f Function) Value(host Host) (v any, err error) {
	defer recoverError(&err)
	return checkSize(newEvaluator(host).eval(f.expr, f.scope)), nil
}

// Call returns what the function returns for the arguments. An error says what is unknown.
func (f Function) Call(host Host, args ...any) (v any, err error) {
	defer recoverError(&err)
	e := newEvaluator(host)
	return checkSize(e.call(e.eval(f.expr, f.scope), args)), nil
}

// Source returns the function's source; "" where the scripts do not contain it.
func (f Function) Source() string {
	v, err := f.Value(Host{})
	c, ok := v.(*closure)
	if err != nil || !ok {
		return ""
	}
	var b bytes.Buffer
	c.expr.JS(&b)
	return b.String()
}

// inner returns the expression that a function without parameters returns, else f: configs wrap
// functions in functions.
func (f Function) inner() Function {
	v, err := f.Value(Host{})
	c, ok := v.(*closure)
	if err != nil || !ok || len(c.params.List) > 0 {
		return f
	}
	for _, stmt := range c.body {
		if r, ok := stmt.(*js.ReturnStmt); ok {
			s := frozenScope(c.scope)
			s.declare(c.body)
			return Function{r.Value, s}
		}
	}
	return f
}

// resolveObject follows names and imports to an object literal; nil for none.
func (f Function) resolveObject() (*js.ObjectExpr, *scope) {
	expr, s := f.expr, f.scope
	for range maxDepth {
		switch x := expr.(type) {
		case *js.ObjectExpr:
			return x, s
		case *js.GroupExpr:
			expr = x.X
		case *js.Var:
			b, at := s.lookup(string(x.Data))
			switch {
			case b == nil:
				return nil, nil
			case b.module != "":
				expr, s = at.moduleOf().importedExpr(b.module, b.export)
			default:
				expr, s = b.expr, at
			}
		case *js.CallExpr:
			name := ""
			if dottedName(x.X) == "require" && len(x.Args.List) == 1 {
				name, _ = stringLiteral(x.Args.List[0].Value)
			}
			m := s.moduleOf()
			if m == nil || name == "" {
				return nil, nil
			}
			expr, s = m.importedExpr(name, "default")
		default:
			return nil, nil
		}
	}
	return nil, nil
}
