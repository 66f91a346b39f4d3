package script

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var march = time.Date(2024, 3, 5, 22, 30, 0, 0, time.UTC)

// result calls the filter f of a config; "?" is an unknown result.
func result(config string, args ...any) string {
	f, ok := Load([]File{{Path: "/c.js", Text: config}}).Registered("addFilter")["f"]
	if !ok {
		return "no filter"
	}
	v, err := f.Call(Host{Date: march, Slug: func(s string, _ bool) string { return "slug(" + s + ")" }}, args...)
	if err != nil {
		return "?"
	}
	if l, ok := v.(*Array); ok {
		return fmt.Sprint(l.Items)
	}
	return fmt.Sprint(v)
}

// TestFilters tests results of functions against those of Node.js and of the packages.
func TestFilters(t *testing.T) {
	for body, want := range map[string]string{
		`d => d.toISOString().split("T")[0]`: "2024-03-05",
		`d => { const y = d.getUTCFullYear(); const m = String(d.getUTCMonth() + 1).padStart(2, "0"); return y + "/" + m }`: "2024/03",
		`function (d) { return DateTime.fromJSDate(new Date(d)).toFormat("yyyy/MM") }`:                                      "2024/03",
		`d => DateTime.fromJSDate(d, { zone: "Asia/Tokyo" }).toFormat("d LLLL yyyy")`:                                       "6 March 2024",
		`d => DateTime.fromJSDate(d, { zone: "utc" }).toISODate()`:                                                          "2024-03-05",
		`d => dayjs(d).format("YYYY-MM-DD [at] H")`:                                                                         "2024-03-05 at 22",
		`d => d.toLocaleDateString("en-US", { year: "numeric", month: "long", day: "numeric" })`:                            "March 5, 2024",
		`d => new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "long", day: "2-digit" }).format(d)`:               "05 March 2024",
		`d => d > new Date() ? "later" : "shown"`:                                                                           "shown",
		`d => Date.now() - d`:      "?",
		`d => process.env.MODE`:    "?",
		`d => { while (true) {} }`: "?",
		`d => { let s = "x"; for (let i = 0; i < 1000000; i++) { s += s } return s }`: "?",
		`d => f(d)`:                 "?",
		`d => Math.random()`:        "?",
		`d => d.toString()`:         "?",
		`d => fs.readFileSync("x")`: "?",
	} {
		config := "import { DateTime } from 'luxon'; import dayjs from 'dayjs'; import fs from 'node:fs';\nexport default (c) => { c.addFilter('f', " + body + ") }"
		if got := result(config, march); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for body, want := range map[string]string{
		"s => s.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')": "hello-world-no-1",
		"s => slugify(s, { lower: true, strict: true, remove: /\"/gu })":         "hello-world-no-1",
		"s => slugify(s)": "Hello-World-No.-1!",
		"s => s.split(' ').map((w, i) => `${i}${w[0]}`).join('')":                                                   "0H1W2N31",
		"s => { const words = []; for (const w of s.split(' ')) { if (w.length > 3) words.push(w) } return words }": "[Hello World]",
		"s => s.slice(0, -3) + s.at(-1) + s.substring(3, 1)":                                                        "Hello World No.!el",
		"s => { switch (s.length) { case 1: return 'a'; default: return 'b' } }":                                    "b",
		"(s, ...rest) => rest.length + (rest?.[0] ?? 'none')":                                                       "0none",
		"s => ({ a: { b: [1, 2] } }).a.b.includes(2) && !missing":                                                   "?",
		"s => typeof s === 'string' ? s.trim().length : 0":                                                          "18",
		"s => s.replace(/(\\w+) (\\w+)/, '$2 $1')":                                                                  "World Hello No. 1!",
		"s => prefix + s.charAt(0)":                                                                                 "p-H",
		"s => count + s":                                                                                            "?",
		"s => helper(s)":                                                                                            "<Hello World No. 1!>",
	} {
		config := "const slugify = require('slugify'); const prefix = 'p-'; let count = 0; function helper(x) { return `<${x}>` }\n" +
			"module.exports = function (c) { c.on('x', () => { count = 1 }); c.addFilter('f', " + body + ") }"
		if got := result(config, "Hello World No. 1!"); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// TestLimits tests that functions end, with an unknown result, where they loop forever or build a value
// without end; and that no number is an index out of range.
func TestLimits(t *testing.T) {
	for body, want := range map[string]string{
		"s => { for (;;); }":                                                                  "?",
		"s => { for (;;) {} }":                                                                "?",
		"s => { for (const x of [1]) {} return s }":                                           "ab",
		"s => { const a = []; a.push(a); return a }":                                          "?",
		"s => { const a = []; a.push(a); return 'x' + a }":                                    "?",
		"s => { const a = []; a.push(a); return a.join('') }":                                 "?",
		"s => { let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; return a }":             "?",
		"s => { let a = [1]; for (let i = 0; i < 50; i++) a = [a, a]; return '' + a }":        "?",
		"s => { let a = {}; for (let i = 0; i < 50; i++) a = { b: a, c: a }; return a }":      "?",
		"s => '' + [1, [2, [3]]]":                                                             "1,2,3",
		"s => `${s.at(1e300)}|${s.at(-1e300)}|${s.at(0 / 0)}|${s[1e300]}|${s.charAt(-1e19)}`": "undefined|undefined|a|undefined|",
		"s => s.slice(-1e300, 1e300) + s.substr(-1e300, 1e300) + s.padEnd(-1e300)":            "ababab",
		"s => [1, 2][1e300] + '' + [1, 2].at(-1e19) + s.split('', -1e300).length":             "undefinedundefined0",
	} {
		if got := result("module.exports = (c) => { c.addFilter('f', "+body+") }", "ab"); got != want {
			t.Errorf("%s: %.100s, want %s", body, got, want)
		}
	}
	for _, open := range []string{"[", "{a:", "("} {
		deep := "module.exports = (c) => { c.addFilter('f', s => { const " + strings.Repeat(open, 300_000) + " }) }"
		if got := result(deep, "ab"); got != "no filter" {
			t.Errorf("300,000 times %s: %.100s", open, got)
		}
	}
}

// TestStep tests that the caller can count the work of functions, and end it.
func TestStep(t *testing.T) {
	f := Load([]File{{Path: "/c.js", Text: "module.exports = (c) => { c.addFilter('f', s => { const t = s.repeat(1000); for (let i = 0; i < 100; i++) t.replace(/(x+x+)+y/, ''); return i }) }"}}).Registered("addFilter")["f"]
	steps := 0
	defer func() {
		if recover() != "enough" {
			t.Errorf("%d steps were counted, and the caller did not end them", steps)
		}
	}()
	_, _ = f.Call(Host{Step: func(n int) {
		if steps += n; steps > 50_000 {
			panic("enough")
		}
	}}, "xx")
}

// TestRegistered tests that functions are found in imported files, and in loops over an object of
// functions.
func TestRegistered(t *testing.T) {
	p := Load([]File{
		{Path: "/b/eleventy.config.js", Text: "import data from \"./data.json\" with { type: \"json\" };\nimport filters, { more } from './lib/filters.js';\nexport default function (c) {\n" +
			" Object.keys(filters).forEach((name) => { c.addFilter(name, filters[name]) });\n" +
			" Object.entries(more).forEach(([name, f]) => c.addFilter(name, f));\n c.addFilter(`last`, async (s) => s + '!') }"},
		{Path: "/b/lib/filters.js", Text: "const up = (s) => s.toUpperCase();\nexport default { up, down(s) { return s.toLowerCase() } };\nexport const more = { twice: (s) => s + s };"},
		{Path: "/b/broken.js", Text: "export default {{{"},
	})
	found := p.Registered("addFilter")
	for name, want := range map[string]string{"up": "AB", "down": "ab", "twice": "AbAb", "last": "Ab!"} {
		if v, err := found[name].Call(Host{}, "Ab"); err != nil || v != want {
			t.Errorf("%s: %v %v, want %s", name, v, err, want)
		}
	}
}

// TestParseExpression tests that an expression parses even where its file does not.
func TestParseExpression(t *testing.T) {
	p := Load([]File{{Path: "/c.js", Text: "const a = 'A';"}, {Path: "/c.ts", Text: "const a: string = 'A';"}})
	for file, want := range map[string]any{"/c.js": "A!", "/c.ts": UnknownString()} {
		f, ok := p.ParseExpression(file, "() => { return a + '!' },")
		if got := f.Results(Host{}); !ok || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %v", file, got, want)
		}
	}
	if f, ok := p.ParseExpression("/c.ts", "a: string"); ok {
		t.Errorf("read as %s", f.Source())
	}
}

// TestEvalString tests the values of expressions within a file, and that names with different values in
// it are unknown.
func TestEvalString(t *testing.T) {
	p := Load([]File{{Path: "/c.js", Text: "const root = 'src'; const list = ['a'];\nmodule.exports = (c) => { const sub = `${root}/wip`; c.add(sub); for (const item of list) { c.add(item) } list.forEach((root2) => c.add(root2)) };\n" +
		"const one = 1; function other(one) {} function third() { const two = 'x' } function fourth() { const two = 'y' }"}})
	for expression, want := range map[string]string{"root": "src", "sub + '/**'": "src/wip/**", "`${root}/a.md`": "src/a.md", "item": "?", "root2": "?",
		"one": "?", "two": "?", "missing": "?", "list": "?", ")(": "?"} {
		got, ok := p.EvalString("/c.js", expression)
		if !ok {
			got = "?"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

// FuzzScript tests that no script makes the evaluator panic or work without end.
func FuzzScript(f *testing.F) {
	for _, seed := range []string{
		"c.addFilter('f', d => DateTime.fromJSDate(d).toFormat('yyyy')); module.exports = {a: 1, ...b}",
		"export default { eleventyComputed: { permalink: (d) => d.x?.y[0] ?? `a${d}`, title() { return this.page.url } } }",
		"const f = ({a, b: [c, ...e]}, ...g) => { for (let i = 0; i < 3; i++) { if (i) continue; break } switch (a) { case 1: default: return g } }; c.addFilter('f', f)",
		"let a = b, b = a; c.addShortcode('f', () => a); Object.entries({f: x => x.replace(/(a|b)*$/gi, (m, g) => g + '$1')}).forEach(([n, f]) => c.addFilter(n, f))",
		"c.addFilter('f', s => 'x'.repeat(1e9).split('').map(x => x + x).sort((a, b) => b - a).reduce((a, b) => a + b))",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := Load([]File{{Path: "/f.js", Text: text}})
		for _, group := range []map[string]Function{p.Registered("addFilter", "addShortcode"), FrontMatter(text).Functions} {
			for _, fn := range group {
				v, err := fn.Call(Host{Date: march}, NewObject(), "text", 1.5, march)
				if s, ok := v.(string); err == nil && ok && len(s) > 2*maxBytes {
					t.Errorf("%d bytes", len(s))
				}
				fn.Results(Host{Date: march}, NewObject(), UnknownString())
				fn.Source()
				fn.Data()
			}
		}
		p.EvalString("/f.js", text)
		if d, ok := ReadData([]File{{Path: "/f.js", Text: text}}, "/f.js"); ok && strings.TrimSpace(text) == "" {
			t.Errorf("data of an empty file: %v", d)
		}
	})
}
