package script

import (
	"strings"
	"unicode/utf16"
)

// stringArg returns an argument of a method that works on strings.
func stringArg(args []any, n int) string { return toString(argAt(args, n)) }

func utf16Units(s string) []uint16 { return utf16.Encode([]rune(s)) }

// sliceRange returns the range of two arguments, negative ones counted from the end.
func sliceRange(args []any, size int, fromEnd bool) (int, int) {
	at := func(v any, otherwise int) int {
		if _, missing := v.(Undefined); missing {
			return otherwise
		}
		n := toInteger(v)
		if n < 0 && fromEnd {
			n += size
		}
		return max(0, min(n, size))
	}
	return at(argAt(args, 0), 0), at(argAt(args, 1), size)
}

func (e *evaluator) stringMethod(s, name string, a []any) any {
	switch name {
	case "toLowerCase", "toLocaleLowerCase":
		return strings.ToLower(s)
	case "toUpperCase", "toLocaleUpperCase":
		return strings.ToUpper(s)
	case "trim":
		return strings.TrimSpace(s)
	case "trimStart":
		return strings.TrimLeft(s, " \t\r\n\v\f\u00a0")
	case "trimEnd":
		return strings.TrimRight(s, " \t\r\n\v\f\u00a0")
	case "toString":
		return s
	case "startsWith":
		return strings.HasPrefix(s, stringArg(a, 0))
	case "endsWith":
		return strings.HasSuffix(s, stringArg(a, 0))
	case "includes":
		return strings.Contains(s, stringArg(a, 0))
	case "indexOf":
		return utf16Index(s, strings.Index(s, stringArg(a, 0)))
	case "lastIndexOf":
		return utf16Index(s, strings.LastIndex(s, stringArg(a, 0)))
	case "localeCompare":
		return float64(strings.Compare(s, stringArg(a, 0)))
	case "split":
		return split(s, a)
	case "replace", "replaceAll":
		return e.replace(s, a, name == "replaceAll")
	case "match":
		return match(s, argAt(a, 0))
	case "normalize":
		return normalize(s, a)
	}
	return substringMethod(s, name, a)
}

// substringMethod calls a method that lengthens a string or takes a part of it.
func substringMethod(s, name string, a []any) any {
	switch name {
	case "padStart":
		return padding(s, a) + s
	case "padEnd":
		return s + padding(s, a)
	case "concat":
		return s + join(a, "")
	case "charAt":
		return charAt(s, toInteger(argAt(a, 0)))
	case "at":
		return charFromEnd(s, toInteger(argAt(a, 0)))
	case "repeat":
		n := toNumber(argAt(a, 0))
		if !(n >= 0) || n*float64(len(s)) > maxBytes || n > maxBytes {
			fail("string too long")
		}
		return strings.Repeat(s, int(n))
	}
	u := utf16Units(s)
	switch name {
	case "slice":
		from, to := sliceRange(a, len(u), true)
		return string(utf16.Decode(u[from:max(from, to)]))
	case "substring":
		from, to := sliceRange(a, len(u), false)
		return string(utf16.Decode(u[min(from, to):max(from, to)]))
	case "substr":
		from, _ := sliceRange(a, len(u), true)
		to := len(u)
		if len(a) > 1 {
			to = min(len(u), from+max(0, toInteger(a[1])))
		}
		return string(utf16.Decode(u[from:to]))
	}
	fail("unsupported method " + name)
	return nil
}

func utf16Index(s string, at int) any {
	if at < 0 {
		return float64(-1)
	}
	return float64(utf16Length(s[:at]))
}

func charAt(s string, n int) any {
	u := utf16Units(s)
	if n < 0 || n >= len(u) {
		return ""
	}
	return string(utf16.Decode(u[n : n+1]))
}

func charFromEnd(s string, n int) any {
	u := utf16Units(s)
	if n < 0 {
		n += len(u)
	}
	if n < 0 || n >= len(u) {
		return Undefined{}
	}
	return string(utf16.Decode(u[n : n+1]))
}

func padding(s string, args []any) string {
	want, with := min(1e5, toInteger(argAt(args, 0))), " "
	if len(args) > 1 {
		with = toString(args[1])
	}
	missing := want - utf16Length(s)
	if missing <= 0 || with == "" {
		return ""
	}
	return strings.Repeat(with, missing/len(with)+1)[:missing]
}

func join(items []any, between string) string {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(between)
		}
		if !isNullish(item) {
			b.WriteString(toString(item))
		}
		if b.Len() > maxBytes {
			fail("string too long")
		}
	}
	return b.String()
}

func split(s string, args []any) any {
	out := &Array{mutable: true}
	var parts []string
	switch by := argAt(args, 0).(type) {
	case Undefined:
		parts = []string{s}
	case *regex:
		if by.re.NumSubexp() > 0 {
			fail("unsupported split with groups")
		}
		parts = by.re.Split(s, maxItems+1)
	default:
		parts = strings.SplitN(s, toString(by), maxItems+1)
	}
	for _, p := range parts {
		out.Items = append(out.Items, p)
	}
	if len(args) > 1 {
		out.Items = out.Items[:max(0, min(len(out.Items), toInteger(args[1])))]
	}
	return checkLength(out)
}

func utf16Length(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return len(utf16.Encode([]rune(s)))
		}
	}
	return len(s)
}
