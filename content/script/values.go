package script

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tdewolff/parse/v2/js"
)

// Values are nil (null), Undefined, bool, float64, string, time.Time (a Date), *List,
// *Object, *regexp.Regexp, and those of this package that only methods make.

// Undefined is what a name without a value has.
type Undefined struct{}

// List is an array.
type Array struct {
	Items   []any
	mutable bool // the script made it, and may change it
}

// Object keeps its keys in the order in which they were set.
type Object struct {
	keys    []string
	values  map[string]any
	mutable bool // the script made it, and may change it
	// Missing is asked for a key that is not there; ok is false where nobody can tell
	// whether it is.
	Lookup func(key string) (v any, ok bool)
}

// NewObject is an empty one.
func NewObject() *Object { return &Object{values: map[string]any{}} }

// Set puts a value under a key.
func (o *Object) Set(key string, v any) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

// Own are the keys that are set, with their values.
func (o *Object) Properties() map[string]any { return o.values }

func (o *Object) get(key string) any {
	if v, ok := o.values[key]; ok {
		return v
	}
	if o.Lookup != nil {
		v, ok := o.Lookup(key)
		if !ok {
			fail("the value of " + key)
		}
		return v
	}
	return Undefined{}
}

// regex is a regular expression with its flags.
type regex struct {
	re     *regexp.Regexp
	global bool
}

// closure is a function of the script.
type closure struct {
	params js.Params
	body   []js.IStmt
	scope  *scope
	this   any
	arrow  bool
	expr   js.IExpr
}

func (f *closure) asFunction() Function { return Function{f.expr, f.scope} }

// native is a function of JavaScript's own or of a package.
type nativeFunc func(e *evaluator, args []any) any

// Native makes a function of one of the caller's; ok is false for a result that is not
// known.
func Native(f func(args []any) (v any, ok bool)) any {
	return nativeFunc(func(_ *evaluator, args []any) any {
		v, ok := f(args)
		if !ok {
			fail("what a function returns")
		}
		return v
	})
}

// now is the time of the build, which is not known: only that a page that is shown is
// not dated after it, since posts wait for their date anyway.
type currentTime struct{}

// external is what a package exports, or a part of it.
type packageExport struct{ module, name string }

// outside is a thing of a package that was called for, such as a Markdown reader.
type packageObject struct {
	kind string
	args []any
}

// failure ends an evaluation: something in it is not known here.
type evalError struct {
	what       string
	undeclared bool // it is a name that nothing declares
	fatal      bool // no part of the result can be known
}

func (f evalError) Error() string { return f.what + " is not known here" }

// unknown leaves the evaluation, which recovers it in Function.call alone.
func fail(what string) { panic(evalError{what: what}) }

// fatal ends the evaluation where going on could be wrong, or take long.
func abort(what string) { panic(evalError{what: what, fatal: true}) }

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
	fail(fmt.Sprintf("the text of a %T", v))
	return ""
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
		fail("so large a value")
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
		fail("a number without end")
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
	fail("a number made of an object")
	return 0
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
			fail("whether a number is a text")
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
	fail("whether two things are one")
	return false
}

// stringOf reads a literal in quotes.
func stringValue(data []byte) string {
	s := string(data)
	if len(s) < 2 {
		return ""
	}
	return unescape(s[1 : len(s)-1])
}

var escapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\v`, "\v", `\0`, "\x00", `\\`, `\`, "\\\n", "")

var unicodeEscape = regexp.MustCompile(`\\u\{([0-9a-fA-F]{1,6})\}|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})`)

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			at := strings.IndexByte(s, '\\')
			if at < 0 {
				at = len(s)
			}
			b.WriteString(s[:at])
			s = s[at:]
			continue
		}
		if m := unicodeEscape.FindStringSubmatch(s); m != nil && strings.HasPrefix(s, m[0]) {
			n, _ := strconv.ParseUint(m[1]+m[2]+m[3], 16, 32)
			b.WriteRune(rune(n))
			s = s[len(m[0]):]
			continue
		}
		if len(s) < 2 {
			break
		}
		if plain := escapes.Replace(s[:2]); plain != s[:2] {
			b.WriteString(plain)
		} else {
			b.WriteString(s[1:2])
		}
		s = s[2:]
	}
	return b.String()
}
