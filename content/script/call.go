package script

import (
	"github.com/tdewolff/parse/v2/js"
)

// call calls a function of the script, or one that this package knows.
func (e *evaluator) call(f any, args []any) any {
	e.step()
	switch f := f.(type) {
	case nativeFunc:
		requireKnown(args...)
		return f(e, args)
	case *closure:
		return e.callClosure(f, args)
	case packageExport:
		requireKnown(args...)
		return callPackage(e, f, args)
	case global:
		return callGlobal(e, string(f), args)
	}
	fail("call of an unknown function")
	return nil
}

// callClosure runs the body of a function. Where a statement is unknown, so is what it changes: the
// evaluation ends.
func (e *evaluator) callClosure(f *closure, args []any) any {
	s := newScope(f.scope)
	host := e.host
	defer func() { e.host = host }()
	defer abortOnFailure()
	e.bindParameters(f.params, args, s)
	if o, ok := f.this.(*Object); ok {
		e.host.This = o
	}
	v, _ := e.execList(f.body, s)
	return v
}

func (e *evaluator) bindParameters(params js.Params, args []any, s *scope) {
	for i, p := range params.List {
		var v any = Undefined{}
		if i < len(args) {
			v = args[i]
		}
		if _, missing := v.(Undefined); missing && p.Default != nil {
			v = e.eval(p.Default, s)
		}
		e.bind(p.Binding, v, s)
	}
	if params.Rest != nil {
		rest := &Array{}
		if len(args) > len(params.List) {
			rest.Items = append(rest.Items, args[len(params.List):]...)
		}
		e.bind(params.Rest, rest, s)
	}
}

// bind declares the names of a pattern, with the parts of a value.
func (e *evaluator) bind(to js.IBinding, v any, s *scope) {
	switch b := to.(type) {
	case nil:
	case *js.Var:
		s.set(string(b.Data), &binding{value: v, evaluated: true})
	case *js.BindingArray:
		items := e.iterate(v)
		for i, part := range b.List {
			var item any = Undefined{}
			if i < len(items) {
				item = items[i]
			}
			e.bindElement(part, item, s)
		}
		if b.Rest != nil {
			e.bind(b.Rest, &Array{Items: append([]any{}, items[min(len(items), len(b.List)):]...)}, s)
		}
	case *js.BindingObject:
		if b.Rest != nil {
			fail("unsupported rest of an object")
		}
		for _, item := range b.List {
			key := ""
			if item.Key != nil {
				key = e.propertyName(item.Key, s)
			} else if name, ok := item.Value.Binding.(*js.Var); ok {
				key = string(name.Data)
			}
			e.bindElement(item.Value, e.patternMember(v, key), s)
		}
	}
}

// patternMember returns a member that a pattern takes out of a value.
func (e *evaluator) patternMember(v any, key string) (part any) {
	if e.exploring {
		defer e.recoverUnknown(nil, &part)
	}
	return e.member(v, key)
}

func (e *evaluator) bindElement(part js.BindingElement, v any, s *scope) {
	if _, missing := v.(Undefined); missing && part.Default != nil {
		v = e.eval(part.Default, s)
	}
	e.bind(part.Binding, v, s)
}

func argAt(args []any, n int) any {
	if n < len(args) {
		return args[n]
	}
	return Undefined{}
}
