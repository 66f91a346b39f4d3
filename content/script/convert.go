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

// text is what a value is within a text.
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

// integer is a number without its fraction, within what indexes and lengths can be.
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

// toNumber is a value in arithmetic.
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

// whole refuses a value that holds itself, or that is deeper or larger than data are:
// what goes through its parts would find no end.
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

// same is ===. A text of digits may be a number of the front matter, so that the two
// cannot be told apart.
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

// alike is ==.
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
