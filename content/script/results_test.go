package script

import (
	"strings"
	"testing"
)

// TestResults tests which values functions may return for a page whose draft is true and whose title is T.
func TestResults(t *testing.T) {
	data := NewObject()
	data.Lookup = func(key string) (any, bool) {
		v, ok := map[string]any{"draft": true, "title": "T"}[key]
		if !ok {
			v = Undefined{}
		}
		return v, key != "page"
	}
	for text, want := range map[string]string{
		"data => data.draft":  "true",
		"data => !data.draft": "false",
		"(data) => { return data.draft ? false : data.permalink; }":                    "false",
		"(data) => { if (data.gone) { return 1 }\n return data.title }":                "T",
		"(data) => { if (process.env.X) { return false }\n return data.title }":        "false T",
		"(data) => { if (data.draft && process.env.X) return false }":                  "false undefined",
		"(data) => { if (data.gone && process.env.X) return false }":                   "undefined",
		"({ draft: d, title }) => d && title === 'T'":                                  "true",
		"data => data['title'] != \"U\" || unknown()":                                  "true",
		"data => process.env.ELEVENTY_RUN_MODE === 'build' && data.draft":              "true",
		"data => process.env.ELEVENTY_RUN_MODE !== 'serve' ? undefined : null":         "undefined",
		"function (data) { const f = (x) => { return x }; return data?.draft }":        "true",
		"data => { switch (data.draft) { case true: return false } return true }":      "false",
		"() => (data) => data.draft === true":                                          "true",
		"data => data.gone ?? data.draft":                                              "true",
		"data => data.n > 3":                                                           "false",
		"data => data.page > 3":                                                        "?",
		"data => Boolean(data.draft)":                                                  "true",
		"(data, content) => content.replace('a', 'b')":                                 "text",
		"data => data.draft // && false\n":                                             "true",
		"data => process.env.A === 'x' && data.gone":                                   "undefined false",
		"data => process.env.A && data.gone":                                           "undefined ?",
		"data => process.env.A || 'x'":                                                 "? x",
		"data => `/${data.page.url}/`":                                                 "text",
		"data => data.draft && isProduction ? false : '/a/'":                           "false /a/",
		"data => { let s = 'a'; s += other; return s }":                                "text",
		"data => { let n = 0; for (const x of other) { n++ } return n > 0 }":           "?",
		"data => { const a = []; a.push(other); return a.length }":                     "1",
		"data => { const a = [2, 1]; a.sort(other); return a[0] }":                     "?",
		"data => { while (other) {} return 1 }":                                        "?",
		"data => { for (let i = 0; i < other; i++) {} return 1 }":                      "? 1",
		"({ page: { date }, title }) => date ? title : 'x'":                            "T x",
		"data => other(data).includes(data.title) ? 'a' : 'b'":                         "a b",
		"data => { other(data); console.log(other); return [other, 'T'].length }":      "2",
		"data => { if (data.draft) data.title = `${data.title}!`; return data.title }": "T!",
	} {
		f, ok := Load([]File{{Path: "/c.js", Text: "export default " + text}}).DefaultExport("/c.js")
		if !ok {
			t.Errorf("%s: does not parse", text)
			continue
		}
		if s := shown(f.Results(Host{}, data, UnknownString())); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
	}
}

// shown returns values as TestResults writes them: "text" is an unknown string, "?" another unknown value.
func shown(values []any) string {
	var out []string
	for _, v := range values {
		switch v := v.(type) {
		case Undefined:
			out = append(out, "undefined")
		case Unknown:
			out = append(out, map[bool]string{true: "text", false: "?"}[v == UnknownString()])
		case bool, string, float64:
			out = append(out, join([]any{v}, ""))
		}
	}
	return strings.Join(out, " ")
}
