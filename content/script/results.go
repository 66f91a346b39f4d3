package script

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

// Unknown is a value that depends on what is not known here.
type Unknown struct{ kind kind }

// kind is what is known of an unknown value.
type kind int

const (
	anything kind = iota
	aText
	aBool
	isFalse // it counts as false
	isTrue
)

// UnknownText returns a text of which nothing else is known.
func UnknownText() Unknown { return Unknown{aText} }

// IsAnything reports whether nothing at all is known of the value.
func (u Unknown) IsAnything() bool { return u.kind == anything }

// MayBe reports whether v is an unknown value that may be b itself.
func MayBe(v any, b bool) bool {
	u, ok := v.(Unknown)
	return ok && (u.kind == anything || u.kind == aBool || b && u.kind == isTrue || !b && u.kind == isFalse)
}

// Bounds of the ways through a function that are followed.
const (
	maxConditions = 16 // that are not known, in one way
	maxWays       = 64
)

// Results returns the values that the function may return for the arguments, an
// Unknown for those that are not known: after a condition that is not known, both ways
// are followed. An expression that is no function has its own value.
func (f Function) Results(host Host, args ...any) []any {
	e := newEvaluator(host)
	e.explores = true
	var results []any
	for range maxWays {
		if v := e.result(f, args); !slices.Contains(results, v) {
			results = append(results, v)
		}
		if !e.nextWay() {
			return results
		}
	}
	return append(results, Unknown{})
}

// result returns what the function returns on the present way through it.
func (e *evaluator) result(f Function, args []any) (v any) {
	e.found, e.written, e.at, e.depth = map[*binding]any{}, map[property]any{}, 0, 0
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(failure); !ok {
				panic(r)
			}
			v = Unknown{}
		}
	}()
	v = e.eval(f.expr, f.scope)
	for range maxInner {
		if c, ok := v.(*closure); ok {
			v = e.call(c, args)
		}
	}
	switch x := whole(v).(type) {
	case nil, Undefined, bool, float64, string, time.Time, *List, *Object, Unknown:
		return x
	case moment:
		return x.t
	}
	return Unknown{}
}

// maxInner is how deep functions are looked for that functions return.
const maxInner = 4

// nextWay turns to the next way to decide the conditions that are not known. It reports
// whether there is one.
func (e *evaluator) nextWay() bool {
	e.way = e.way[:e.at]
	for len(e.way) > 0 && !e.way[len(e.way)-1] {
		e.way = e.way[:len(e.way)-1]
	}
	if len(e.way) == 0 || e.steps > maxSteps {
		return false
	}
	e.way[len(e.way)-1] = false
	return true
}

// decide returns how a condition that is not known is decided on this way.
func (e *evaluator) decide() bool {
	if e.at == len(e.way) {
		if e.at == maxConditions {
			fatal("what depends on so much")
		}
		e.way = append(e.way, true)
	}
	e.at++
	return e.way[e.at-1]
}

// truth reports whether a value counts as true on this way.
func (e *evaluator) truth(v any) bool {
	u, ok := v.(Unknown)
	switch {
	case !ok:
		return truth(v)
	case u.kind == isTrue || u.kind == isFalse:
		return u.kind == isTrue
	}
	return e.decide()
}

// decided returns an unknown value after its truth was decided.
func decided(v any, truth bool) any {
	u, ok := v.(Unknown)
	switch {
	case !ok:
		return v
	case u.kind == aBool:
		return truth
	case u.kind == aText && !truth:
		return ""
	case u.kind == anything && truth:
		return Unknown{isTrue}
	case u.kind == anything:
		return Unknown{isFalse}
	}
	return v
}

// unknownInstead recovers from the failure of an expression, whose value is then unknown.
func (e *evaluator) unknownInstead(expr js.IExpr, v *any) {
	r := recover()
	if r == nil {
		return
	}
	if f, ok := r.(failure); !ok || f.fatal {
		panic(r)
	}
	*v = Unknown{kindOf(expr)}
}

func kindOf(expr js.IExpr) kind {
	switch x := expr.(type) {
	case *js.TemplateExpr:
		return aText
	case *js.UnaryExpr:
		if x.Op == js.NotToken {
			return aBool
		}
		if x.Op == js.TypeofToken {
			return aText
		}
	case *js.BinaryExpr:
		switch x.Op {
		case js.EqEqToken, js.EqEqEqToken, js.NotEqToken, js.NotEqEqToken, js.LtToken, js.GtToken, js.LtEqToken, js.GtEqToken, js.InToken, js.InstanceofToken:
			return aBool
		}
	}
	return anything
}

// makeFatal makes a failure end the evaluation of the present way.
func makeFatal() {
	r := recover()
	if f, ok := r.(failure); ok {
		f.fatal = true
		r = f
	}
	if r != nil {
		panic(r)
	}
}

// needKnown fails where one of the values is unknown.
func needKnown(values ...any) {
	for _, v := range values {
		if _, ok := v.(Unknown); ok {
			unknown("a value")
		}
	}
}

// unknownMethod returns what a method of an unknown value returns.
func unknownMethod(u Unknown, name string) any {
	if u.kind == aText && slices.Contains(textMethods, name) {
		return u
	}
	return Unknown{}
}

// textMethods are the methods of a text that return a text.
var textMethods = strings.Fields(`toLowerCase toUpperCase trim trimStart trimEnd toString padStart padEnd concat charAt repeat slice substring
	substr replace replaceAll normalize`)

// isUnknownText reports whether the sum of two values is a text that is not known.
func isUnknownText(a, b any) bool {
	_, aUnknown := a.(Unknown)
	_, bUnknown := b.(Unknown)
	isText := func(v any) bool {
		_, ok := v.(string)
		return ok || v == any(UnknownText())
	}
	return (aUnknown || bUnknown) && (isText(a) || isText(b))
}

// Source returns the function as code; "" where the scripts do not spell it out.
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
