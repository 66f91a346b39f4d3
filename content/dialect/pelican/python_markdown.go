package pelican

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/pymarkdown"
)

// pythonMarkdown reads what pelicanconf.py says of Python-Markdown's extensions: MARKDOWN with the
// tables extension_configs and extensions, or the MD_EXTENSIONS of old. Where there is no such
// setting, or one that is computed, Pelican's own holds: codehilite, extra, meta.
func pythonMarkdown(own *dialect.Settings) *pymarkdown.Options {
	o := &pymarkdown.Options{Math: own == nil, Brackets: own == nil}
	names := map[string]bool{}
	var contents map[string]any
	if table, ok := own.Setting("markdown").(map[string]any); ok {
		configs, _ := table["extension_configs"].(map[string]any)
		for name, settings := range configs {
			if names[extensionName(name)] = true; extensionName(name) == "toc" {
				contents, _ = settings.(map[string]any)
			}
		}
		for _, name := range frontmatter.Strings(table["extensions"], frontmatter.NoSplit) {
			names[extensionName(name)] = true
		}
	}
	for _, name := range frontmatter.Strings(own.Setting("md_extensions"), frontmatter.NoSplit) {
		names[extensionName(name)] = true
	}
	o.Extra = len(names) == 0 || names["extra"]
	o.Tables, o.FencedCode, o.Footnotes, o.DefLists = names["tables"], names["fenced_code"] || names["superfences"], names["footnotes"], names["def_list"]
	o.MDInHTML, o.AttrLists, o.Abbr = names["md_in_html"], names["attr_list"], names["abbr"]
	o.SaneLists = names["sane_lists"]
	o.BreakLines, o.Smart, o.Admonitions, o.TOC = names["nl2br"], names["smarty"], names["admonition"], names["toc"]
	o.CodeHeaders = len(names) == 0 || names["codehilite"]
	if own != nil {
		text := strings.ToLower(string(own.Text))
		plugins := strings.Join(slices.Sorted(maps.Keys(names)), " ")
		if _, computed := own.Unknown["plugins"]; computed {
			plugins += " " + text
		}
		for _, name := range frontmatter.Strings(own.Setting("plugins"), frontmatter.NoSplit) {
			plugins += " " + name
		}
		o.Brackets = bracketPlugin.MatchString(plugins)
		o.Math = o.Brackets || strings.Contains(plugins, "render_math")
		o.Admonitions = o.Admonitions || strings.Contains(text, "admonition")
		o.TOC = o.TOC || len(names) == 0 && strings.Contains(text, "extensions.toc")
		o.LongDashes = !strings.EqualFold(own.Scalar("typogrify_dashes"), "oldschool")
	}
	o.TOCTitle, _ = contents["title"].(string)
	o.TOCDepth = contentsDepth(contents["toc_depth"])
	return o
}

// contentsDepth reads a number of levels, or the first and the last of them as in 2-4.
func contentsDepth(setting any) [2]int {
	text, _ := setting.(string)
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		low, high = "1", low
	}
	first, err1 := strconv.Atoi(low)
	last, err2 := strconv.Atoi(high)
	if err1 != nil || err2 != nil {
		return [2]int{}
	}
	return [2]int{first, last}
}

// bracketPlugin are what readers of TeX in brackets are called in settings.
var bracketPlugin = regexp.MustCompile(`arithmatex|mdx_math|mdx_katex|markdown_katex|mathjax`)

// extensionName is the last part of an extension's dotted name.
func extensionName(s string) string {
	s, _, _ = strings.Cut(s, "(")
	return s[strings.LastIndexByte(s, '.')+1:]
}
