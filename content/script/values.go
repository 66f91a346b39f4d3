package script

import (
	"regexp"

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
			fail("unknown value of " + key)
		}
		return v
	}
	return Undefined{}
}

// ownProperties returns v as an object whose properties are all known.
func ownProperties(v any) *Object {
	o, ok := v.(*Object)
	if !ok || o.Lookup != nil {
		fail("unknown properties")
	}
	return o
}

func hasProperty(v, key any) bool {
	_, ok := ownProperties(v).values[toString(key)]
	return ok
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
			fail("unknown result of a function")
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
