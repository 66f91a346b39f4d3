package eleventy

import (
	"bytes"
	"regexp"

	"publisher/content/markdown"
	"publisher/content/mdsource"
)

// markdownItSettings are the options and plugins of markdown-it that change what is read.
type markdownItSettings struct {
	indented    bool // four spaces make code: Eleventy turns that off, whatever library is set
	breaks      bool // each line's end is a line break
	linkify     bool // a bare address is a link
	typographer bool // quotes and dashes become typographic
	math        bool // a plugin reads TeX
	attributes  bool // {.class} belongs to what stands before it
	emoji       bool // :names: are characters
	marks       markdown.Marks
	alerts      bool // > [!NOTE] is a box
	markup      markdown.Markup
}

var (
	indentedOn  = regexp.MustCompile(`\.enable\(\s*(?:\[[^\]]*)?["'\x60]code["'\x60]`)
	breaksOn    = regexp.MustCompile(`\bbreaks["']?\s*:\s*true\b`)
	linkifyOn   = regexp.MustCompile(`\blinkify["']?\s*:\s*true\b`)
	mathOn      = regexp.MustCompile(`(?i)katex|mathjax|texmath|temml`)
	attrsOn     = regexp.MustCompile(`markdown-it-attrs`)
	footnotesOn = regexp.MustCompile(`(?i)footnote|multimarkdown`)
	tasksOn     = regexp.MustCompile(`(?i)task|checkbox|todo`)
	alertsOn    = regexp.MustCompile(`(?i)alert|callout|admonition`)
	captionOf   = regexp.MustCompile(`\bfigcaption["']?\s*:\s*["'\x60]?(true|alt|title)\b`)
	typographOn = regexp.MustCompile(`\btypographer["']?\s*:\s*true\b`)
)

// readMarkdownIt reads the options from the text of the config.
func readMarkdownIt(config []byte) markdownItSettings {
	has := func(plugin string) bool { return bytes.Contains(config, []byte(plugin)) }
	return markdownItSettings{indentedOn.Match(config), breaksOn.Match(config), linkifyOn.Match(config), typographOn.Match(config),
		mathOn.Match(config), attrsOn.Match(config), has("markdown-it-emoji"),
		markdown.Marks{Insert: has("markdown-it-ins"), Mark: has("markdown-it-mark"), Subscript: has("markdown-it-sub"), Superscript: has("markdown-it-sup")},
		alertsOn.Match(config), markdown.Markup{NoFootnotes: !footnotesOn.Match(config), NoDefinitions: !has("deflist"), NoTasks: !tasksOn.Match(config),
			Figures: has("implicit-figures"), Caption: figureCaption(config)}}
}

// figureCaption returns which attribute implicit figures use as their caption; "" for none.
func figureCaption(config []byte) string {
	m := captionOf.FindSubmatch(config)
	switch {
	case m == nil:
		return ""
	case string(m[1]) == "title":
		return "title"
	}
	return "alt"
}

// attributeList matches the lists of markdown-it-attrs: classes, an id, attributes.
var attributeList = regexp.MustCompile(`[ \t]*\{\s*(?:[.#][\w-]+|[\w-]+=(?:"[^"\n]*"|[^\s{}"]+))(?:\s+(?:[.#][\w-]+|[\w-]+=(?:"[^"\n]*"|[^\s{}"]+)))*\s*\}`)

// withoutAttributes removes attribute lists from prose: feeds and mails have no styles for them.
func (s markdownItSettings) withoutAttributes(text string) string {
	if !s.attributes {
		return text
	}
	return mdsource.OutsideCode(text, func(prose string) string { return attributeList.ReplaceAllString(prose, "") })
}
