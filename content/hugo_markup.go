package content

import (
	"cmp"
	"strings"
)

// readMarkup takes over the settings of Hugo's Markdown reader.
func (h *hugo) readMarkup() {
	settings := h.own.setting("markup")
	is := func(key, value string) bool {
		v, _ := dig(settings, "goldmark."+key)
		return v == value
	}
	h.smart = !is("extensions.typographer", "false") && !is("extensions.typographer.disable", "true")
	h.hardWraps = is("renderer.hardwraps", "true")
	h.bareLinks = is("extensions.linkify", "false")
	h.noStrike = is("extensions.strikethrough", "false")
	on := func(name string) bool { return is("extensions.extras."+name+".enable", "true") }
	// Where ~ strikes out, it does so before it can lower.
	h.marks = marks{insert: on("insert"), mark: on("mark"), subscript: on("subscript") && (h.noStrike || on("delete")), superscript: on("superscript"), delete: on("delete")}
	h.passthrough = readPassthrough(settings)
	h.markup = markup{
		noFootnotes:   is("extensions.footnote", "false") || is("extensions.footnote.enable", "false"),
		noDefinitions: is("extensions.definitionlist", "false"),
		noTasks:       is("extensions.tasklist", "false"),
		noTables:      is("extensions.table", "false"),
		noAttributes:  is("parser.attribute.title", "false"),
		noHeadingIDs:  is("parser.autoheadingid", "false"),
		protocol:      "https",
		quotes:        readQuotes(settings),
		cjk:           is("extensions.cjk.enable", "true"),
		escapeSpace:   is("extensions.cjk.escapedspace", "true"),
	}
	if protocol, ok := dig(settings, "goldmark.extensions.linkifyprotocol"); ok {
		h.markup.protocol, _ = protocol.(string)
	}
	if is("extensions.cjk.eastasianlinebreaks", "true") {
		style, _ := dig(settings, "goldmark.extensions.cjk.eastasianlinebreaksstyle")
		h.markup.lineBreaks, _ = style.(string)
		h.markup.lineBreaks = cmp.Or(strings.ToLower(h.markup.lineBreaks), "simple")
	}
	other, _ := dig(settings, "defaultmarkdownhandler")
	h.noRaw = h.own != nil && !is("renderer.unsafe", "true") && (other == nil || other == "goldmark")
}

func readQuotes(settings any) string {
	table, _ := dig(settings, "goldmark.extensions.typographer")
	var out strings.Builder
	for _, name := range typographicNames() {
		if v, ok := dig(table, name); ok {
			if text, ok := v.(string); ok && !strings.Contains(text, "\n") {
				out.WriteString(name + "\n" + text + "\n")
			}
		}
	}
	return out.String()
}
