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

// scriptSetting is a setting of pages that a script computes.
type scriptSetting struct {
	key        string           // lower-case
	overrides  bool             // it overrides the page's front matter
	function   *script.Function // of the page's data; nil for none
	value      any              // where function is nil
	unreadable bool             // the script's data are unknown
	post.Omission
}

// applySettings sets what scripts compute for a page, and records whether they may leave it out.
func (e *Engine) applySettings(p *dialect.Page, settings []scriptSetting) {
	slices.SortStableFunc(settings, func(x, y scriptSetting) int { return cmp.Compare(evaluationOrder(x), evaluationOrder(y)) })
	computed := map[string]bool{}
	for _, s := range settings {
		if _, set := p.Front.Values[s.key]; set && !s.overrides {
			continue
		}
		if s.overrides && s.key != excludeKey && computed[s.key] {
			continue // the nearest one wins
		}
		computed[s.key] = s.overrides
		values := e.possibleValues(p, s)
		switch s.key {
		case "permalink":
			p.FolderOmission = dialect.PickOmission(p.FolderOmission, s.omission(values))
			if !s.unreadable {
				e.setPermalink(p, s, values)
			}
		case excludeKey:
			p.FolderOmission = dialect.PickOmission(p.FolderOmission, s.omission(values))
		default:
			if _, unknown := values[0].(script.Unknown); len(values) == 1 && !unknown && values[0] != nil {
				p.Set(s.key, values[0])
			}
		}
	}
}

// excludeKey is eleventyExcludeFromCollections, as front matter has it: folded.
const excludeKey = "eleventyexcludefromcollections"

// possibleValues returns the values that a setting may have for the page, as front matter has them.
func (e *Engine) possibleValues(p *dialect.Page, s scriptSetting) []any {
	if s.function == nil {
		return []any{s.value}
	}
	var out []any
	for _, v := range s.function.Results(e.host(nil, p), e.dataObject(p)) {
		switch x := v.(type) {
		case script.Undefined:
			v = nil
		case time.Time:
			v = x.Format(time.RFC3339Nano)
		case float64:
			v = liquid.Text(x)
		case *script.Array:
			v = script.Unknown{}
			if s.key == "tags" {
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

// scriptSettings returns the settings that a script computes, from the data that it exports. Where the
// data are unknown, each mention of a setting counts, with an unknown value. overrides is set for
// eleventyComputed.
func (e *Engine) scriptSettings(file, text string, data script.Data, known, computed bool) []scriptSetting {
	code := blankComments(text)
	var settings []scriptSetting
	if !known {
		for _, m := range settingKey.FindAllStringSubmatchIndex(code, -1) {
			key := code[m[2]:m[3]]
			settings = append(settings, scriptSetting{key: strings.ToLower(key), overrides: computed, unreadable: true, value: script.Unknown{}, Omission: e.at(file, code, m[2], key+" in a script")})
		}
		return settings
	}
	inner, _ := data.Values["eleventyComputed"].(*script.Object)
	if inner == nil {
		inner = script.NewObject()
	}
	for _, key := range []string{"date", "title", "tags", "slug", "lang"} {
		if f, ok := data.Computed[key]; ok {
			settings = append(settings, scriptSetting{key: key, overrides: true, function: &f, Omission: e.placeOf(file, code, key, true)})
		}
	}
	for _, key := range []string{"permalink", "eleventyExcludeFromCollections"} {
		for _, group := range []struct {
			functions map[string]script.Function
			values    map[string]any
			computed  bool
		}{{data.Functions, data.Values, computed}, {data.Computed, inner.Properties(), true}} {
			s := scriptSetting{key: strings.ToLower(key), overrides: group.computed, value: group.values[key]}
			f, isFunction := group.functions[key]
			if isFunction {
				s.function = &f
			}
			switch s.value.(type) {
			case bool, string:
			default:
				if !isFunction {
					continue // {build: …}
				}
			}
			s.Omission = e.placeOf(file, code, key, group.computed && !computed)
			settings = append(settings, s)
		}
	}
	return settings
}

// placeOf returns the place at which a script sets a key, within eleventyComputed where computed is
// set.
func (e *Engine) placeOf(file, code, key string, computed bool) post.Omission {
	from := 0
	if computed {
		from = max(0, strings.Index(code, "eleventyComputed"))
	}
	for _, m := range settingKey.FindAllStringSubmatchIndex(code[from:], -1) {
		if code[from+m[2]:from+m[3]] == key {
			return e.at(file, code, from+m[2], key+" in a script")
		}
	}
	return e.at(file, code, from, cmp.Or(path.Base(filepath.ToSlash(file)), "front matter"))
}

// omission returns why the values that a setting may have leave a page out, or may do so; nil where
// they do not.
func (s *scriptSetting) omission(values []any) *post.Omission {
	hidden, other, doubtful := 0, 0, 0
	for _, v := range values {
		switch {
		case v == (s.key == excludeKey):
			hidden++
		case s.key == excludeKey && script.MayBe(v, true), s.unreadable:
			doubtful++
		default:
			other++
		}
	}
	o := s.Omission
	switch {
	case hidden > 0 && other+doubtful == 0:
		return &o
	case hidden+doubtful > 0:
		o.Held, o.Reason = true, o.Reason+" depends on an unknown value"
		return &o
	}
	return nil
}

// evaluationOrder sorts computed settings after the others, whose values they see, and the permalink
// after its parts.
func evaluationOrder(s scriptSetting) int {
	n := 0
	if s.overrides {
		n = 2
	}
	if s.key == "permalink" {
		n++
	}
	return n
}

// setPermalink sets a computed permalink. For an unknown one it sets a template that Address rejects:
// no address is better than a wrong one.
func (e *Engine) setPermalink(p *dialect.Page, s scriptSetting, values []any) {
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
	p.Set("permalink", fmt.Sprintf("{{ the function in %s }}", path.Base(s.Path)))
}

var addComputed = regexp.MustCompile(`\.addGlobalData\(\s*["'\x60](eleventyComputed(?:\.(\w+))?|permalink|eleventyExcludeFromCollections)["'\x60]\s*,\s*`)

// readGlobalSettings reads the config's addGlobalData("eleventyComputed…") and the like.
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
		s := scriptSetting{key: key, overrides: strings.HasPrefix(name, "eleventyComputed"), value: script.Unknown{}, Omission: o}
		if f, ok := e.functions.globalData[name]; ok {
			s.function = &f
		}
		r.settings = append(r.settings, s)
	}
}
