package content

import (
	"regexp"
	"strings"

	"publisher/content/pymarkdown"
)

// pythonMarkdown reads what pelicanconf.py says of Python-Markdown's extensions: MARKDOWN with the
// tables extension_configs and extensions, or the MD_EXTENSIONS of old. Where there is no such
// setting, or one that is computed, Pelican's own holds: codehilite, extra, meta.
func pythonMarkdown(own *ownConfig) *pymarkdown.Options {
	o := &pymarkdown.Options{Math: own == nil}
	names := map[string]bool{}
	if table, ok := own.setting("markdown").(map[string]any); ok {
		configs, _ := table["extension_configs"].(map[string]any)
		for name := range configs {
			names[extensionName(name)] = true
		}
		for _, name := range listOf(table["extensions"], whole) {
			names[extensionName(name)] = true
		}
	}
	for _, name := range listOf(own.setting("md_extensions"), whole) {
		names[extensionName(name)] = true
	}
	o.Extra = len(names) == 0 || names["extra"]
	o.Tables, o.FencedCode, o.Footnotes, o.DefLists = names["tables"], names["fenced_code"] || names["superfences"], names["footnotes"], names["def_list"]
	o.MDInHTML, o.AttrLists, o.Abbr = names["md_in_html"], names["attr_list"], names["abbr"]
	o.BreakLines, o.Smart, o.Admonitions, o.TOC = names["nl2br"], names["smarty"], names["admonition"], names["toc"]
	if own != nil {
		text := strings.ToLower(string(own.text))
		o.Math = mathPlugin.MatchString(text)
		o.Admonitions = o.Admonitions || strings.Contains(text, "admonition")
		o.TOC = o.TOC || len(names) == 0 && strings.Contains(text, "extensions.toc")
	}
	return o
}

// mathPlugin are what readers of TeX are called in settings.
var mathPlugin = regexp.MustCompile(`render_math|arithmatex|mdx_math|mdx_katex|markdown_katex|extensions\.mathjax`)

// extensionName is the last part of an extension's dotted name.
func extensionName(s string) string {
	s, _, _ = strings.Cut(s, "(")
	return s[strings.LastIndexByte(s, '.')+1:]
}

// pythonHTML converts with the settings of one blog.
func (m *markdownReader) pythonHTML(source string, w writing) string {
	o := *w.pythonMarkdown
	o.Smart = o.Smart || w.smart
	ids := newHeadingIDs(w.headings)
	o.HeadingID = func(text string) string { return string(ids.Generate([]byte(text), 0)) }
	o.Code = func(code, language string) string {
		if language == "" {
			code, language = pythonLanguage(code)
		}
		return m.code.highlight(code, language, w.budget)
	}
	o.Step, o.Part, o.Length = w.budget.step, w.budget.part, w.budget.length
	return pymarkdown.HTML(source, o)
}

var container = regexp.MustCompile(`(?m)^[ \t]*:{3,}[^:\n]*$`)

// openContainers leaves what stands between markdown-it's ::: lines.
func openContainers(text string) string {
	if !strings.Contains(text, ":::") {
		return text
	}
	return outsideCode(text, func(prose string) string { return container.ReplaceAllString(prose, "") })
}
