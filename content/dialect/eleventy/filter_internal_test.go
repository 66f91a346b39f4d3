package eleventy

import (
	"strings"
	"testing"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/post"
	"publisher/content/script"
)

// FuzzSettings throws texts at what reads the settings that leave posts out: no panic,
// no work without end, lines that exist.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		"export default function (c) { c.ignores.add(\"a/**\"); if (x) { c.ignores.add(`b`) } c.setTemplateFormats(['html']) }",
		"c.addPreprocessor(\"drafts\", \"*,md\", ({draft: d = 1, e}, content) => d && e?.f[\"g\"] !== 'h' || !(true) ? false : content)",
		"c.addPreprocessor('x', ['md'], function name(data) { if (data.a ?? data.b) return false; else if (1 < 2) { return } for (;;) { return 1 } })",
		"module.exports = { eleventyComputed: { permalink: (data) => { /* c */ return data.draft ? false : `/${data.title}/`; // x\n } }, permalink: false }",
		"c.addGlobalData('eleventyComputed.permalink', () => () => (data) => Boolean(data.a) && typeof data.b == process.env.ELEVENTY_RUN_MODE)",
		"((((((((((!!!!!!`${`", "a?b:c?d:e", "\"'`/*//",
	} {
		f.Add(seed)
	}
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: &dialect.Site{Dir: "/b", Root: "/b"}}}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		blanked := blankComments(text)
		if len(blanked) != len(text) || strings.Count(blanked, "\n") != strings.Count(text, "\n") {
			t.Errorf("comments moved lines: %q", blanked)
		}
		e.own = (&dialect.Settings{Dialect: "eleventy", Root: "/b"}).Add("/b/eleventy.config.js", []byte(text))
		e.code = readEleventyScripts(e.own)
		rules := newEleventyRules(e)
		a := &dialect.Page{Source: &dialect.Source{Path: "a.md", Front: frontmatter.Block{Form: frontmatter.YAML, Values: map[string]any{"draft": "true", "title": "T"}, Line: 2}}, Engine: e, Site: e.Site, Post: &post.Post{}}
		e.rules = rules
		for _, known := range []bool{false, true} {
			e.obey(a, append(rules.computed, e.scriptRules("/b/x.js", text, script.FrontMatter(text), known, true)...))
		}
		e.Omits(a)
		e.LeavesOut("a.md")
	})
}
