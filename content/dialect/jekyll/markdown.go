package jekyll

import (
	"fmt"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/kramdown"
)

// kramdownOptions reads the settings of kramdown in _config.yml; nil where another program reads the
// blog's Markdown.
func kramdownOptions(own *dialect.Settings) *kramdown.Options {
	if name := strings.ToLower(own.Scalar("markdown")); name != "" && name != "kramdown" {
		return nil
	}
	o := &kramdown.Options{GFM: true}
	settings, _ := own.Setting("kramdown").(map[string]any)
	text := func(key string) (string, bool) {
		v, ok := settings[key]
		if v == nil {
			return "", ok
		}
		return strings.ToLower(strings.TrimSpace(fmt.Sprint(v))), ok
	}
	truth := func(key string) bool {
		s, _ := text(key)
		return s == "true"
	}
	if input, ok := text("input"); ok {
		o.GFM = input == "gfm"
	}
	o.HardWrap = o.GFM && truth("hard_wrap")
	o.ParseBlockHTML = truth("parse_block_html")
	if v, ok := text("parse_span_html"); ok {
		o.KeepSpanHTML = v == "false"
	}
	if v, ok := text("auto_ids"); ok {
		o.NoIDs = v == "false"
	}
	if v, ok := text("math_engine"); ok {
		o.PlainMath = v == "" || v == "nil" || v == "null"
	}
	if quirks, ok := settings["gfm_quirks"]; ok {
		list := frontmatter.Strings(quirks, func(s string) []string { return strings.Split(s, ",") })
		o.NoTypography = slices.Contains(list, "no_auto_typographic")
		o.ParagraphsGoOn = !slices.Contains(list, "paragraph_end")
	}
	o.SmartQuotes = smartQuotes(settings["smart_quotes"])
	return o
}

// quoteNames are the names that smart_quotes has for characters.
var quoteNames = map[string]string{
	"lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "apos": "'", "quot": `"`, "sbquo": "‚", "bdquo": "„",
	"laquo": "«", "raquo": "»", "lsaquo": "‹", "rsaquo": "›", "39": "'", "34": `"`,
}

// smartQuotes reads four names of characters; nil where the setting is none.
func smartQuotes(setting any) []string {
	list := frontmatter.Strings(setting, func(s string) []string { return strings.Split(s, ",") })
	if len(list) != 4 {
		return nil
	}
	out := make([]string, len(list))
	for i, name := range list {
		text, ok := quoteNames[strings.ToLower(strings.TrimSpace(name))]
		if !ok {
			return nil
		}
		out[i] = text
	}
	return out
}
