package templates

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"publisher/templates/mailhtml"
)

// Error is a fault in a template, a style sheet or a translation.
type Error struct {
	File    string // the owner's file, or "built-in NAME"
	Line    int    // from 1; 0 if unknown
	Column  int    // 0 if unknown
	Message string
}

func (e *Error) Error() string {
	place := e.File
	if e.Line > 0 {
		place += ":" + strconv.Itoa(e.Line)
		if e.Column > 0 {
			place += ":" + strconv.Itoa(e.Column)
		}
	}
	return place + ": " + e.Message
}

var (
	// Both template packages write "template: NAME:LINE:COLUMN: what is wrong".
	templateError = regexp.MustCompile(`(?s)^(?:html/)?template: ?([^:]+?)(?::(\d+))?(?::(\d+))?: (.*)$`)
	yamlError     = regexp.MustCompile(`(?s)^(?:yaml: )?(?:unmarshal errors:\s*)?(?:line (\d+): )?(.*)$`)
)

// located returns an error of the template packages with the name of the file.
func (l *loader) located(err error) error {
	if err == nil {
		return nil
	}
	m := templateError.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	line, _ := strconv.Atoi(m[2])
	column, _ := strconv.Atoi(m[3])
	fault := &Error{File: l.path(m[1]), Line: line, Column: column, Message: m[4]}
	// If a partial leaves a tag or quotation open, the error is about its caller.
	if f, ok := l.files[m[1]]; ok && f.Path == "" {
		if own := l.ownHTML(); own != "" {
			fault.Message += " (probably a tag or quotation left open in your own " + own + ")"
		}
	}
	return fault
}

// ownHTML returns the paths of the owner's HTML templates.
func (l *loader) ownHTML() string {
	var paths []string
	for _, name := range l.names(".html") {
		if f := l.files[name]; f.Path != "" {
			paths = append(paths, f.Path)
		}
	}
	return strings.Join(paths, ", ")
}

func inYAML(file string, err error) error {
	m := yamlError.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	return &Error{File: file, Line: line, Message: m[2]}
}

// path returns the file of a template.
func (l *loader) path(name string) string {
	if f, ok := l.files[name]; ok {
		return f.place()
	}
	return name
}

func (f File) place() string {
	if f.Path != "" {
		return f.Path
	}
	return fmt.Sprintf("built-in %s", f.Name)
}

func inCSS(file string, err error) error {
	if fault, ok := errors.AsType[*mailhtml.CSSError](err); ok {
		return &Error{File: file, Line: fault.Line, Message: fault.Message}
	}
	return err
}
