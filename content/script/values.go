package script

import (
	"regexp"

	"github.com/tdewolff/parse/v2/js"
)

// Undefined is JavaScript's undefined. The other values are nil (null), bool, float64, string,
// time.Time (a Date), *Array, *Object, and those of this package that only methods return.
type Undefined struct{}

// Array is a JavaScript array.
type Array struct {
	Items   []any
	mutable bool // the script made it, and may change it
}

// Object is a JavaScript object, whose keys keep the order in which they were set.
type Object struct {
	keys    []string
	values  map[string]any
	mutable bool // the script made it, and may change it
	// Lookup returns a property that is not set; ok is false where it is unknown.
	Lookup func(key string) (v any, ok bool)
}

// NewObject returns an empty object.
func NewObject() *Object { return &Object{values: map[string]any{}} }

// Set sets a property.
func (o *Object) Set(key string, v any) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

// Properties returns the properties that are set.
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

// nativeFunc is a function of JavaScript's own, of a package or of the caller.
type nativeFunc func(e *evaluator, args []any) any

// Native returns a JavaScript function that calls f; ok is false for an unknown result.
func Native(f func(args []any) (v any, ok bool)) any {
	return nativeFunc(func(_ *evaluator, args []any) any {
		v, ok := f(args)
		if !ok {
			fail("unknown result of a function")
		}
		return v
	})
}

// currentTime is the time of the build, which is unknown, but not before a page's date: posts wait for
// it.
type currentTime struct{}

// packageExport is what a package exports, or a part of it.
type packageExport struct{ module, name string }

// packageObject is an object that a package made, such as a Markdown renderer.
type packageObject struct {
	kind string
	args []any
}
