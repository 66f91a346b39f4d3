package liquid

import (
	"strings"
	"time"
)

// emptiness is Liquid's empty, which equals empty strings, lists and tables, or its blank, which equals
// nothing if Rails is not loaded.
type emptiness string

func (x emptiness) holds(v any) bool {
	if x == "blank" {
		return false
	}
	switch v := v.(type) {
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// compareTyped compares as Liquid does, where a string never equals a number.
func compareTyped(left any, operator string, right any) bool {
	switch operator {
	case "==":
		return equalTyped(left, right)
	case "!=", "<>":
		return !equalTyped(left, right)
	case "contains":
		return compareValues(left, operator, right)
	case "<", ">", "<=", ">=":
		n, ok := orderTyped(left, right)
		return ok && (n < 0 && operator[0] == '<' || n > 0 && operator[0] == '>' || n == 0 && len(operator) == 2)
	}
	return compareValues(left, operator, right)
}

func equalTyped(left, right any) bool {
	if x, ok := right.(emptiness); ok {
		return x.holds(left)
	}
	if x, ok := left.(emptiness); ok {
		return x.holds(right)
	}
	if x, ok := rubyNumber(left); ok {
		y, both := rubyNumber(right)
		return both && x == y
	}
	if a, ok := left.(time.Time); ok {
		b, both := right.(time.Time)
		return both && a.Equal(b)
	}
	switch a := left.(type) {
	case nil:
		return right == nil
	case string:
		b, ok := right.(string)
		return ok && a == b
	case bool:
		b, ok := right.(bool)
		return ok && a == b
	case equaler:
		return a.Equal(right)
	case []any:
		b, ok := right.([]any)
		return ok && len(a) == len(b) && Text(a) == Text(b)
	}
	return false
}

// rubyNumber returns the number that v is; ok is false for anything else, strings of digits too.
func rubyNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case Decimal:
		return float64(v), true
	}
	return 0, false
}

func orderTyped(left, right any) (int, bool) {
	if x, ok := rubyNumber(left); ok {
		y, both := rubyNumber(right)
		switch {
		case !both:
			return 0, false
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	switch a := left.(type) {
	case string:
		if b, ok := right.(string); ok {
			return strings.Compare(a, b), true
		}
	case time.Time:
		if b, ok := right.(time.Time); ok {
			return a.Compare(b), true
		}
	}
	return 0, false
}

func compareValues(left any, operator string, right any) bool {
	a, b := Text(left), Text(right)
	x, isNumber := numberOf(left)
	y, both := numberOf(right)
	switch operator {
	case "==", "===":
		return a == b
	case "!=", "!==":
		return a != b
	case "contains":
		if list, ok := left.([]any); ok {
			for _, item := range list {
				if Text(item) == b {
					return true
				}
			}
			return false
		}
		return strings.Contains(a, b)
	case "<":
		return isNumber && both && x < y
	case ">":
		return isNumber && both && x > y
	case "<=":
		return isNumber && both && x <= y
	case ">=":
		return isNumber && both && x >= y
	}
	return false
}

// sizeOf returns roughly how many bytes comparing a value reads.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return 64 * len(v)
	}
	return 8
}
