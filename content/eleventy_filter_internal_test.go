package content

import (
	"strings"
	"testing"

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
	e := &eleventy{folderEngine: folderEngine{site: &site{dir: "/b", root: "/b"}}}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		blanked := blankComments(text)
		if len(blanked) != len(text) || strings.Count(blanked, "\n") != strings.Count(text, "\n") {
			t.Errorf("comments moved lines: %q", blanked)
		}
		e.own = (&ownConfig{dialect: "eleventy", root: "/b"}).add("/b/eleventy.config.js", []byte(text))
		e.code = readEleventyScripts(e.own)
		rules := newEleventyRules(e)
		a := &article{source: &source{path: "a.md", front: frontMatter{form: yamlForm, values: map[string]any{"draft": "true", "title": "T"}, line: 2}}, engine: e, site: e.site, post: &Post{}}
		e.rules = rules
		for _, known := range []bool{false, true} {
			e.obey(a, append(rules.computed, e.scriptRules("/b/x.js", text, script.FrontMatter(text), known, true)...))
		}
		e.omits(a)
		e.leavesOut("a.md")
	})
}
