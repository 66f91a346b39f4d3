package script

import (
	"math"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

func (e *evaluator) unary(x *js.UnaryExpr, s *scope) any {
	switch x.Op {
	case js.NotToken:
		v := e.eval(x.X, s)
		if u, ok := v.(Unknown); ok && u.kind != truthyKind && u.kind != falsyKind {
			return Unknown{boolKind}
		}
		return !e.isTruthy(v)
	case js.NegToken, js.SubToken:
		return -toNumber(e.eval(x.X, s))
	case js.PosToken, js.AddToken:
		return toNumber(e.eval(x.X, s))
	case js.AwaitToken:
		return e.eval(x.X, s)
	case js.TypeofToken:
		v := e.eval(x.X, s)
		if v != (Unknown{stringKind}) {
			requireKnown(v)
		}
		return typeName(v)
	case js.PreIncrToken, js.PostIncrToken, js.PreDecrToken, js.PostDecrToken:
		before := toNumber(e.eval(x.X, s))
		after := before + 1
		if x.Op == js.PreDecrToken || x.Op == js.PostDecrToken {
			after = before - 1
		}
		e.assign(x.X, after, s)
		if x.Op == js.PostIncrToken || x.Op == js.PostDecrToken {
			return before
		}
		return after
	}
	fail("unsupported operator")
	return nil
}

func typeName(v any) string {
	switch v.(type) {
	case Undefined:
		return "undefined"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string, Unknown:
		return "string"
	case *closure, nativeFunc:
		return "function"
	}
	return "object"
}

func (e *evaluator) binary(x *js.BinaryExpr, s *scope) any {
	switch x.Op {
	case js.AndToken, js.OrToken, js.NullishToken:
		return e.logical(x, s)
	case js.EqToken:
		v := e.eval(x.Y, s)
		e.assign(x.X, v, s)
		return v
	case js.AddEqToken, js.SubEqToken, js.MulEqToken, js.DivEqToken:
		op := map[js.TokenType]js.TokenType{js.AddEqToken: js.AddToken, js.SubEqToken: js.SubToken, js.MulEqToken: js.MulToken, js.DivEqToken: js.DivToken}[x.Op]
		left, right := e.eval(x.X, s), e.eval(x.Y, s)
		v := e.compound(x, op, left, right)
		e.assign(x.X, v, s)
		return v
	}
	left, right := e.eval(x.X, s), e.eval(x.Y, s)
	switch x.Op {
	case js.LtToken, js.GtToken, js.LtEqToken, js.GtEqToken:
		if right == any(currentTime{}) && e.isPageDate(left) {
			left, right = 0.0, 1.0
		} else if left == any(currentTime{}) && e.isPageDate(right) {
			left, right = 1.0, 0.0
		}
	}
	return binaryOperator(x.Op, left, right)
}

// logical evaluates &&, || and ??.
func (e *evaluator) logical(x *js.BinaryExpr, s *scope) any {
	left := e.eval(x.X, s)
	if x.Op == js.NullishToken {
		u, ok := left.(Unknown)
		if ok && u.kind != stringKind && u.kind != boolKind && u.kind != truthyKind {
			if e.decide() {
				return left
			}
			return e.eval(x.Y, s)
		}
		if !isNullish(left) {
			return left
		}
		return e.eval(x.Y, s)
	}
	if truth := e.isTruthy(left); truth == (x.Op == js.OrToken) {
		return narrow(left, truth)
	}
	return e.eval(x.Y, s)
}

// compound returns the new value of a variable after += and the like.
func (e *evaluator) compound(x js.IExpr, op js.TokenType, left, right any) (v any) {
	if e.exploring {
		defer e.recoverUnknown(x, &v)
	}
	return binaryOperator(op, left, right)
}

func (e *evaluator) isPageDate(v any) bool {
	switch v.(type) {
	case time.Time, float64, libraryDate:
		return !e.host.Date.IsZero() && toNumber(v) == float64(e.host.Date.UnixMilli())
	}
	return false
}

func binaryOperator(op js.TokenType, a, b any) any {
	if op == js.AddToken && isUnknownString(a, b) {
		return UnknownString()
	}
	requireKnown(a, b)
	switch op {
	case js.EqEqEqToken:
		return strictlyEqual(a, b)
	case js.NotEqEqToken:
		return !strictlyEqual(a, b)
	case js.EqEqToken:
		return looselyEqual(a, b)
	case js.NotEqToken:
		return !looselyEqual(a, b)
	case js.InstanceofToken:
		return instanceOf(a, b)
	case js.AddToken:
		_, isText := a.(string)
		_, isOther := b.(string)
		_, isList := a.(*Array)
		if isText || isOther || isList {
			out := toString(a) + toString(b)
			if len(out) > maxBytes {
				fail("string too long")
			}
			return out
		}
	case js.LtToken, js.GtToken, js.LtEqToken, js.GtEqToken:
		return compare(op, a, b)
	case js.InToken:
		return hasProperty(b, a)
	}
	x, y := toNumber(a), toNumber(b)
	switch op {
	case js.AddToken:
		return x + y
	case js.SubToken:
		return x - y
	case js.MulToken:
		return x * y
	case js.DivToken:
		return x / y
	case js.ModToken:
		return math.Mod(x, y)
	case js.ExpToken:
		return math.Pow(x, y)
	}
	fail("unsupported operator")
	return nil
}

func compare(op js.TokenType, a, b any) bool {
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return ordered(op, x, y)
		}
	}
	return ordered(op, toNumber(a), toNumber(b))
}

func ordered[T string | float64](op js.TokenType, x, y T) bool {
	switch op {
	case js.LtToken:
		return x < y
	case js.GtToken:
		return x > y
	case js.LtEqToken:
		return x <= y
	}
	return x >= y
}

func instanceOf(v, of any) bool {
	g, ok := of.(global)
	switch {
	case ok && g == "Date":
		_, is := v.(time.Time)
		return is
	case ok && g == "Array":
		_, is := v.(*Array)
		return is
	}
	fail("unsupported instanceof")
	return false
}

// assign changes a variable of the function that is evaluated. Variables outside it do not change:
// another call would see it.
func (e *evaluator) assign(to js.IExpr, v any, s *scope) {
	switch to := to.(type) {
	case *js.Var:
		if b, at := s.lookup(string(to.Data)); b != nil && !at.frozen && b.evaluated {
			b.value = v
			return
		}
	case *js.DotExpr:
		if o, ok := e.eval(to.X, s).(*Object); ok && e.setProperty(o, identifier(to.Y), v) {
			return
		}
	case *js.IndexExpr:
		if o, ok := e.eval(to.X, s).(*Object); ok && e.setProperty(o, toString(e.eval(to.Y, s)), v) {
			return
		}
	}
	abort("unsupported assignment")
}

// setProperty sets a property of an object; of one of the caller's, only on the present path. It
// reports whether that is possible.
func (e *evaluator) setProperty(o *Object, key string, v any) bool {
	switch {
	case o.Lookup == nil && o.mutable:
		o.Set(key, v)
	case e.exploring && o.Lookup != nil:
		e.writes[propertyRef{o, key}] = v
	default:
		return false
	}
	return true
}
