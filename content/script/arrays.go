package script

import (
	"slices"
	"strings"
)

// made is a list that a method makes.
func made(items []any) *List { return &List{Items: items, own: true} }

func (e *evaluator) listMethod(l *List, name string, a []any) any {
	switch name {
	case "join":
		between := ","
		if len(a) > 0 {
			between = arg(a, 0)
		}
		return joined(l.Items, between)
	case "includes":
		return contains(l.Items, argument(a, 0))
	case "indexOf":
		return float64(slices.IndexFunc(l.Items, func(item any) bool { return same(item, argument(a, 0)) }))
	case "slice":
		from, to := span(a, len(l.Items), true)
		return made(slices.Clone(l.Items[from:max(from, to)]))
	case "concat":
		out := slices.Clone(l.Items)
		for _, more := range a {
			if other, ok := more.(*List); ok {
				out = append(out, other.Items...)
			} else {
				out = append(out, more)
			}
		}
		return made(out)
	case "at":
		n := integer(argument(a, 0))
		if n < 0 {
			n += len(l.Items)
		}
		if n < 0 || n >= len(l.Items) {
			return Undefined{}
		}
		return l.Items[n]
	case "sort", "toSorted":
		return e.sorted(l, a)
	case "reverse", "toReversed":
		out := slices.Clone(l.Items)
		slices.Reverse(out)
		return made(out)
	case "flat":
		var out []any
		for _, item := range l.Items {
			if inner, ok := item.(*List); ok {
				out = append(out, inner.Items...)
			} else {
				out = append(out, item)
			}
		}
		return made(out)
	case "toString":
		return joined(l.Items, ",")
	case "push", "pop", "shift":
		return changed(l, name, a)
	}
	return e.visiting(l, name, a)
}

// changed changes a list that the function itself has made.
func changed(l *List, name string, a []any) any {
	if !l.own {
		fatal("a list that is changed")
	}
	if name == "push" {
		l.Items = append(l.Items, a...)
		bounded(l)
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

// visiting are the methods that call a function for each item.
func (e *evaluator) visiting(l *List, name string, a []any) any {
	if name == "reduce" {
		return e.reduced(l, a)
	}
	var out []any
	for i, item := range l.Items {
		v := e.call(argument(a, 0), []any{item, float64(i), l})
		switch {
		case name == "map" || name == "forEach":
			out = append(out, v)
		case name == "flatMap":
			if inner, ok := v.(*List); ok {
				out = append(out, inner.Items...)
			} else {
				out = append(out, v)
			}
		case name == "filter" && e.truth(v):
			out = append(out, item)
		case name == "find" && e.truth(v):
			return item
		case name == "findIndex" && e.truth(v):
			return float64(i)
		case name == "some" && e.truth(v), name == "every" && !e.truth(v):
			return name == "some"
		}
		if len(out) > maxItems {
			unknown("so long a list")
		}
	}
	switch name {
	case "map", "filter", "flatMap":
		return made(out)
	case "some", "every":
		return name == "every"
	case "findIndex":
		return float64(-1)
	case "forEach", "find":
		return Undefined{}
	}
	unknown("the method " + name)
	return nil
}

func (e *evaluator) reduced(l *List, a []any) any {
	items := l.Items
	var v any
	switch {
	case len(a) > 1:
		v = a[1]
	case len(items) > 0:
		v, items = items[0], items[1:]
	default:
		unknown("the sum of nothing")
	}
	for i, item := range items {
		v = e.call(argument(a, 0), []any{v, item, float64(i), l})
	}
	return v
}

func (e *evaluator) sorted(l *List, args []any) any {
	defer makeFatal()
	items := slices.Clone(l.Items)
	slices.SortStableFunc(items, func(a, b any) int {
		if len(args) == 0 {
			return strings.Compare(text(a), text(b))
		}
		switch n := toNumber(e.call(args[0], []any{a, b})); {
		case n < 0:
			return -1
		case n > 0:
			return 1
		}
		return 0
	})
	if l.own {
		l.Items = items
		return l
	}
	return made(items)
}
