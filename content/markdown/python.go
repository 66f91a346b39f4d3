package markdown

import (
	"regexp"
	"strings"

	"publisher/content/pymarkdown"
)

// pythonHTML converts by the rules of Python-Markdown.
func (c *Converter) pythonHTML(source string, o Options) string {
	p := *o.PythonMarkdown
	p.LongDashes = p.LongDashes && o.Typographer // of typogrify, not of the extension
	p.Smarty = p.Smarty || o.Typographer
	ids := newIDGenerator(o.Headings)
	p.HeadingID = func(text string) string { return string(ids.Generate([]byte(text), 0)) }
	p.Code = func(code, language string) string {
		if language == "" && p.CodeHeaders {
			code, language = pythonLanguage(code)
		}
		return c.Highlight(code, language, o.Budget)
	}
	p.Budget = o.Budget
	return pymarkdown.HTML(source, p)
}

// codeHeader matches the first line of code as codehilite reads it: colons or #!, perhaps a path, a language.
var codeHeader = regexp.MustCompile(`^(?:::+|#!)((?:/\w+)*[/ ])?([\w#.+-]*)`)

// pythonLanguage returns the language of code, and the code without the line that names it, unless that is a program's path.
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
