package script

import (
	"path"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// module is one file. One that does not parse has no statements.
type module struct {
	path       string
	statements []js.IStmt
	scope      *scope
	exports    map[string]js.IExpr // "default" for the default one
	program    *Program
}

// declare records what a module's statements declare, import and export.
func (m *module) declare(list []js.IStmt) {
	m.scope.declare(list)
	for _, stmt := range list {
		switch s := stmt.(type) {
		case *js.ExportStmt:
			m.addExport(s)
		case *js.ImportStmt:
			m.addImports(s)
		case *js.ExprStmt:
			m.addCommonJSExport(s.Value)
		}
	}
}

func (p *Program) newModule(path, text string) *module {
	m := &module{path: path, exports: map[string]js.IExpr{}, program: p, scope: frozenScope(nil)}
	m.scope.module, m.scope.text = m, text
	return m
}

func (m *module) addExport(s *js.ExportStmt) {
	if s.Default {
		m.exports["default"] = s.Decl
	}
	switch d := s.Decl.(type) {
	case *js.VarDecl:
		m.scope.declareVars(d)
		for _, name := range declaredNames(d) {
			m.exports[name] = &js.Var{Data: []byte(name)}
		}
	case *js.FuncDecl:
		if d.Name != nil {
			name := string(d.Name.Data)
			m.scope.set(name, &binding{expr: d})
			if !s.Default {
				m.exports[name] = &js.Var{Data: []byte(name)}
			}
		}
	}
	if s.Module != nil {
		return // the other file has its exports
	}
	for _, a := range s.List {
		name, from := string(a.Binding), string(a.Name)
		if from == "" {
			from = name
		}
		m.exports[name] = &js.Var{Data: []byte(from)}
	}
}

func (m *module) addImports(s *js.ImportStmt) {
	from := unquote(s.Module)
	if s.Default != nil {
		m.scope.set(string(s.Default), &binding{module: from, export: "default"})
	}
	for _, a := range s.List {
		name := string(a.Name)
		if name == "" {
			name = string(a.Binding)
		}
		m.scope.set(string(a.Binding), &binding{module: from, export: name})
	}
}

// addCommonJSExport records module.exports = …, module.exports.name = … and exports.name = ….
func (m *module) addCommonJSExport(expr js.IExpr) {
	b, ok := expr.(*js.BinaryExpr)
	if !ok || b.Op != js.EqToken {
		return
	}
	left := strings.Join(strings.Fields(dottedName(b.X)), "")
	switch name, isNamed := strings.CutPrefix(strings.TrimPrefix(left, "module."), "exports."); {
	case left == "module.exports":
		m.exports["default"] = b.Y
	case isNamed && !strings.ContainsAny(name, ".[("):
		m.exports[name] = b.Y
	}
}

// resolve returns the module that another imports; nil for a package.
func (p *Program) resolve(from, name string) *module {
	if !strings.HasPrefix(name, ".") {
		return nil
	}
	full := path.Join(path.Dir(from), name)
	for _, ending := range []string{"", ".js", ".mjs", ".cjs", ".ts", "/index.js"} {
		if m := p.modules[full+ending]; m != nil {
			return m
		}
	}
	return nil
}

// importedExpr returns the expression that another module exports, with its scope; nil for none.
func (m *module) importedExpr(module, name string) (js.IExpr, *scope) {
	if m = m.program.resolve(m.path, module); m == nil {
		return nil, nil
	}
	return m.exports[name], m.scope
}
