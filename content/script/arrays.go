package script

import (
	"slices"
	"strings"
)

// newArray returns an array that the script may change.
func newArray(items []any) *Array { return &Array{Items: items, mutable: true} }

// arrayMethod calls a method of an array.
func (e *evaluator) arrayMethod(l *Array, name string, a []any) any {
	switch name {
	case "join":
		between := ","
		if len(a) > 0 {
			between = stringArg(a, 0)
		}
		return join(l.Items, between)
	case "includes":
		return includes(l.Items, argAt(a, 0))
	case "indexOf":
		return float64(slices.IndexFunc(l.Items, func(item any) bool { return strictlyEqual(item, argAt(a, 0)) }))
	case "slice":
		from, to := sliceRange(a, len(l.Items), true)
		return newArray(slices.Clone(l.Items[from:max(from, to)]))
	case "concat":
		out := slices.Clone(l.Items)
		for _, more := range a {
			if other, ok := more.(*Array); ok {
				out = append(out, other.Items...)
			} else {
				out = append(out, more)
			}
		}
		return newArray(out)
	case "at":
		n := toInteger(argAt(a, 0))
		if n < 0 {
			n += len(l.Items)
		}
		if n < 0 || n >= len(l.Items) {
			return Undefined{}
		}
		return l.Items[n]
	case "sort", "toSorted":
		return e.sort(l, a)
	case "reverse", "toReversed":
		out := slices.Clone(l.Items)
		slices.Reverse(out)
		return newArray(out)
	case "flat":
		var out []any
		for _, item := range l.Items {
			if inner, ok := item.(*Array); ok {
				out = append(out, inner.Items...)
			} else {
				out = append(out, item)
			}
		}
		return newArray(out)
	case "toString":
		return join(l.Items, ",")
	case "push", "pop", "shift":
		return mutate(l, name, a)
	}
	return e.callEach(l, name, a)
}

// mutate changes an array that the function itself has made.
func mutate(l *Array, name string, a []any) any {
	if !l.mutable {
		abort("cannot change an array of the caller")
	}
	if name == "push" {
		l.Items = append(l.Items, a...)
		checkLength(l)
		return float64(len(l.Items))
	}
	if len(l.Items) == 0 {
		return Undefined{}
	}
	at := 0
	if name == "pop" {
		at = len(l.Items) - 1
	}
	v := l.Items[at]
	l.Items = slices.Delete(l.Items, at, at+1)
	return v
}

// callEach calls a method that calls a function for each item.
func (e *evaluator) callEach(l *Array, name string, a []any) any {
	if name == "reduce" {
		return e.reduce(l, a)
	}
	var out []any
	for i, item := range l.Items {
		v := e.call(argAt(a, 0), []any{item, float64(i), l})
		switch {
		case name == "map" || name == "forEach":
			out = append(out, v)
		case name == "flatMap":
			if inner, ok := v.(*Array); ok {
				out = append(out, inner.Items...)
			} else {
				out = append(out, v)
			}
		case name == "filter" && e.isTruthy(v):
			out = append(out, item)
		case name == "find" && e.isTruthy(v):
			return item
		case name == "findIndex" && e.isTruthy(v):
			return float64(i)
		case name == "some" && e.isTruthy(v), name == "every" && !e.isTruthy(v):
			return name == "some"
		}
		if len(out) > maxItems {
			fail("array too long")
		}
	}
	switch name {
	case "map", "filter", "flatMap":
		return newArray(out)
	case "some", "every":
		return name == "every"
	case "findIndex":
		return float64(-1)
	case "forEach", "find":
		return Undefined{}
	}
	fail("unsupported method " + name)
	return nil
}

func (e *evaluator) reduce(l *Array, a []any) any {
	items := l.Items
	var v any
	switch {
	case len(a) > 1:
		v = a[1]
	case len(items) > 0:
		v, items = items[0], items[1:]
	default:
		fail("reduce of an empty array")
	}
	for i, item := range items {
		v = e.call(argAt(a, 0), []any{v, item, float64(i), l})
	}
	return v
}

func (e *evaluator) sort(l *Array, args []any) any {
	defer abortOnFailure()
	items := slices.Clone(l.Items)
	slices.SortStableFunc(items, func(a, b any) int {
		if len(args) == 0 {
			return strings.Compare(toString(a), toString(b))
		}
		switch n := toNumber(e.call(args[0], []any{a, b})); {
		case n < 0:
			return -1
		case n > 0:
			return 1
		}
		return 0
	})
	if l.mutable {
		l.Items = items
		return l
	}
	return newArray(items)
}

func includes(items []any, v any) bool {
	return slices.ContainsFunc(items, func(item any) bool { return strictlyEqual(item, v) })
}
