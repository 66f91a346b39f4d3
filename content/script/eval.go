package script

import (
	"strconv"
	"strings"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

// Limits of one evaluation.
const (
	maxSteps = 20_000
	maxDepth = 60
	maxBytes = 256 << 10 // of one string
	maxItems = 5_000     // of one array
	// bytesPerStep is how much of a string is gone through in the time of a step; a regular
	// expression takes a step for each byte.
	bytesPerStep = 64
	maxParts     = 50_000 // of a result: values in its arrays and objects
)

// evaluator evaluates one call, or all paths through one.
type evaluator struct {
	host  Host
	steps int
	depth int
	cache map[*binding]any // values of names outside the function; inProgress during their evaluation

	exploring bool                // an unknown value is an Unknown, and does not end the evaluation
	decisions []bool              // how unknown conditions are decided on this path, in the order in which they are met
	decided   int                 // how many of them were met so far
	writes    map[propertyRef]any // what properties of the caller's objects are set to
}

// propertyRef is a property of an object.
type propertyRef struct {
	of  *Object
	key string
}

// inProgress is the value of a name while it is evaluated.
type inProgress struct{}

func newEvaluator(host Host) *evaluator {
	if host.Zone == nil {
		host.Zone = time.UTC
	}
	return &evaluator{host: host, cache: map[*binding]any{}}
}

func (e *evaluator) step() {
	if e.steps++; e.steps > maxSteps {
		abort("too many steps")
	}
	e.work(1)
}

// enter begins a step of an expression within another, which leave ends.
func (e *evaluator) enter() {
	e.step()
	if e.depth++; e.depth > maxDepth {
		abort("nested too deep")
	}
}

func (e *evaluator) leave() { e.depth-- }

// work counts more than a step's usual work, such as going through a string.
func (e *evaluator) work(n int) {
	if e.host.Step != nil {
		e.host.Step(n)
	}
}

func (e *evaluator) eval(expr js.IExpr, s *scope) (v any) {
	e.enter()
	defer e.leave()
	if e.exploring {
		defer e.recoverUnknown(expr, &v)
	}
	switch x := expr.(type) {
	case nil:
		return Undefined{}
	case *js.LiteralExpr:
		return e.simpleLiteral(x)
	case *js.Var:
		return e.variable(string(x.Data), s)
	case *js.GroupExpr:
		return e.eval(x.X, s)
	case *js.TemplateExpr:
		return e.templateLiteral(x, s)
	case *js.ArrayExpr:
		return e.arrayLiteral(x, s)
	case *js.ObjectExpr:
		return e.objectLiteral(x, s)
	case *js.ArrowFunc:
		return &closure{params: x.Params, body: x.Body.List, scope: s, arrow: true, expr: x}
	case *js.FuncDecl:
		return &closure{params: x.Params, body: x.Body.List, scope: s, expr: x}
	case *js.CondExpr:
		if e.isTruthy(e.eval(x.Cond, s)) {
			return e.eval(x.X, s)
		}
		return e.eval(x.Y, s)
	case *js.UnaryExpr:
		return e.unary(x, s)
	case *js.BinaryExpr:
		return e.binary(x, s)
	case *js.DotExpr, *js.IndexExpr, *js.CallExpr:
		v, _ := e.chain(expr, s)
		return v
	case *js.NewExpr:
		return e.construct(x, s)
	case *js.CommaExpr:
		var last any
		for _, item := range x.List {
			last = e.eval(item, s)
		}
		return last
	}
	fail("unsupported expression")
	return nil
}

func (e *evaluator) simpleLiteral(x *js.LiteralExpr) any {
	switch x.TokenType {
	case js.StringToken:
		return stringValue(x.Data)
	case js.TrueToken, js.FalseToken:
		return x.TokenType == js.TrueToken
	case js.NullToken:
		return nil
	case js.ThisToken:
		if e.host.This != nil {
			return e.host.This
		}
	case js.RegExpToken:
		return regexLiteral(string(x.Data))
	}
	if js.IsNumeric(x.TokenType) {
		if f, err := strconv.ParseFloat(strings.ReplaceAll(string(x.Data), "_", ""), 64); err == nil {
			return f
		}
		if n, err := strconv.ParseInt(string(x.Data), 0, 53); err == nil {
			return float64(n)
		}
	}
	fail("unsupported literal " + string(x.Data))
	return nil
}

// variable returns the value of a variable, or of one of JavaScript's own names.
func (e *evaluator) variable(name string, s *scope) any {
	b, at := s.lookup(name)
	if b == nil {
		return lookupGlobal(name)
	}
	if b.evaluated {
		return b.value
	}
	if v, ok := e.cache[b]; ok && v != any(inProgress{}) {
		return v
	} else if ok || b.unbound {
		fail("unknown name " + name)
	}
	if b.module != "" {
		return e.imported(b, at.moduleOf())
	}
	if m := at.moduleOf(); !b.constant && m != nil && m.isAssigned(name) {
		fail(name + " is reassigned")
	}
	e.cache[b] = inProgress{}
	v := e.eval(b.expr, at)
	if b.pattern != nil {
		inner := newScope(nil)
		e.bind(b.pattern, v, inner)
		v = inner.names[name].value
	}
	e.cache[b] = v
	return v
}

func (e *evaluator) imported(b *binding, from *module) any {
	if from == nil {
		fail("unknown module " + b.module)
	}
	m := from.program.resolve(from.path, b.module)
	if m == nil {
		if strings.HasPrefix(b.module, ".") {
			fail("unknown module " + b.module)
		}
		return packageExport{b.module, b.export}
	}
	return e.exported(m, b.export)
}

func (e *evaluator) exported(m *module, name string) any {
	expr := m.exports[name]
	if name == "default" && expr == nil && len(m.exports) > 0 || name == "*" { // require of a module with exports.name = …
		o := NewObject()
		for key, value := range m.exports {
			o.Set(key, e.eval(value, m.scope))
		}
		return o
	}
	if expr == nil {
		fail("unknown export " + name + " of " + m.path)
	}
	return e.eval(expr, m.scope)
}

func (e *evaluator) templateLiteral(x *js.TemplateExpr, s *scope) any {
	tag := dottedName(x.Tag)
	if x.Tag != nil && tag != "html" && tag != "String.raw" {
		fail("unsupported template tag")
	}
	var b strings.Builder
	for _, part := range x.List {
		b.WriteString(unescape(strings.TrimSuffix(string(part.Value[1:]), "${")))
		v := e.eval(part.Expr, s)
		if list, ok := v.(*Array); ok && tag == "html" {
			for _, item := range list.Items {
				b.WriteString(toString(item))
			}
			continue
		}
		if b.WriteString(toString(v)); b.Len() > maxBytes {
			fail("string too long")
		}
	}
	tail := string(x.Tail)
	b.WriteString(unescape(tail[1 : len(tail)-1]))
	return b.String()
}

func (e *evaluator) arrayLiteral(x *js.ArrayExpr, s *scope) any {
	out := &Array{mutable: true}
	for _, item := range x.List {
		v := e.eval(item.Value, s)
		if !item.Spread {
			out.Items = append(out.Items, v)
			continue
		}
		out.Items = append(out.Items, e.iterate(v)...)
	}
	return checkLength(out)
}

func checkLength(l *Array) *Array {
	if len(l.Items) > maxItems {
		fail("array too long")
	}
	return l
}

func (e *evaluator) objectLiteral(x *js.ObjectExpr, s *scope) any {
	o := NewObject()
	o.mutable = true
	for _, p := range x.List {
		if p.Spread {
			more := ownProperties(e.eval(p.Value, s))
			for _, key := range more.keys {
				o.Set(key, more.values[key])
			}
			continue
		}
		if m, ok := p.Value.(*js.MethodDecl); ok {
			o.Set(string(m.Name.Literal.Data), &closure{params: m.Params, body: m.Body.List, scope: s, this: o,
				expr: &js.FuncDecl{Params: m.Params, Body: m.Body}})
			continue
		}
		o.Set(e.propertyName(p.Name, s), e.eval(p.Value, s))
	}
	return o
}

func (e *evaluator) propertyName(name *js.PropertyName, s *scope) string {
	if name.Computed != nil {
		return toString(e.eval(name.Computed, s))
	}
	if name.Literal.TokenType == js.StringToken {
		return stringValue(name.Literal.Data)
	}
	return string(name.Literal.Data)
}

// iterate returns the items that a loop or a spread goes through.
func (e *evaluator) iterate(v any) []any {
	switch v := v.(type) {
	case *Array:
		return v.Items
	case string:
		var out []any
		for _, r := range v {
			out = append(out, string(r))
		}
		return out
	}
	fail("unsupported iteration")
	return nil
}
