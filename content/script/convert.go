package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func isNullish(v any) bool {
	_, undefined := v.(Undefined)
	return v == nil || undefined
}

// toBoolean reports whether a value is truthy.
func toBoolean(v any) bool {
	switch v := v.(type) {
	case nil, Undefined:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0 && !math.IsNaN(v)
	}
	return true
}

// toString returns a value as within a string.
func toString(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case Undefined:
		return "undefined"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	case float64:
		return formatNumber(v)
	case *Array:
		checkSize(v)
		return join(v.Items, ",")
	}
	fail(fmt.Sprintf("unsupported string of a %T", v))
	return ""
}

// toInteger returns a number without its fraction, within the range of indexes and lengths.
func toInteger(v any) int {
	f := toNumber(v)
	if math.IsNaN(f) {
		return 0
	}
	return int(max(-1e9, min(1e9, f)))
}

func formatNumber(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		fail("number is not finite")
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// toNumber returns a value as in arithmetic.
func toNumber(v any) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case string:
		s := strings.TrimSpace(v)
		if s == "" {
			return 0
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return math.NaN()
		}
		return f
	case time.Time:
		return float64(v.UnixMilli())
	case libraryDate:
		return float64(v.t.UnixMilli())
	case Undefined:
		return math.NaN()
	}
	fail("unsupported number of an object")
	return 0
}

// checkSize returns v. It fails for a value that contains itself, or is deeper or larger than data
// are: going through its parts would not end.
func checkSize(v any) any {
	left := maxParts
	countParts(v, &left, 0)
	return v
}

func countParts(v any, left *int, depth int) {
	if *left--; *left < 0 || depth > maxDepth {
		fail("value too large")
	}
	switch v := v.(type) {
	case *Array:
		for _, item := range v.Items {
			countParts(item, left, depth+1)
		}
	case *Object:
		for _, item := range v.values {
			countParts(item, left, depth+1)
		}
	}
}

// strictlyEqual is ===. It fails for a numeric string and a number: the number may be a string in the
// front matter.
func strictlyEqual(a, b any) bool {
	requireKnown(a, b)
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x == y
		}
		if _, ok := b.(float64); ok && !math.IsNaN(toNumber(x)) {
			fail("cannot tell a number from a string")
		}
		return false
	case float64:
		if y, ok := b.(string); ok {
			return strictlyEqual(y, x)
		}
		y, ok := b.(float64)
		return ok && x == y
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case nil, Undefined:
		return isNullish(b) && a == b
	case *Array, *Object, *closure:
		return a == b
	case time.Time:
		return false
	}
	fail("unsupported comparison")
	return false
}

// looselyEqual is ==.
func looselyEqual(a, b any) bool {
	if isNullish(a) || isNullish(b) {
		return isNullish(a) && isNullish(b)
	}
	switch a.(type) {
	case string, float64, bool:
		switch b.(type) {
		case string, float64, bool:
			if _, both := a.(string); both {
				if _, both = b.(string); both {
					return a == b
				}
			}
			return toNumber(a) == toNumber(b)
		}
	}
	return strictlyEqual(a, b)
}
