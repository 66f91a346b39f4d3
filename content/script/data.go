package script

import (
	"maps"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// Data is what a script that exports an object says: values, and functions of a page's data. Values
// that are unknown are among the functions.
type Data struct {
	Values    map[string]any
	Functions map[string]Function
	Computed  map[string]Function // of eleventyComputed
}

// ReadData returns the object that a file exports; ok is false where it is unknown.
func ReadData(files []File, name string) (Data, bool) {
	p := Load(files)
	f, ok := p.DefaultExport(name)
	if !ok {
		m := p.modules[name]
		if m == nil || len(m.exports) == 0 {
			return Data{}, false
		}
		d := newData()
		for key, expr := range m.exports {
			d.add(key, Function{expr, m.scope})
		}
		return d, true
	}
	return f.Data()
}

func newData() Data {
	return Data{Values: map[string]any{}, Functions: map[string]Function{}, Computed: map[string]Function{}}
}

// FrontMatter reads front matter in JavaScript: an object, or declarations.
func FrontMatter(text string) Data {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		d, _ := ReadData([]File{{Path: "/front", Text: "export default " + text}}, "/front")
		return d
	}
	d := newData()
	p := Load([]File{{Path: "/front", Text: text}})
	if m := p.modules["/front"]; m != nil {
		for name := range m.scope.names {
			d.add(name, Function{&js.Var{Data: []byte(name)}, m.scope})
		}
	}
	return d
}

// members takes an object apart, so that an unknown member costs only itself.
func (f Function) members() (Data, bool) {
	d := newData()
	object, scope := f.resolveObject()
	if object == nil {
		return d, false
	}
	for _, p := range object.List {
		switch m, isMethod := p.Value.(*js.MethodDecl); {
		case p.Spread:
			if more, ok := (Function{p.Value, scope}).members(); ok {
				d.merge(more)
			}
		case isMethod:
			d.add(string(m.Name.Literal.Data), Function{&js.FuncDecl{Params: m.Params, Body: m.Body}, scope})
		case p.Name != nil && p.Name.Computed == nil:
			d.add(newEvaluator(Host{}).propertyName(p.Name, scope), Function{p.Value, scope})
		}
	}
	return d, true
}

func (d *Data) merge(more Data) {
	maps.Copy(d.Values, more.Values)
	maps.Copy(d.Functions, more.Functions)
	maps.Copy(d.Computed, more.Computed)
}

func (d *Data) add(key string, f Function) {
	if key == "eleventyComputed" {
		if inner, ok := f.members(); ok {
			maps.Copy(d.Computed, inner.Functions)
			d.Values[key] = objectOf(inner.Values)
		}
		return
	}
	switch v, err := f.Value(Host{}); v := v.(type) {
	case *closure:
		d.Functions[key] = v.asFunction()
	default:
		if err != nil {
			d.Functions[key] = f
			return
		}
		d.Values[key] = v
	}
}

func objectOf(values map[string]any) *Object {
	o := NewObject()
	for key, v := range values {
		o.Set(key, v)
	}
	return o
}

// Data returns the members of an object, or of the object that a function without parameters returns;
// ok is false where they are unknown.
func (f Function) Data() (Data, bool) { return f.inner().members() }

// AsComputed returns the data as those of eleventyComputed.
func (d Data) AsComputed() Data {
	return Data{Computed: d.Functions, Values: map[string]any{"eleventyComputed": objectOf(d.Values)}}
}
