package shortcode

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

func (e *Evaluator) slice(items ...any) ([]any, error) {
	return append([]any{}, items...), e.charge(16 * len(items))
}

// dict returns a table of alternating keys and values.
func (e *Evaluator) dict(items ...any) (map[string]any, error) {
	table := map[string]any{}
	for i := 0; i+1 < len(items); i += 2 {
		key, err := e.text(items[i])
		if err != nil || key == "" {
			return nil, errUnsupported
		}
		words := []string{key}
		foldCase(words)
		table[words[0]] = items[i+1]
	}
	return table, nil
}

func (e *Evaluator) merge(tables ...any) (map[string]any, error) {
	out := map[string]any{}
	for _, v := range tables {
		table, ok := v.(map[string]any)
		if err := e.charge(64 * len(table)); err != nil || !ok {
			return nil, errUnsupported
		}
		maps.Copy(out, table)
	}
	return out, nil
}

// index returns an item of a list or table, or nil.
func index(v any, keys ...any) any {
	for _, key := range keys {
		switch of := v.(type) {
		case map[string]any:
			name, _ := key.(string)
			item, ok := of[name]
			if !ok {
				item = of[strings.ToLower(name)]
			}
			v = item
		case []any:
			i, ok := key.(int)
			if !ok || i < 0 || i >= len(of) {
				return nil
			}
			v = of[i]
		default:
			return nil
		}
	}
	return v
}

func isset(v, key any) bool {
	switch of := v.(type) {
	case map[string]any:
		name, _ := key.(string)
		_, exact := of[name]
		_, folded := of[strings.ToLower(name)]
		return exact || folded
	case []any:
		i, ok := key.(int)
		return ok && i >= 0 && i < len(of)
	}
	return false
}

// append adds items, or the items of one list, to the list that comes last.
func (e *Evaluator) append(items ...any) ([]any, error) {
	if len(items) == 0 {
		return nil, errUnsupported
	}
	list, ok := items[len(items)-1].([]any)
	more := items[:len(items)-1]
	if one, isList := items[0].([]any); isList && len(more) == 1 {
		more = one
	}
	if err := e.charge(16 * (len(list) + len(more))); err != nil || !ok && items[len(items)-1] != nil {
		return nil, errUnsupported
	}
	return append(slices.Clone(list), more...), nil
}

func (e *Evaluator) in(set, item any) (bool, error) {
	list, ok := set.([]any)
	if !ok {
		s, err := e.texts(set, item)
		return err == nil && strings.Contains(s[0], s[1]), err
	}
	for _, v := range list {
		if n, err := e.compare(v, item); err != nil || n == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// maxSequence is Hugo's own limit.
const maxSequence = 2000

func (e *Evaluator) seq(bounds ...any) ([]any, error) {
	n := make([]int, len(bounds))
	for i, v := range bounds {
		f, err := e.number(v)
		if err != nil || math.Abs(f) > 1<<31 {
			return nil, errUnsupported
		}
		n[i] = int(f)
	}
	first, step, last := 1, 1, 0
	switch len(n) {
	case 1:
		last = n[0]
	case 2:
		first, last = n[0], n[1]
	case 3:
		first, step, last = n[0], n[1], n[2]
	default:
		return nil, errUnsupported
	}
	if len(n) < 3 && last < first {
		if step = -1; len(n) == 1 {
			first = -1
		}
	}
	if step == 0 || (last-first)/step >= maxSequence {
		return nil, errLimit
	}
	var out []any
	for i := first; step > 0 && i <= last || step < 0 && i >= last; i += step {
		out = append(out, i)
	}
	return out, e.charge(16 * len(out))
}

func (e *Evaluator) delimit(list any, delimiters ...any) (string, error) {
	items, ok := list.([]any)
	if !ok || len(delimiters) == 0 || len(delimiters) > 2 {
		return "", errUnsupported
	}
	words, err := e.texts(items...)
	between, second := e.texts(delimiters...)
	if err = cmp.Or(err, second); err != nil {
		return "", err
	}
	if err := e.charge(len(words) * len(between[0])); err != nil {
		return "", err
	}
	if n := len(words); len(between) == 2 && n > 1 {
		return strings.Join(words[:n-1], between[0]) + between[1] + words[n-1], nil
	}
	return strings.Join(words, between[0]), nil
}

func take(cut func(list []any, n int) []any) func(n int, list []any) []any {
	return func(n int, list []any) []any { return cut(list, max(0, min(n, len(list)))) }
}
