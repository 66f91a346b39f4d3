package liquid

import (
	"slices"
	"strings"
)

// keyFilter selects or sorts items by what they have under a key.
func keyFilter(name string, list, arguments []any) (any, bool) {
	if len(arguments) == 0 {
		return nil, false
	}
	if name == "group_by" {
		return groupBy(list, Text(arguments[0])), true
	}
	key := Text(arguments[0])
	of := func(item any) any {
		v, _ := Member(item, key)
		return v
	}
	switch name {
	case "map":
		out := make([]any, len(list))
		for i, item := range list {
			out[i] = of(item)
		}
		return out, true
	case "where":
		out := []any{}
		for _, item := range list {
			if v := of(item); len(arguments) < 2 && truthy(v) || len(arguments) > 1 && compareValues(v, "==", arguments[1]) {
				out = append(out, item)
			}
		}
		return out, true
	case "sort", "sort_natural":
		out := slices.Clone(list)
		slices.SortStableFunc(out, func(a, b any) int { return orderValues(of(a), of(b)) })
		return out, true
	case "find":
		for _, item := range list {
			if len(arguments) > 1 && compareValues(of(item), "==", arguments[1]) {
				return item, true
			}
		}
		return nil, true
	case "unshift":
		return append([]any{arguments[0]}, list...), len(list) < maxListLength
	case "concat":
		more, ok := arguments[0].([]any)
		return append(slices.Clone(list), more...), ok && len(list)+len(more) <= maxListLength
	case "push":
		return append(slices.Clone(list), arguments[0]), len(list) < maxListLength
	}
	return nil, false
}

// groupBy groups items by what they have under a key: {name, items, size}.
func groupBy(list []any, key string) []any {
	var out []any
	place := map[string]int{}
	for _, item := range list {
		v, _ := Member(item, key)
		name := Text(v)
		at, ok := place[name]
		if !ok {
			at = len(out)
			place[name] = at
			out = append(out, map[string]any{"name": name, "items": []any{}, "size": 0.0})
		}
		group := out[at].(map[string]any)
		items := append(group["items"].([]any), item)
		group["items"], group["size"] = items, float64(len(items))
	}
	return out
}

// orderValues compares numbers as numbers, and all else as text.
func orderValues(a, b any) int {
	x, isNumber := numberOf(a)
	y, both := numberOf(b)
	switch {
	case !isNumber || !both:
		return strings.Compare(Text(a), Text(b))
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// cutFilter shortens a text to a number of characters or words.
func cutFilter(name, s string, arguments []any) (any, bool) {
	number := func(i, otherwise int) int {
		if i < len(arguments) {
			if n, ok := numberOf(arguments[i]); ok {
				return int(max(-MaxValueSize, min(n, MaxValueSize)))
			}
		}
		return otherwise
	}
	ending := "..."
	if len(arguments) > 1 && name != "slice" {
		ending = Text(arguments[1])
	}
	switch letters, words := []rune(s), strings.Fields(s); name {
	case "truncate":
		keep := max(0, number(0, 50)-len([]rune(ending)))
		if len(letters) > number(0, 50) {
			return string(letters[:min(keep, len(letters))]) + ending, true
		}
	case "truncatewords":
		if keep := max(1, number(0, 15)); len(words) > keep {
			return strings.Join(words[:keep], " ") + ending, true
		}
	case "slice":
		from := number(0, 0)
		if from < 0 {
			from += len(letters)
		}
		if from < 0 || from >= len(letters) {
			return "", true
		}
		return string(letters[from:min(len(letters), from+max(0, number(1, 1)))]), true
	}
	return s, true
}
