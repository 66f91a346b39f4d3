package script

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// global is one of JavaScript's own names.
type global string

func lookupGlobal(name string) any {
	switch name {
	case "undefined":
		return Undefined{}
	case "NaN":
		return math.NaN()
	case "Date", "String", "Number", "Boolean", "Array", "Object", "Math", "JSON", "Set", "RegExp", "Intl", "parseInt", "parseFloat",
		"encodeURIComponent", "encodeURI", "decodeURIComponent", "isNaN":
		return global(name)
	}
	panic(evalError{message: "undeclared name " + name, undeclared: true})
}

func globalMember(g global, name string) any {
	switch {
	case g == "Intl" && name == "DateTimeFormat":
		return global("Intl.DateTimeFormat")
	case g == "Math" && name == "PI":
		return math.Pi
	}
	return nativeFunc(func(e *evaluator, args []any) any { return e.globalMethod(string(g), name, args) })
}

func callGlobal(e *evaluator, name string, args []any) any {
	v := argAt(args, 0)
	switch name {
	case "String":
		if d, ok := v.(time.Time); ok {
			return e.dateMethod(d, "toString", nil)
		}
		return toString(v)
	case "Number":
		return toNumber(v)
	case "Boolean":
		return toBoolean(v)
	case "parseInt":
		s := strings.TrimSpace(toString(v))
		end := 0
		for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && s[0] == '-') {
			end++
		}
		if n, err := strconv.Atoi(s[:end]); err == nil && (len(args) < 2 || toNumber(args[1]) == 10) {
			return float64(n)
		}
	case "parseFloat":
		if f, err := strconv.ParseFloat(strings.TrimSpace(toString(v)), 64); err == nil {
			return f
		}
	case "isNaN":
		return math.IsNaN(toNumber(v))
	case "encodeURIComponent":
		return percentEncode(toString(v), "-_.!~*'()")
	case "encodeURI":
		return percentEncode(toString(v), "-_.!~*'();/?:@&=+$,#")
	case "decodeURIComponent":
		if s, err := url.PathUnescape(toString(v)); err == nil {
			return s
		}
	case "Intl.DateTimeFormat":
		return packageObject{name, args}
	}
	fail("unsupported call of " + name)
	return nil
}

// percentEncode encodes all but letters, digits and the bytes of keep.
func percentEncode(s, keep string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(strconv.FormatInt(int64(c)+256, 16)[1:]))
		}
	}
	return b.String()
}

func (e *evaluator) globalMethod(of, name string, args []any) any {
	v := argAt(args, 0)
	switch of + "." + name {
	case "Math.floor":
		return math.Floor(toNumber(v))
	case "Math.ceil":
		return math.Ceil(toNumber(v))
	case "Math.round":
		return math.Floor(toNumber(v) + 0.5)
	case "Math.abs":
		return math.Abs(toNumber(v))
	case "Math.min", "Math.max":
		if len(args) == 0 {
			break
		}
		best := toNumber(v)
		for _, other := range args[1:] {
			if n := toNumber(other); name == "min" && n < best || name == "max" && n > best {
				best = n
			}
		}
		return best
	case "Array.isArray":
		_, is := v.(*Array)
		return is
	case "Array.from":
		out := newArray(append([]any{}, e.iterate(v)...))
		if len(args) > 1 {
			return e.callEach(out, "map", args[1:])
		}
		return out
	case "Object.keys", "Object.values", "Object.entries":
		return objectMembers(v, name)
	case "Date.now":
		return currentTime{}
	case "Date.UTC":
		return float64(e.dateParts(args, time.UTC).UnixMilli())
	case "String.raw":
	case "JSON.stringify":
		if s, ok := v.(string); ok && len(args) == 1 {
			var b strings.Builder
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if enc.Encode(s) == nil {
				return strings.TrimSuffix(b.String(), "\n")
			}
		}
	}
	fail("unsupported function " + of + "." + name)
	return nil
}

func objectMembers(v any, what string) any {
	o := ownProperties(v)
	out := newArray(nil)
	for _, key := range o.keys {
		switch what {
		case "keys":
			out.Items = append(out.Items, key)
		case "values":
			out.Items = append(out.Items, o.values[key])
		default:
			out.Items = append(out.Items, newArray([]any{key, o.values[key]}))
		}
	}
	return out
}

func numberMethod(f float64, name string, args []any) any {
	switch name {
	case "toString":
		if len(args) == 0 {
			return formatNumber(f)
		}
	case "toFixed":
		n := 0
		if len(args) > 0 {
			n = max(0, min(20, toInteger(args[0])))
		}
		return strconv.FormatFloat(f, 'f', n, 64)
	}
	fail("unsupported method of a number: " + name)
	return nil
}
