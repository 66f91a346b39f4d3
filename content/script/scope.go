package script

import (
	"regexp"

	"github.com/tdewolff/parse/v2/js"
)

// scope holds the names of a module, a function or a block. Names outside the function that is
// evaluated are evaluated when they are used.
type scope struct {
	outer  *scope
	module *module
	names  map[string]*binding
	text   string // of the module, in the module's own scope
	frozen bool   // around the function that is evaluated: nothing in it changes
}

// binding is what a name stands for: a value, an expression, or an export of a module.
type binding struct {
	expr      js.IExpr
	value     any
	evaluated bool
	unbound   bool // a parameter of a function that is not called, or the variable of a loop
	module    string
	export    string
	pattern   js.IBinding // destructures the value; nil for none
	constant  bool        // const
}

// newScope returns an empty scope.
func newScope(outer *scope) *scope { return &scope{outer: outer, names: map[string]*binding{}} }

// frozenScope returns an empty scope around functions that may be evaluated: nothing in it changes.
func frozenScope(outer *scope) *scope {
	s := newScope(outer)
	s.frozen = true
	return s
}

func (s *scope) set(name string, b *binding) { s.names[name] = b }

func (s *scope) lookup(name string) (*binding, *scope) {
	for at := s; at != nil; at = at.outer {
		if b := at.names[name]; b != nil {
			return b, at
		}
	}
	return nil, nil
}

func (s *scope) moduleOf() *module {
	for at := s; at != nil; at = at.outer {
		if at.module != nil {
			return at.module
		}
	}
	return nil
}

// declare adds the names that statements declare, without evaluating them.
func (s *scope) declare(list []js.IStmt) {
	for _, stmt := range list {
		switch d := stmt.(type) {
		case *js.VarDecl:
			s.declareVars(d)
		case *js.FuncDecl:
			if d.Name != nil {
				s.set(string(d.Name.Data), &binding{expr: d})
			}
		}
	}
}

func (s *scope) declareVars(d *js.VarDecl) {
	for _, e := range d.List {
		switch b := e.Binding.(type) {
		case *js.Var:
			s.set(string(b.Data), &binding{expr: e.Default, constant: d.TokenType == js.ConstToken})
		default:
			for _, name := range boundNames(b) {
				s.set(name, &binding{expr: e.Default, pattern: b, constant: d.TokenType == js.ConstToken})
			}
		}
	}
}

// isAssigned reports whether the module reassigns a variable somewhere, so that a function may see
// another value than the declared one.
func (m *module) isAssigned(name string) bool {
	quoted := regexp.QuoteMeta(name)
	again := regexp.MustCompile(`(?:^|[^\w$.])` + quoted + `\s*(?:[-+*/%&|^?]{1,2}=[^=]|\+\+|--|=[^=>])`)
	first := regexp.MustCompile(`\b(?:let|var)\s+` + quoted + `\s*=[^=>]`)
	return len(again.FindAllString(m.scope.text, 3)) > len(first.FindAllString(m.scope.text, 3))
}
