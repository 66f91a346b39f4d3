package script

import (
	"slices"
	"strings"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

// Unknown is a value that depends on something unknown.
type Unknown struct{ kind kind }

// kind is what is known of an unknown value.
type kind int

const (
	anyKind kind = iota
	stringKind
	boolKind
	falsyKind
	truthyKind
)

// UnknownString returns a string of which nothing else is known.
func UnknownString() Unknown { return Unknown{stringKind} }

// IsAny reports whether nothing is known of the value, not even its type.
func (u Unknown) IsAny() bool { return u.kind == anyKind }

// MayBe reports whether v is an unknown value that may be b itself.
func MayBe(v any, b bool) bool {
	u, ok := v.(Unknown)
	return ok && (u.kind == anyKind || u.kind == boolKind || b && u.kind == truthyKind || !b && u.kind == falsyKind)
}

// Limits of the paths through a function that are followed.
const (
	maxConditions = 16 // unknown ones, on one path
	maxPaths      = 64
)

// Results returns the values that the function may return for the arguments, an Unknown for unknown
// ones: after an unknown condition both paths are followed. An expression that is not a function has
// its own value.
func (f Function) Results(host Host, args ...any) []any {
	e := newEvaluator(host)
	e.exploring = true
	var results []any
	for range maxPaths {
		if v := e.pathResult(f, args); !slices.Contains(results, v) {
			results = append(results, v)
		}
		if !e.nextPath() {
			return results
		}
	}
	return append(results, Unknown{})
}

// pathResult returns what the function returns on the present path.
func (e *evaluator) pathResult(f Function, args []any) (v any) {
	e.cache, e.writes, e.decided, e.depth = map[*binding]any{}, map[propertyRef]any{}, 0, 0
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(evalError); !ok {
				panic(r)
			}
			v = Unknown{}
		}
	}()
	v = e.eval(f.expr, f.scope)
	for range maxReturnedFunctions {
		if c, ok := v.(*closure); ok {
			v = e.call(c, args)
		}
	}
	switch x := checkSize(v).(type) {
	case nil, Undefined, bool, float64, string, time.Time, *Array, *Object, Unknown:
		return x
	case libraryDate:
		return x.t
	}
	return Unknown{}
}

// maxReturnedFunctions limits how many functions that functions return are called.
const maxReturnedFunctions = 4

// nextPath turns to the next path through unknown conditions. It reports whether there is one.
func (e *evaluator) nextPath() bool {
	e.decisions = e.decisions[:e.decided]
	for len(e.decisions) > 0 && !e.decisions[len(e.decisions)-1] {
		e.decisions = e.decisions[:len(e.decisions)-1]
	}
	if len(e.decisions) == 0 || e.steps > maxSteps {
		return false
	}
	e.decisions[len(e.decisions)-1] = false
	return true
}

// decide returns how an unknown condition is decided on this path.
func (e *evaluator) decide() bool {
	if e.decided == len(e.decisions) {
		if e.decided == maxConditions {
			abort("too many conditions")
		}
		e.decisions = append(e.decisions, true)
	}
	e.decided++
	return e.decisions[e.decided-1]
}

// isTruthy reports whether a value is truthy on this path.
func (e *evaluator) isTruthy(v any) bool {
	u, ok := v.(Unknown)
	switch {
	case !ok:
		return toBoolean(v)
	case u.kind == truthyKind || u.kind == falsyKind:
		return u.kind == truthyKind
	}
	return e.decide()
}

// narrow returns what an unknown value is after its truth was decided.
func narrow(v any, truth bool) any {
	u, ok := v.(Unknown)
	switch {
	case !ok:
		return v
	case u.kind == boolKind:
		return truth
	case u.kind == stringKind && !truth:
		return ""
	case u.kind == anyKind && truth:
		return Unknown{truthyKind}
	case u.kind == anyKind:
		return Unknown{falsyKind}
	}
	return v
}

// recoverUnknown recovers from the failure of an expression, whose value is then unknown.
func (e *evaluator) recoverUnknown(expr js.IExpr, v *any) {
	r := recover()
	if r == nil {
		return
	}
	if f, ok := r.(evalError); !ok || f.fatal {
		panic(r)
	}
	*v = Unknown{resultKind(expr)}
}

func resultKind(expr js.IExpr) kind {
	switch x := expr.(type) {
	case *js.TemplateExpr:
		return stringKind
	case *js.UnaryExpr:
		if x.Op == js.NotToken {
			return boolKind
		}
		if x.Op == js.TypeofToken {
			return stringKind
		}
	case *js.BinaryExpr:
		switch x.Op {
		case js.EqEqToken, js.EqEqEqToken, js.NotEqToken, js.NotEqEqToken, js.LtToken, js.GtToken, js.LtEqToken, js.GtEqToken, js.InToken, js.InstanceofToken:
			return boolKind
		}
	}
	return anyKind
}

// requireKnown fails where one of the values is unknown.
func requireKnown(values ...any) {
	for _, v := range values {
		if _, ok := v.(Unknown); ok {
			fail("unknown value")
		}
	}
}

// unknownMethod returns what a method of an unknown value returns.
func unknownMethod(u Unknown, name string) any {
	if u.kind == stringKind && slices.Contains(stringMethods, name) {
		return u
	}
	return Unknown{}
}

// stringMethods are the methods of strings that return strings.
var stringMethods = strings.Fields(`toLowerCase toUpperCase trim trimStart trimEnd toString padStart padEnd concat charAt repeat slice substring
	substr replace replaceAll normalize`)

// isUnknownString reports whether the sum of two values is an unknown string.
func isUnknownString(a, b any) bool {
	_, aUnknown := a.(Unknown)
	_, bUnknown := b.(Unknown)
	isText := func(v any) bool {
		_, ok := v.(string)
		return ok || v == any(UnknownString())
	}
	return (aUnknown || bUnknown) && (isText(a) || isText(b))
}
