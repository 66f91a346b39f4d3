package shortcode

import (
	"cmp"
	"html/template"
	"maps"
	"math"
	"strconv"
)

// addValueFunctions adds comparison, arithmetic, and functions of lists and tables.
func (e *Evaluator) addValueFunctions(f map[string]any) {
	maps.Copy(f, map[string]any{
		"eq": e.eq, "ne": func(a any, b ...any) (bool, error) { same, err := e.eq(a, b...); return !same, err },
		"lt": e.order(func(n int) bool { return n < 0 }), "le": e.order(func(n int) bool { return n <= 0 }),
		"gt": e.order(func(n int) bool { return n > 0 }), "ge": e.order(func(n int) bool { return n >= 0 }),
		"default": defaultValue, "cond": func(c, a, b any) any {
			if isTrue(c) {
				return a
			}
			return b
		},
		"add": e.compute(func(a, b float64) float64 { return a + b }), "sub": e.compute(func(a, b float64) float64 { return a - b }),
		"mul": e.compute(func(a, b float64) float64 { return a * b }), "div": e.divide, "mod": e.modulo,
		"max": e.compute(math.Max), "min": e.compute(math.Min), "round": e.whole(math.Round), "floor": e.whole(math.Floor), "ceil": e.whole(math.Ceil),
		"int":   func(v any) (int, error) { n, err := e.number(v); return int(n), err },
		"float": func(v any) (float64, error) { return e.number(v) },
		"slice": e.slice, "dict": e.dict, "merge": e.merge, "index": index, "isset": isset, "append": e.append,
		"in": e.in, "seq": e.seq, "delimit": e.delimit, "first": take(func(list []any, n int) []any { return list[:n] }),
		"last": take(func(list []any, n int) []any { return list[len(list)-n:] }), "after": take(func(list []any, n int) []any { return list[n:] }),
	})
}

func isTrue(v any) bool {
	truth, ok := template.IsTrue(v)
	return ok && truth
}

// defaultValue also takes what is piped into it. A value of false is set.
func defaultValue(otherwise any, given ...any) any {
	if len(given) == 0 {
		return otherwise
	}
	v := given[len(given)-1]
	if _, truth := v.(bool); truth || isTrue(v) {
		return v
	}
	return otherwise
}

func (e *Evaluator) number(v any) (float64, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	}
	s, err := e.text(v)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, errUnsupported
	}
	return n, nil
}

// compare compares values of two types by how they are printed, since front matter keeps no
// types.
func (e *Evaluator) compare(a, b any) (int, error) {
	s, err := e.texts(a, b)
	if err != nil {
		return 0, err
	}
	n, first := strconv.ParseFloat(s[0], 64)
	m, second := strconv.ParseFloat(s[1], 64)
	if first == nil && second == nil {
		return cmp.Compare(n, m), nil
	}
	return cmp.Compare(s[0], s[1]), nil
}

// eq reports whether the first equals any of the others.
func (e *Evaluator) eq(a any, others ...any) (bool, error) {
	for _, b := range others {
		if n, err := e.compare(a, b); err != nil || n == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

func (e *Evaluator) order(holds func(int) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		n, err := e.compare(a, b)
		return err == nil && holds(n), err
	}
}

// wholeOrFloat returns whole numbers as int.
func wholeOrFloat(n float64) (any, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, errUnsupported
	}
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return int(n), nil
	}
	return n, nil
}

func (e *Evaluator) compute(f func(a, b float64) float64) func(first any, more ...any) (any, error) {
	return func(first any, more ...any) (any, error) {
		n, err := e.number(first)
		for _, v := range more {
			m, second := e.number(v)
			if err = cmp.Or(err, second); err != nil {
				return nil, err
			}
			n = f(n, m)
		}
		if err != nil {
			return nil, err
		}
		return wholeOrFloat(n)
	}
}

// divide drops the remainder if both are whole.
func (e *Evaluator) divide(a, b any) (any, error) {
	n, err := e.number(a)
	m, second := e.number(b)
	if err = cmp.Or(err, second); err != nil || m == 0 {
		return nil, errUnsupported
	}
	if n == math.Trunc(n) && m == math.Trunc(m) {
		return wholeOrFloat(math.Trunc(n / m))
	}
	return wholeOrFloat(n / m)
}

func (e *Evaluator) modulo(a, b any) (any, error) {
	n, err := e.number(a)
	m, second := e.number(b)
	if err = cmp.Or(err, second); err != nil || m == 0 {
		return nil, errUnsupported
	}
	return wholeOrFloat(math.Mod(n, m))
}

func (e *Evaluator) whole(f func(float64) float64) func(any) (any, error) {
	return func(v any) (any, error) {
		n, err := e.number(v)
		if err != nil {
			return nil, err
		}
		return wholeOrFloat(f(n))
	}
}
