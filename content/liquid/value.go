package liquid

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Values of Liquid are nil, bool, float64, Decimal, string, time.Time, []any,
// map[string]any and objects.

// Member returns what a value has under a name: an item of a table or list, its size, its first or last item.
func Member(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		out, ok := v[name]
		if !ok {
			out, ok = v[strings.ToLower(name)]
		}
		if !ok && name == "size" {
			return float64(len(v)), true
		}
		return out, ok
	case object:
		out, ok := v.Member(name)
		if lower := strings.ToLower(name); !ok && lower != name {
			out, ok = v.Member(lower)
		}
		return out, ok
	case []any:
		switch name {
		case "size", "length":
			return float64(len(v)), true
		case "first":
			return at(v, 0)
		case "last":
			return at(v, len(v)-1)
		}
		if n, err := strconv.Atoi(name); err == nil {
			return at(v, n)
		}
	case string:
		if name == "size" || name == "length" {
			return float64(len([]rune(v))), true
		}
	}
	return nil, false
}

func at(list []any, n int) (any, bool) {
	if n < 0 || n >= len(list) {
		return nil, true
	}
	return list[n], true
}

// numberOf returns the number that v is or, as in front matter, spells.
func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case Decimal:
		return float64(v), true
	case string:
		v = strings.TrimSpace(v)
		if v == "" || !strings.Contains("+-.0123456789", v[:1]) {
			return 0, false
		}
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

func truthy(v any) bool {
	b, isBool := v.(bool)
	return v != nil && (!isBool || b)
}

// Text returns a value as output shows it.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case Decimal:
		return v.text()
	case time.Time:
		return v.Format("2006-01-02 15:04:05 -0700")
	case []any:
		var b strings.Builder
		for _, item := range v {
			if b.Len() > MaxValueSize {
				break
			}
			b.WriteString(Text(item))
		}
		return b.String()
	}
	return ""
}

// Decimal is a number that Liquid shows with a fraction, even if that is zero: 7.0 is not 7.
type Decimal float64

// text returns a decimal as Ruby shows it, with at least one digit after the point.
func (d Decimal) text() string {
	s := strconv.FormatFloat(float64(d), 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// object is a value whose members are looked up on demand.
type object interface {
	Member(name string) (v any, ok bool)
}

// PerText is a value of the site that is computed on demand and differs from text to text.
type PerText func() any

// iterable is an object that loops can iterate over.
type iterable interface {
	object
	All() map[string]any
}

// equaler is an object that can equal another.
type equaler interface {
	object
	Equal(other any) bool
}
