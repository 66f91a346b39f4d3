package script

import (
	"regexp"

	"github.com/tdewolff/parse/v2/js"
)

// scope holds the names of a module, a function or a block. Those outside the function
// that is evaluated are worked out when they are asked for.
type scope struct {
	outer  *scope
	module *module
	names  map[string]*binding
	text   string // of the module, in its own scope
	frozen bool   // it is around the function that is evaluated: nothing in it changes
}

// binding is what a name stands for: a value, or an expression for it, or an export
// of a module.
type binding struct {
	expr      js.IExpr
	value     any
	evaluated bool
	unbound   bool // a parameter of a function that nobody has called
	module    string
	export    string
	pattern   js.IBinding // the pattern that takes the value apart; nil for none
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

// declare names what a list of statements declares, without working it out.
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

// isAssigned reports that the module gives a variable another value somewhere, so that
// the one that it is declared with may not be the one that a function finds.
func (m *module) isAssigned(name string) bool {
	quoted := regexp.QuoteMeta(name)
	again := regexp.MustCompile(`(?:^|[^\w$.])` + quoted + `\s*(?:[-+*/%&|^?]{1,2}=[^=]|\+\+|--|=[^=>])`)
	first := regexp.MustCompile(`\b(?:let|var)\s+` + quoted + `\s*=[^=>]`)
	return len(again.FindAllString(m.scope.text, 3)) > len(first.FindAllString(m.scope.text, 3))
}
