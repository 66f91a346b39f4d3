package shortcode

import (
	"cmp"
	"html/template"
	"maps"
	"math"
	"strconv"
)

// addValueFunctions adds what compares, computes, and works on lists and tables.
func (h *HugoTemplates) addValueFunctions(f map[string]any) {
	maps.Copy(f, map[string]any{
		"eq": h.eq, "ne": func(a any, b ...any) (bool, error) { same, err := h.eq(a, b...); return !same, err },
		"lt": h.order(func(n int) bool { return n < 0 }), "le": h.order(func(n int) bool { return n <= 0 }),
		"gt": h.order(func(n int) bool { return n > 0 }), "ge": h.order(func(n int) bool { return n >= 0 }),
		"default": byDefault, "cond": func(c, a, b any) any {
			if isTrue(c) {
				return a
			}
			return b
		},
		"add": h.compute(func(a, b float64) float64 { return a + b }), "sub": h.compute(func(a, b float64) float64 { return a - b }),
		"mul": h.compute(func(a, b float64) float64 { return a * b }), "div": h.divide, "mod": h.modulo,
		"max": h.compute(math.Max), "min": h.compute(math.Min), "round": h.whole(math.Round), "floor": h.whole(math.Floor), "ceil": h.whole(math.Ceil),
		"int":   func(v any) (int, error) { n, err := h.number(v); return int(n), err },
		"float": func(v any) (float64, error) { return h.number(v) },
		"slice": h.slice, "dict": h.dict, "merge": h.merge, "index": index, "isset": isset, "append": h.append,
		"in": h.in, "seq": h.seq, "delimit": h.delimit, "first": take(func(list []any, n int) []any { return list[:n] }),
		"last": take(func(list []any, n int) []any { return list[len(list)-n:] }), "after": take(func(list []any, n int) []any { return list[n:] }),
	})
}

func isTrue(v any) bool {
	truth, ok := template.IsTrue(v)
	return ok && truth
}

// byDefault also takes what a pipe leads to it. A value that is false is set.
func byDefault(otherwise any, given ...any) any {
	if len(given) == 0 {
		return otherwise
	}
	v := given[len(given)-1]
	if _, truth := v.(bool); truth || isTrue(v) {
		return v
	}
	return otherwise
}

func (h *HugoTemplates) number(v any) (float64, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	}
	s, err := h.text(v)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, errTemplate
	}
	return n, nil
}

// compare takes values of two kinds for what they are printed as, since front
// matter keeps no kinds.
func (h *HugoTemplates) compare(a, b any) (int, error) {
	s, err := h.texts(a, b)
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

// eq holds where the first equals any of the others.
func (h *HugoTemplates) eq(a any, others ...any) (bool, error) {
	for _, b := range others {
		if n, err := h.compare(a, b); err != nil || n == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

func (h *HugoTemplates) order(holds func(int) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		n, err := h.compare(a, b)
		return err == nil && holds(n), err
	}
}

// exact gives whole numbers back as such.
func exact(n float64) (any, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, errTemplate
	}
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return int(n), nil
	}
	return n, nil
}

func (h *HugoTemplates) compute(f func(a, b float64) float64) func(first any, more ...any) (any, error) {
	return func(first any, more ...any) (any, error) {
		n, err := h.number(first)
		for _, v := range more {
			m, second := h.number(v)
			if err = cmp.Or(err, second); err != nil {
				return nil, err
			}
			n = f(n, m)
		}
		if err != nil {
			return nil, err
		}
		return exact(n)
	}
}

// divide drops the rest where both are whole.
func (h *HugoTemplates) divide(a, b any) (any, error) {
	n, err := h.number(a)
	m, second := h.number(b)
	if err = cmp.Or(err, second); err != nil || m == 0 {
		return nil, errTemplate
	}
	if n == math.Trunc(n) && m == math.Trunc(m) {
		return exact(math.Trunc(n / m))
	}
	return exact(n / m)
}

func (h *HugoTemplates) modulo(a, b any) (any, error) {
	n, err := h.number(a)
	m, second := h.number(b)
	if err = cmp.Or(err, second); err != nil || m == 0 {
		return nil, errTemplate
	}
	return exact(math.Mod(n, m))
}

func (h *HugoTemplates) whole(f func(float64) float64) func(any) (any, error) {
	return func(v any) (any, error) {
		n, err := h.number(v)
		if err != nil {
			return nil, err
		}
		return exact(f(n))
	}
}
