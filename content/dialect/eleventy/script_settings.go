package eleventy

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/post"
	"publisher/content/script"
)

// obey asks the scripts around a page for its permalink and whether it is in
// collections.
func (e *Engine) applySettings(p *dialect.Page, rules []scriptSetting) {
	slices.SortStableFunc(rules, func(x, y scriptSetting) int { return cmp.Compare(evaluationOrder(x), evaluationOrder(y)) })
	computed := map[string]bool{}
	for _, rule := range rules {
		if _, own := p.Front.Values[rule.key]; own && !rule.overrides {
			continue
		}
		if rule.overrides && rule.key != excludeKey && computed[rule.key] {
			continue // the nearest decides
		}
		computed[rule.key] = rule.overrides
		values := e.possibleValues(p, rule)
		switch rule.key {
		case "permalink":
			p.Computed = dialect.Omitted(p.Computed, rule.omission(values))
			if !rule.unreadable {
				e.setPermalink(p, rule, values)
			}
		case excludeKey:
			p.Computed = dialect.Omitted(p.Computed, rule.omission(values))
		default:
			if _, unknown := values[0].(script.Unknown); len(values) == 1 && !unknown && values[0] != nil {
				p.Set(rule.key, values[0])
			}
		}
	}
}

// hide is the key that keeps a page out of all collections, as front matter has it.
const excludeKey = "eleventyexcludefromcollections"

// evaluated are the values that a rule may come to for the page.
func (e *Engine) possibleValues(p *dialect.Page, rule scriptSetting) []any {
	if rule.function == nil {
		return []any{rule.value}
	}
	var out []any
	for _, v := range rule.function.Results(e.host(nil, p), e.dataObject(p)) {
		switch x := v.(type) {
		case script.Undefined:
			v = nil
		case time.Time:
			v = x.Format(time.RFC3339Nano)
		case float64:
			v = liquid.Text(x)
		case *script.Array:
			v = script.Unknown{}
			if rule.key == "tags" {
				v = fromScript(x)
			}
		case *script.Object:
			v = script.Unknown{}
		}
		out = append(out, v)
	}
	return out
}

var settingKey = regexp.MustCompile(`(?m)(?:^|[{,;]|\b(?:async|const|let|var))[ \t]*["']?(permalink|eleventyExcludeFromCollections)["']?\s*[:(=]`)

// scriptRules are the settings of pages that a script computes, by the data that it
// exports. Where those are not known, each mention of a setting may come to anything.
func (e *Engine) scriptSettings(file, text string, data script.Data, known, computed bool) []scriptSetting {
	code := blankComments(text)
	var rules []scriptSetting
	if !known {
		for _, m := range settingKey.FindAllStringSubmatchIndex(code, -1) {
			key := code[m[2]:m[3]]
			rules = append(rules, scriptSetting{key: strings.ToLower(key), overrides: computed, unreadable: true, value: script.Unknown{}, Omission: e.at(file, code, m[2], key+" of a script")})
		}
		return rules
	}
	inner, _ := data.Values["eleventyComputed"].(*script.Object)
	if inner == nil {
		inner = script.NewObject()
	}
	for _, key := range []string{"date", "title", "tags", "slug", "lang"} {
		if f, ok := data.Computed[key]; ok {
			rules = append(rules, scriptSetting{key: key, overrides: true, function: &f, Omission: e.placeOf(file, code, key, true)})
		}
	}
	for _, key := range []string{"permalink", "eleventyExcludeFromCollections"} {
		for _, group := range []struct {
			functions map[string]script.Function
			values    map[string]any
			computed  bool
		}{{data.Functions, data.Values, computed}, {data.Computed, inner.Properties(), true}} {
			rule := scriptSetting{key: strings.ToLower(key), overrides: group.computed, value: group.values[key]}
			f, isFunction := group.functions[key]
			if isFunction {
				rule.function = &f
			}
			switch rule.value.(type) {
			case bool, string:
			default:
				if !isFunction {
					continue // {build: …}
				}
			}
			rule.Omission = e.placeOf(file, code, key, group.computed && !computed)
			rules = append(rules, rule)
		}
	}
	return rules
}

// whereSet is the place at which a script sets a key, in eleventyComputed or beside it.
func (e *Engine) placeOf(file, code, key string, computed bool) post.Omission {
	from := 0
	if computed {
		from = max(0, strings.Index(code, "eleventyComputed"))
	}
	for _, m := range settingKey.FindAllStringSubmatchIndex(code[from:], -1) {
		if code[from+m[2]:from+m[3]] == key {
			return e.at(file, code, from+m[2], key+" of a script")
		}
	}
	return e.at(file, code, from, cmp.Or(path.Base(filepath.ToSlash(file)), "front matter"))
}

// judge says whether the values that a rule may come to leave a page out.
func (rule *scriptSetting) omission(values []any) *post.Omission {
	hidden, other, doubtful := 0, 0, 0
	for _, v := range values {
		switch {
		case v == (rule.key == excludeKey):
			hidden++
		case rule.key == excludeKey && script.MayBe(v, true), rule.unreadable:
			doubtful++
		default:
			other++
		}
	}
	o := rule.Omission
	switch {
	case hidden > 0 && other+doubtful == 0:
		return &o
	case hidden+doubtful > 0:
		o.Held, o.Reason = true, o.Reason+" depends on what is not known"
		return &o
	}
	return nil
}

// order puts what is computed behind the rest, whose values it sees, and an address
// behind what addresses are made of.
func evaluationOrder(rule scriptSetting) int {
	n := 0
	if rule.overrides {
		n = 2
	}
	if rule.key == "permalink" {
		n++
	}
	return n
}

// addressBy takes over a computed permalink. Of one that is not known the page's own
// address would be a guess, and a wrong address is worse than none.
func (e *Engine) setPermalink(p *dialect.Page, rule scriptSetting, values []any) {
	values = slices.DeleteFunc(slices.Clone(values), func(v any) bool { return v == false })
	if len(values) == 0 {
		return
	}
	switch v := values[0].(type) {
	case nil:
		return
	case string:
		if len(values) == 1 {
			p.Set("permalink", v)
			return
		}
	}
	p.Set("permalink", fmt.Sprintf("{{ the function in %s }}", path.Base(rule.Path)))
}

// jsRule is a setting of pages that a script computes.
type scriptSetting struct {
	key        string           // lower-case
	overrides  bool             // it outranks what the page says
	function   *script.Function // of the page's data
	value      any              // where there is no function
	unreadable bool             // the script cannot be read
	post.Omission
}

var addComputed = regexp.MustCompile(`\.addGlobalData\(\s*["'\x60](eleventyComputed(?:\.(\w+))?|permalink|eleventyExcludeFromCollections)["'\x60]\s*,\s*`)

// readGlobalRules takes addGlobalData("eleventyComputed…").
func (r *configRules) readGlobalSettings(e *Engine, file, text string) {
	for _, m := range addComputed.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		key := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
		o := e.at(file, text, m[0], name)
		if key == "eleventycomputed" {
			data, known := e.functions.globalData[name].Data()
			before := []byte(text[:m[1]])
			blank(before)
			r.settings = append(r.settings, e.scriptSettings(file, string(before)+argumentAt(text, m[1]), data.AsComputed(), known, true)...)
			continue
		}
		rule := scriptSetting{key: key, overrides: strings.HasPrefix(name, "eleventyComputed"), value: script.Unknown{}, Omission: o}
		if f, ok := e.functions.globalData[name]; ok {
			rule.function = &f
		}
		r.settings = append(r.settings, rule)
	}
}
