package script

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

// chain evaluates a.b, a[b] and a(b). short is set where ?. ended it.
func (e *evaluator) chain(expr js.IExpr, s *scope) (v any, short bool) {
	e.enter()
	defer e.leave()
	switch x := expr.(type) {
	case *js.DotExpr:
		if dottedName(x) == "process.env.ELEVENTY_RUN_MODE" {
			return "build", false
		}
		of, short := e.receiver(x.X, x.Optional, s)
		if short {
			return Undefined{}, true
		}
		return e.member(of, identifier(x.Y)), false
	case *js.IndexExpr:
		of, short := e.receiver(x.X, x.Optional, s)
		if short {
			return Undefined{}, true
		}
		return e.index(of, e.eval(x.Y, s)), false
	case *js.CallExpr:
		return e.callChain(x, s)
	}
	return e.eval(expr, s), false
}

// receiver evaluates what is before a dot or a bracket.
func (e *evaluator) receiver(x js.IExpr, optional bool, s *scope) (v any, short bool) {
	v, short = e.chain(x, s)
	return v, short || optional && isNullish(v)
}

func (e *evaluator) callChain(x *js.CallExpr, s *scope) (any, bool) {
	if v, ok := e.requireCall(x, s); ok {
		return v, false
	}
	var f, of any
	method := ""
	switch callee := x.X.(type) {
	case *js.DotExpr:
		target, short := e.receiver(callee.X, callee.Optional, s)
		if short {
			return Undefined{}, true
		}
		of, method = target, identifier(callee.Y)
	case *js.IndexExpr:
		target, short := e.receiver(callee.X, callee.Optional, s)
		if short {
			return Undefined{}, true
		}
		f = e.index(target, e.eval(callee.Y, s))
	default:
		var short bool
		if f, short = e.chain(x.X, s); short {
			return Undefined{}, true
		}
	}
	if method == "" && x.Optional && isNullish(f) {
		return Undefined{}, true
	}
	var args []any
	for _, a := range x.Args.List {
		v := e.eval(a.Value, s)
		if a.Rest {
			args = append(args, e.iterate(v)...)
		} else {
			args = append(args, v)
		}
	}
	if len(args) > maxItems {
		fail("too many arguments")
	}
	if method != "" {
		return e.method(of, method, args), false
	}
	return e.call(f, args), false
}

// requireCall evaluates require("…"); ok is false for other calls.
func (e *evaluator) requireCall(x *js.CallExpr, s *scope) (any, bool) {
	if dottedName(x.X) != "require" || len(x.Args.List) != 1 {
		return nil, false
	}
	name, ok := stringLiteral(x.Args.List[0].Value)
	if !ok {
		fail("unknown module")
	}
	return e.imported(&binding{module: name, export: "default"}, s.moduleOf()), true
}

func (e *evaluator) member(v any, name string) any {
	switch o := v.(type) {
	case Unknown:
		return Unknown{}
	case *Object:
		if v, ok := e.writes[propertyRef{o, name}]; ok {
			return v
		}
		return o.get(name)
	case *Array:
		if name == "length" {
			return float64(len(o.Items))
		}
	case string:
		if name == "length" {
			return float64(utf16Length(o))
		}
	case packageExport:
		if o.name == "default" {
			return packageExport{o.module, name}
		}
		return packageExport{o.module, o.name + "." + name}
	case global:
		return globalMember(o, name)
	case libraryDate:
		return o.member(name)
	case bool, float64, time.Time:
	default:
		fail(name + " of an unsupported value")
	}
	switch v.(type) {
	case *Array, string:
		if isMethod(name) {
			fail("unsupported value: the method " + name)
		}
		return Undefined{}
	}
	fail("unsupported property " + name)
	return nil
}

func (e *evaluator) index(v, key any) any {
	n, isNumber := key.(float64)
	if !isNumber {
		if at, err := strconv.Atoi(toString(key)); err == nil {
			n, isNumber = float64(at), true
		}
	}
	switch o := v.(type) {
	case *Array:
		if isNumber && n == math.Trunc(n) {
			if n >= 0 && n < float64(len(o.Items)) {
				return o.Items[int(n)]
			}
			return Undefined{}
		}
	case string:
		if isNumber && n == math.Trunc(n) {
			if n < 0 {
				return Undefined{}
			}
			return charFromEnd(o, int(min(n, 1e9)))
		}
	}
	return e.member(v, toString(key))
}

// construct evaluates new.
func (e *evaluator) construct(x *js.NewExpr, s *scope) any {
	of := e.eval(x.X, s)
	var args []any
	if x.Args != nil {
		for _, a := range x.Args.List {
			args = append(args, e.eval(a.Value, s))
		}
	}
	switch g, _ := of.(global); g {
	case "Date":
		return e.newDate(args)
	case "Set":
		if len(args) == 1 {
			out := &Array{mutable: true}
			for _, item := range e.iterate(args[0]) {
				if !includes(out.Items, item) {
					out.Items = append(out.Items, item)
				}
			}
			return out
		}
	case "RegExp":
		if len(args) > 0 {
			flags := ""
			if len(args) > 1 {
				flags = toString(args[1])
			}
			if re, ok := args[0].(*regex); ok {
				return re
			}
			return newRegex(toString(args[0]), flags)
		}
	case "Intl.DateTimeFormat":
		return packageObject{"Intl.DateTimeFormat", args}
	case "String":
		return toString(argAt(args, 0))
	}
	if x, ok := of.(packageExport); ok && x.module == "markdown-it" {
		return packageObject{"markdown-it", args}
	}
	fail("unsupported constructor")
	return nil
}

// isMethod reports whether strings or arrays have a method of that name.
func isMethod(name string) bool {
	return slices.Contains(strings.Fields(`toLowerCase toUpperCase trim trimStart trimEnd toString startsWith endsWith includes indexOf
		lastIndexOf padStart padEnd concat charAt at repeat slice substring substr split replace replaceAll match normalize localeCompare
		map filter find findIndex some every forEach reduce join sort reverse push flat flatMap keys entries values toSorted`), name)
}

// method calls a method of a value.
func (e *evaluator) method(of any, name string, args []any) any {
	switch v := of.(type) {
	case *Object:
		if name == "hasOwnProperty" {
			return hasProperty(v, argAt(args, 0))
		}
		return e.call(v.get(name), args)
	case *closure:
		if name == "call" && len(args) > 0 {
			return e.call(v, args[1:])
		}
		fail("unsupported method " + name)
	}
	if name != "push" && name != "sort" {
		requireKnown(args...)
	}
	return e.builtinMethod(of, name, args)
}

// builtinMethod calls a method of JavaScript's own values, or of a package's.
func (e *evaluator) builtinMethod(of any, name string, args []any) any {
	switch v := of.(type) {
	case Unknown:
		return unknownMethod(v, name)
	case string:
		e.work(len(v) / bytesPerStep)
		for _, a := range args {
			if _, ok := a.(*regex); ok {
				e.work(len(v))
			}
		}
		out := e.stringMethod(v, name, args)
		if s, ok := out.(string); ok && len(s) > maxBytes {
			fail("string too long")
		}
		return out
	case *Array:
		e.steps += len(v.Items)
		e.step()
		out := e.arrayMethod(v, name, args)
		if l, ok := out.(*Array); ok {
			checkLength(l)
		}
		return out
	case float64:
		return numberMethod(v, name, args)
	case time.Time:
		return e.dateMethod(v, name, args)
	case libraryDate:
		return v.method(e, name, args)
	case *regex:
		if name == "test" {
			s := toString(argAt(args, 0))
			e.work(len(s))
			return v.re.MatchString(s)
		}
	case global:
		return e.globalMethod(string(v), name, args)
	case packageExport:
		return e.call(e.member(v, name), args)
	case packageObject:
		return e.packageObjectMethod(v, name, args)
	case currentTime:
		if name == "getTime" || name == "valueOf" {
			return v
		}
	case bool:
		if name == "toString" {
			return toString(v)
		}
	}
	fail("unsupported method " + name)
	return nil
}
