package script

import (
	"github.com/tdewolff/parse/v2/js"
)

// flow is how a statement ends.
type flow int

const (
	flowNext flow = iota
	flowReturn
	flowBreak
	flowContinue
)

// execList runs statements in order.
func (e *evaluator) execList(list []js.IStmt, s *scope) (any, flow) {
	e.step() // also for an empty list: it may be a loop's
	for _, stmt := range list {
		if f, ok := stmt.(*js.FuncDecl); ok && f.Name != nil {
			s.set(string(f.Name.Data), &binding{evaluated: true, value: &closure{params: f.Params, body: f.Body.List, scope: s, expr: f}})
		}
	}
	for _, stmt := range list {
		if v, how := e.exec(stmt, s); how != flowNext {
			return v, how
		}
	}
	return Undefined{}, flowNext
}

func (e *evaluator) exec(stmt js.IStmt, s *scope) (any, flow) {
	e.step()
	switch x := stmt.(type) {
	case *js.ReturnStmt:
		return e.eval(x.Value, s), flowReturn
	case *js.ExprStmt:
		e.execExpr(x.Value, s)
	case *js.VarDecl:
		for _, d := range x.List {
			var v any = Undefined{}
			if d.Default != nil {
				v = e.eval(d.Default, s)
			}
			e.bind(d.Binding, v, s)
		}
	case *js.FuncDecl, *js.EmptyStmt, *js.DirectivePrologueStmt, *js.Comment:
	case *js.BlockStmt:
		return e.execList(x.List, newScope(s))
	case *js.IfStmt:
		if e.isTruthy(e.eval(x.Cond, s)) {
			return e.exec(x.Body, s)
		} else if x.Else != nil {
			return e.exec(x.Else, s)
		}
	case *js.ForOfStmt:
		return e.execForOf(x, s)
	case *js.ForStmt:
		return e.execFor(x, s)
	case *js.SwitchStmt:
		return e.execSwitch(x, s)
	case *js.TryStmt:
		v, how := e.execList(x.Body.List, newScope(s))
		if how == flowNext && x.Finally != nil {
			return e.execList(x.Finally.List, newScope(s))
		}
		return v, how
	case *js.BranchStmt:
		if x.Label == nil && x.Type == js.BreakToken {
			return nil, flowBreak
		} else if x.Label == nil {
			return nil, flowContinue
		}
		fail("unsupported label")
	default:
		fail("unsupported statement")
	}
	return Undefined{}, flowNext
}

// execExpr evaluates an expression statement. Output on the console is ignored.
func (e *evaluator) execExpr(x js.IExpr, s *scope) {
	if c, ok := x.(*js.CallExpr); ok {
		if dot, ok := c.X.(*js.DotExpr); ok && dottedName(dot.X) == "console" {
			return
		}
	}
	e.eval(x, s)
}

func (e *evaluator) execForOf(x *js.ForOfStmt, s *scope) (any, flow) {
	d, ok := x.Init.(*js.VarDecl)
	if !ok || len(d.List) != 1 {
		fail("unsupported loop")
	}
	for _, item := range e.iterate(e.eval(x.Value, s)) {
		inner := newScope(s)
		e.bind(d.List[0].Binding, item, inner)
		if v, how := e.execList(x.Body.List, inner); how == flowReturn {
			return v, how
		} else if how == flowBreak {
			break
		}
	}
	return Undefined{}, flowNext
}

func (e *evaluator) execFor(x *js.ForStmt, s *scope) (any, flow) {
	inner := newScope(s)
	if d, ok := x.Init.(*js.VarDecl); ok {
		e.exec(d, inner)
	} else if x.Init != nil {
		e.eval(x.Init, inner)
	}
	for x.Cond == nil || e.isTruthy(e.eval(x.Cond, inner)) {
		v, how := e.execList(x.Body.List, newScope(inner))
		if how == flowReturn {
			return v, how
		} else if how == flowBreak {
			break
		}
		if x.Post != nil {
			e.eval(x.Post, inner)
		}
	}
	return Undefined{}, flowNext
}

func (e *evaluator) execSwitch(x *js.SwitchStmt, s *scope) (any, flow) {
	v := e.eval(x.Init, s)
	at := -1
	for i, c := range x.List {
		if c.TokenType == js.DefaultToken && at < 0 {
			at = i
		} else if c.Cond != nil && e.isTruthy(binaryOperator(js.EqEqEqToken, v, e.eval(c.Cond, s))) {
			at = i
			break
		}
	}
	inner := newScope(s)
	for i := at; i >= 0 && i < len(x.List); i++ {
		if v, how := e.execList(x.List[i].List, inner); how == flowBreak {
			break
		} else if how != flowNext {
			return v, how
		}
	}
	return Undefined{}, flowNext
}
