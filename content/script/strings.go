package script

import (
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// isMethod reports that texts or lists have a method of that name.
func isMethod(name string) bool {
	return slices.Contains(strings.Fields(`toLowerCase toUpperCase trim trimStart trimEnd toString startsWith endsWith includes indexOf
		lastIndexOf padStart padEnd concat charAt at repeat slice substring substr split replace replaceAll match normalize localeCompare
		map filter find findIndex some every forEach reduce join sort reverse push flat flatMap keys entries values toSorted`), name)
}

// method calls a method of a value.
func (e *evaluator) method(of any, name string, args []any) any {
	switch v := of.(type) {
	case *Object:
		if name == "hasOwnProperty" {
			return arithmeticIn(v, argument(args, 0))
		}
		return e.call(v.get(name), args)
	case *closure:
		if name == "call" && len(args) > 0 {
			return e.call(v, args[1:])
		}
		unknown("the method " + name)
	}
	if name != "push" && name != "sort" {
		needKnown(args...)
	}
	return e.builtIn(of, name, args)
}

// builtIn calls a method that JavaScript or a package has.
func (e *evaluator) builtIn(of any, name string, args []any) any {
	switch v := of.(type) {
	case Unknown:
		return unknownMethod(v, name)
	case string:
		e.work(len(v) / bytesPerStep)
		for _, a := range args {
			if _, ok := a.(*regex); ok {
				e.work(len(v))
			}
		}
		out := e.textMethod(v, name, args)
		if s, ok := out.(string); ok && len(s) > maxBytes {
			unknown("so long a text")
		}
		return out
	case *List:
		e.steps += len(v.Items)
		e.step()
		out := e.listMethod(v, name, args)
		if l, ok := out.(*List); ok {
			bounded(l)
		}
		return out
	case float64:
		return numberMethod(v, name, args)
	case time.Time:
		return e.dateMethod(v, name, args)
	case moment:
		return v.method(e, name, args)
	case *regex:
		if name == "test" {
			s := text(argument(args, 0))
			e.work(len(s))
			return v.re.MatchString(s)
		}
	case global:
		return e.globalMethod(string(v), name, args)
	case external:
		return e.call(e.member(v, name), args)
	case outside:
		return e.outsideMethod(v, name, args)
	case now:
		if name == "getTime" || name == "valueOf" {
			return v
		}
	case bool:
		if name == "toString" {
			return text(v)
		}
	}
	unknown("the method " + name)
	return nil
}

func arithmeticIn(o *Object, key any) any {
	if o.Missing != nil {
		unknown("what an object has")
	}
	_, has := o.values[text(key)]
	return has
}

// arg is an argument of a method that works on texts.
func arg(args []any, n int) string { return text(argument(args, n)) }

func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

// span is the range that two arguments mean, negative ones counted from the end.
func span(args []any, size int, fromEnd bool) (int, int) {
	at := func(v any, otherwise int) int {
		if _, missing := v.(Undefined); missing {
			return otherwise
		}
		n := integer(v)
		if n < 0 && fromEnd {
			n += size
		}
		return max(0, min(n, size))
	}
	return at(argument(args, 0), 0), at(argument(args, 1), size)
}

func (e *evaluator) textMethod(s, name string, a []any) any {
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
		return strings.HasPrefix(s, arg(a, 0))
	case "endsWith":
		return strings.HasSuffix(s, arg(a, 0))
	case "includes":
		return strings.Contains(s, arg(a, 0))
	case "indexOf":
		return unitsBefore(s, strings.Index(s, arg(a, 0)))
	case "lastIndexOf":
		return unitsBefore(s, strings.LastIndex(s, arg(a, 0)))
	case "localeCompare":
		return float64(strings.Compare(s, arg(a, 0)))
	case "split":
		return splitText(s, a)
	case "replace", "replaceAll":
		return e.replaced(s, a, name == "replaceAll")
	case "match":
		return matched(s, argument(a, 0))
	case "normalize":
		return normalized(s, a)
	}
	return partOf(s, name, a)
}

// partOf are the methods that lengthen a text or take a part of it.
func partOf(s, name string, a []any) any {
	switch name {
	case "padStart":
		return padding(s, a) + s
	case "padEnd":
		return s + padding(s, a)
	case "concat":
		return s + joined(a, "")
	case "charAt":
		return textAt(s, integer(argument(a, 0)))
	case "at":
		return textFromEnd(s, integer(argument(a, 0)))
	case "repeat":
		n := toNumber(argument(a, 0))
		if !(n >= 0) || n*float64(len(s)) > maxBytes || n > maxBytes {
			unknown("so long a text")
		}
		return strings.Repeat(s, int(n))
	}
	u := units(s)
	switch name {
	case "slice":
		from, to := span(a, len(u), true)
		return string(utf16.Decode(u[from:max(from, to)]))
	case "substring":
		from, to := span(a, len(u), false)
		return string(utf16.Decode(u[min(from, to):max(from, to)]))
	case "substr":
		from, _ := span(a, len(u), true)
		to := len(u)
		if len(a) > 1 {
			to = min(len(u), from+max(0, integer(a[1])))
		}
		return string(utf16.Decode(u[from:to]))
	}
	unknown("the method " + name)
	return nil
}

func unitsBefore(s string, at int) any {
	if at < 0 {
		return float64(-1)
	}
	return float64(length(s[:at]))
}

func textAt(s string, n int) any {
	u := units(s)
	if n < 0 || n >= len(u) {
		return ""
	}
	return string(utf16.Decode(u[n : n+1]))
}

func textFromEnd(s string, n int) any {
	u := units(s)
	if n < 0 {
		n += len(u)
	}
	if n < 0 || n >= len(u) {
		return Undefined{}
	}
	return string(utf16.Decode(u[n : n+1]))
}

func padding(s string, args []any) string {
	want, with := min(1e5, integer(argument(args, 0))), " "
	if len(args) > 1 {
		with = text(args[1])
	}
	missing := want - length(s)
	if missing <= 0 || with == "" {
		return ""
	}
	return strings.Repeat(with, missing/len(with)+1)[:missing]
}

func joined(items []any, between string) string {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(between)
		}
		if !isNothing(item) {
			b.WriteString(text(item))
		}
		if b.Len() > maxBytes {
			unknown("so long a text")
		}
	}
	return b.String()
}

func splitText(s string, args []any) any {
	out := &List{own: true}
	var parts []string
	switch by := argument(args, 0).(type) {
	case Undefined:
		parts = []string{s}
	case *regex:
		if by.re.NumSubexp() > 0 {
			unknown("a split that keeps what divides")
		}
		parts = by.re.Split(s, maxItems+1)
	default:
		parts = strings.SplitN(s, text(by), maxItems+1)
	}
	for _, p := range parts {
		out.Items = append(out.Items, p)
	}
	if len(args) > 1 {
		out.Items = out.Items[:max(0, min(len(out.Items), integer(args[1])))]
	}
	return bounded(out)
}
