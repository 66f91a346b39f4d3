package markdown

import (
	"publisher/content/pymarkdown"
	"regexp"
	"strings"
)

// pythonHTML converts with the settings of one blog.
func (m *Converter) pythonHTML(source string, w Options) string {
	o := *w.PythonMarkdown
	o.LongDashes = o.LongDashes && w.Typographer // of typogrify, not of the extension
	o.Smart = o.Smart || w.Typographer
	ids := newIDGenerator(w.Headings)
	o.HeadingID = func(text string) string { return string(ids.Generate([]byte(text), 0)) }
	o.Code = func(code, language string) string {
		if language == "" && o.CodeHeaders {
			code, language = pythonLanguage(code)
		}
		return m.Highlight(code, language, w.Budget)
	}
	o.Step, o.Part, o.Length = w.Budget.Step, w.Budget.Nodes, w.Budget.CheckHTML
	return pymarkdown.HTML(source, o)
}

// codeHeader is the first line of code as codehilite has it: colons or #!, perhaps a path, a language.
var codeHeader = regexp.MustCompile(`^(?:::+|#!)((?:/\w+)*[/ ])?([\w#.+-]*)`)

// pythonLanguage takes the line away that names the language of code, unless it is a program's path.
func pythonLanguage(code string) (rest, language string) {
	first, after, _ := strings.Cut(code, "\n")
	switch m := codeHeader.FindStringSubmatch(first); {
	case m == nil:
		return code, ""
	case m[1] != "":
		return code, m[2]
	default:
		return strings.TrimLeft(after, "\n"), m[2]
	}
}
