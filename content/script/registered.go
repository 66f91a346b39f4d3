package script

import (
	"slices"

	"github.com/tdewolff/parse/v2/js"
)

// Registered returns the functions that the scripts pass to one of the methods with a name, as in
// addFilter("name", function). The last of a name wins. Loops over an object of functions count.
func (p *Program) Registered(methods ...string) map[string]Function {
	return p.findCalls(methods).found
}

// Callbacks returns the functions that the scripts pass to a method as its only argument.
func (p *Program) Callbacks(method string) []Function {
	return p.findCalls([]string{method}).callbacks
}

func (p *Program) findCalls(methods []string) *finder {
	w := &finder{methods: methods, found: map[string]Function{}}
	for _, m := range p.order {
		w.walk(m)
	}
	return w
}

// finder finds calls of methods, and keeps track of scopes.
type finder struct {
	methods   []string
	found     map[string]Function
	callbacks []Function // passed without a name
	scope     *scope
	scopes    []*scope // all that were opened
	stack     []*scope
}

func (w *finder) walk(m *module) {
	w.scope = m.scope
	for _, stmt := range m.statements {
		js.Walk(w, stmt)
	}
}

func (w *finder) Enter(n js.INode) js.IVisitor {
	w.stack = append(w.stack, w.scope)
	switch f := n.(type) {
	case *js.ArrowFunc:
		w.openScope(f.Body.List, f.Params)
	case *js.FuncDecl:
		w.openScope(f.Body.List, f.Params)
	case *js.MethodDecl:
		w.openScope(f.Body.List, f.Params)
	case *js.BlockStmt:
		w.openScope(f.List, js.Params{})
	case *js.ForOfStmt:
		w.openLoop(f.Init)
	case *js.ForInStmt:
		w.openLoop(f.Init)
	case *js.ForStmt:
		w.openLoop(f.Init)
	case *js.CallExpr:
		w.visitCall(f)
	}
	return w
}

// openLoop opens the scope of a loop, whose variables are unknown.
func (w *finder) openLoop(init js.IExpr) {
	w.openScope(nil, js.Params{})
	if d, ok := init.(*js.VarDecl); ok {
		for _, name := range declaredNames(d) {
			w.scope.set(name, &binding{unbound: true})
		}
	}
}

func (w *finder) Exit(js.INode) {
	w.scope = w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
}

// openScope opens a scope. Its parameters are unknown: the function is not called.
func (w *finder) openScope(list []js.IStmt, params js.Params) {
	s := frozenScope(w.scope)
	for _, p := range params.List {
		for _, name := range boundNames(p.Binding) {
			s.set(name, &binding{unbound: true})
		}
	}
	s.declare(list)
	w.scope = s
	w.scopes = append(w.scopes, s)
}

func (w *finder) visitCall(c *js.CallExpr) {
	dot, ok := c.X.(*js.DotExpr)
	if !ok {
		return
	}
	if identifier(dot.Y) == "forEach" {
		w.addEntries(c, dot)
	}
	if !slices.Contains(w.methods, identifier(dot.Y)) || len(c.Args.List) == 0 {
		return
	}
	if len(c.Args.List) == 1 {
		w.callbacks = append(w.callbacks, Function{c.Args.List[0].Value, w.scope})
		return
	}
	name, value := c.Args.List[0].Value, c.Args.List[len(c.Args.List)-1].Value
	if text, ok := stringLiteral(name); ok {
		w.found[text] = Function{value, w.scope}
		return
	}
	index, ok := value.(*js.IndexExpr)
	if !ok || dottedName(index.Y) == "" || dottedName(index.Y) != dottedName(name) {
		return
	}
	w.addMembers(index.X) // addFilter(name, filters[name])
}

// addEntries adds the functions of Object.entries(filters).forEach(([name, f]) =>
// config.addFilter(name, f)).
func (w *finder) addEntries(c *js.CallExpr, dot *js.DotExpr) {
	of, ok := dot.X.(*js.CallExpr)
	if !ok || dottedName(of.X) != "Object.entries" || len(of.Args.List) != 1 || len(c.Args.List) == 0 {
		return
	}
	arrow, ok := c.Args.List[0].Value.(*js.ArrowFunc)
	if !ok || len(arrow.Params.List) == 0 {
		return
	}
	names := boundNames(arrow.Params.List[0].Binding)
	inner := &argumentNames{methods: w.methods}
	js.Walk(inner, &arrow.Body)
	if len(names) == 2 && inner.name == names[0] && inner.value == names[1] {
		w.addMembers(of.Args.List[0].Value)
	}
}

// argumentNames finds the names of the first two arguments of a call.
type argumentNames struct {
	methods     []string
	name, value string
}

func (h *argumentNames) Enter(n js.INode) js.IVisitor {
	if c, ok := n.(*js.CallExpr); ok && h.name == "" && len(c.Args.List) >= 2 {
		if dot, ok := c.X.(*js.DotExpr); ok && slices.Contains(h.methods, identifier(dot.Y)) {
			h.name, h.value = dottedName(c.Args.List[0].Value), dottedName(c.Args.List[1].Value)
		}
	}
	return h
}

func (h *argumentNames) Exit(js.INode) {}

// addMembers adds all functions of an object under their names.
func (w *finder) addMembers(object js.IExpr) {
	v, err := Function{object, w.scope}.Value(Host{})
	if err != nil {
		return
	}
	if o, ok := v.(*Object); ok {
		for _, key := range o.keys {
			if f, ok := o.values[key].(*closure); ok {
				w.found[key] = f.asFunction()
			}
		}
	}
}
