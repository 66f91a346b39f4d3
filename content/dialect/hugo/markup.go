package hugo

import (
	"cmp"
	"slices"
	"strings"

	"publisher/content/frontmatter"
	"publisher/content/markdown"
)

// readMarkup reads the settings of Hugo's Markdown.
func (h *Engine) readMarkup() {
	settings := h.settings.Value("markup")
	is := func(key, value string) bool {
		v, _ := frontmatter.Lookup(settings, "goldmark."+key)
		return v == value
	}
	h.typographer = !is("extensions.typographer", "false") && !is("extensions.typographer.disable", "true")
	h.hardWraps = is("renderer.hardwraps", "true")
	h.noLinkify = is("extensions.linkify", "false")
	h.noStrike = is("extensions.strikethrough", "false")
	on := func(name string) bool { return is("extensions.extras."+name+".enable", "true") }
	// Where ~ strikes out, it does so before it can lower.
	h.marks = markdown.Marks{Insert: on("insert"), Mark: on("mark"), Subscript: on("subscript") && (h.noStrike || on("delete")), Superscript: on("superscript"), Delete: on("delete")}
	h.passthrough = readPassthrough(settings)
	h.markup = markdown.Markup{
		NoFootnotes:   is("extensions.footnote", "false") || is("extensions.footnote.enable", "false"),
		NoDefinitions: is("extensions.definitionlist", "false"),
		NoTasks:       is("extensions.tasklist", "false"),
		NoTables:      is("extensions.table", "false"),
		NoAttributes:  is("parser.attribute.title", "false"),
		NoHeadingIDs:  is("parser.autoheadingid", "false"),
		Protocol:      "https",
		Quotes:        readQuotes(settings),
		CJK:           is("extensions.cjk.enable", "true"),
		EscapeSpace:   is("extensions.cjk.escapedspace", "true"),
	}
	if protocol, ok := frontmatter.Lookup(settings, "goldmark.extensions.linkifyprotocol"); ok {
		h.markup.Protocol, _ = protocol.(string)
	}
	if is("extensions.cjk.eastasianlinebreaks", "true") {
		style, _ := frontmatter.Lookup(settings, "goldmark.extensions.cjk.eastasianlinebreaksstyle")
		h.markup.LineBreaks, _ = style.(string)
		h.markup.LineBreaks = cmp.Or(strings.ToLower(h.markup.LineBreaks), "simple")
	}
	other, _ := frontmatter.Lookup(settings, "defaultmarkdownhandler")
	h.dropHTML = h.settings != nil && !is("renderer.unsafe", "true") && (other == nil || other == "goldmark")
}

// readQuotes returns the typographic replacements that the settings change.
func readQuotes(settings any) string {
	table, _ := frontmatter.Lookup(settings, "goldmark.extensions.typographer")
	var out strings.Builder
	for _, name := range markdown.TypographicNames() {
		if v, ok := frontmatter.Lookup(table, name); ok {
			if text, ok := v.(string); ok && !strings.Contains(text, "\n") {
				out.WriteString(name + "\n" + text + "\n")
			}
		}
	}
	return out.String()
}

// readPassthrough returns the delimiters between which Hugo leaves text alone, as pairs of lines
// so that markdown.Options can be compared; "" if that is off.
func readPassthrough(markup any) string {
	table, _ := frontmatter.Lookup(markup, "goldmark.extensions.passthrough")
	if on, _ := frontmatter.Lookup(table, "enable"); on != "true" {
		return ""
	}
	var pairs [][2]string
	for _, kind := range []string{"block", "inline"} {
		list, _ := frontmatter.Lookup(table, "delimiters."+kind)
		items, _ := list.([]any)
		for _, item := range items {
			if pair := frontmatter.Strings(item, frontmatter.NoSplit); len(pair) == 2 && pair[0] != "" && pair[1] != "" && !strings.Contains(pair[0]+pair[1], "\n") {
				pairs = append(pairs, [2]string{pair[0], pair[1]})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) }) // $$ before $
	var out strings.Builder
	for _, pair := range pairs {
		out.WriteString(pair[0] + "\n" + pair[1] + "\n")
	}
	return out.String()
}
