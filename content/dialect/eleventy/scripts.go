package eleventy

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/literal"
	"publisher/content/post"
	"publisher/content/script"
)

// obey asks the scripts around a page for its permalink and whether it is in
// collections.
func (e *Engine) obey(a *dialect.Page, rules []jsRule) {
	slices.SortStableFunc(rules, func(x, y jsRule) int { return cmp.Compare(order(x), order(y)) })
	computed := map[string]bool{}
	for _, rule := range rules {
		if _, own := a.Front.Values[rule.key]; own && !rule.computed {
			continue
		}
		if rule.computed && rule.key != hide && computed[rule.key] {
			continue // the nearest decides
		}
		computed[rule.key] = rule.computed
		values := e.evaluated(a, rule)
		switch rule.key {
		case "permalink":
			a.Computed = dialect.Omitted(a.Computed, rule.judge(values))
			if !rule.unread {
				e.addressBy(a, rule, values)
			}
		case hide:
			a.Computed = dialect.Omitted(a.Computed, rule.judge(values))
		default:
			if _, unknown := values[0].(script.Unknown); len(values) == 1 && !unknown && values[0] != nil {
				a.Set(rule.key, values[0])
			}
		}
	}
}

// hide is the key that keeps a page out of all collections, as front matter has it.
const hide = "eleventyexcludefromcollections"

// evaluated are the values that a rule may come to for the page.
func (e *Engine) evaluated(a *dialect.Page, rule jsRule) []any {
	if rule.function == nil {
		return []any{rule.literal}
	}
	var out []any
	for _, v := range rule.function.Results(e.host(nil, a), e.dataObject(a)) {
		switch x := v.(type) {
		case script.Undefined:
			v = nil
		case time.Time:
			v = x.Format(time.RFC3339Nano)
		case float64:
			v = liquid.Text(x)
		case *script.List:
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

var jsRuleKey = regexp.MustCompile(`(?m)(?:^|[{,;]|\b(?:async|const|let|var))[ \t]*["']?(permalink|eleventyExcludeFromCollections)["']?\s*[:(=]`)

// scriptRules are the settings of pages that a script computes, by the data that it
// exports. Where those are not known, each mention of a setting may come to anything.
func (e *Engine) scriptRules(file, text string, data script.Data, known, computed bool) []jsRule {
	code := blankComments(text)
	var rules []jsRule
	if !known {
		for _, m := range jsRuleKey.FindAllStringSubmatchIndex(code, -1) {
			key := code[m[2]:m[3]]
			rules = append(rules, jsRule{key: strings.ToLower(key), computed: computed, unread: true, literal: script.Unknown{}, Omission: e.at(file, code, m[2], key+" of a script")})
		}
		return rules
	}
	inner, _ := data.Values["eleventyComputed"].(*script.Object)
	if inner == nil {
		inner = script.NewObject()
	}
	for _, key := range []string{"date", "title", "tags", "slug", "lang"} {
		if f, ok := data.Computed[key]; ok {
			rules = append(rules, jsRule{key: key, computed: true, function: &f, Omission: e.whereSet(file, code, key, true)})
		}
	}
	for _, key := range []string{"permalink", "eleventyExcludeFromCollections"} {
		for _, group := range []struct {
			functions map[string]script.Function
			values    map[string]any
			computed  bool
		}{{data.Functions, data.Values, computed}, {data.Computed, inner.Own(), true}} {
			rule := jsRule{key: strings.ToLower(key), computed: group.computed, literal: group.values[key]}
			f, isFunction := group.functions[key]
			if isFunction {
				rule.function = &f
			}
			switch rule.literal.(type) {
			case bool, string:
			default:
				if !isFunction {
					continue // {build: …}
				}
			}
			rule.Omission = e.whereSet(file, code, key, group.computed && !computed)
			rules = append(rules, rule)
		}
	}
	return rules
}

// whereSet is the place at which a script sets a key, in eleventyComputed or beside it.
func (e *Engine) whereSet(file, code, key string, computed bool) post.Omission {
	from := 0
	if computed {
		from = max(0, strings.Index(code, "eleventyComputed"))
	}
	for _, m := range jsRuleKey.FindAllStringSubmatchIndex(code[from:], -1) {
		if code[from+m[2]:from+m[3]] == key {
			return e.at(file, code, from+m[2], key+" of a script")
		}
	}
	return e.at(file, code, from, cmp.Or(path.Base(filepath.ToSlash(file)), "front matter"))
}

// merged adds to values what a script spells out besides.
func merged(values, more map[string]any) map[string]any {
	if values == nil {
		values = map[string]any{}
	}
	for key, v := range more {
		values[strings.ToLower(key)] = spelled(fromScript(v))
	}
	return values
}

// spelled are values as front matter has them: scalars in their spelling.
func spelled(v any) any {
	switch v := v.(type) {
	case bool, float64:
		return liquid.Text(v)
	case time.Time:
		return v.Format(time.RFC3339)
	case []any:
		for i := range v {
			v[i] = spelled(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = spelled(v[key])
		}
	}
	return v
}

// filesAround are a script and what it imports from the project's own files, which
// decide as well.
func (s *folders) filesAround(file string, text []byte) []script.File {
	if s.own == nil {
		return nil
	}
	all := &dialect.Settings{}
	addScripts(all, s.own.Root, file, text)
	var out []script.File
	for i, f := range all.Files {
		if i > 0 && !s.Site.MayRead(f.Name) {
			continue
		}
		out = append(out, script.File{Path: filepath.ToSlash(f.Name), Text: f.Text})
		if i > 0 {
			s.Remember(f.Name, []byte(f.Text))
		}
	}
	return out
}

// judge says whether the values that a rule may come to leave a page out.
func (rule *jsRule) judge(values []any) *post.Omission {
	hidden, other, doubtful := 0, 0, 0
	for _, v := range values {
		switch {
		case v == (rule.key == hide):
			hidden++
		case rule.key == hide && script.MayBe(v, true), rule.unread:
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
func order(rule jsRule) int {
	n := 0
	if rule.computed {
		n = 2
	}
	if rule.key == "permalink" {
		n++
	}
	return n
}

// addressBy takes over a computed permalink. Of one that is not known the page's own
// address would be a guess, and a wrong address is worse than none.
func (e *Engine) addressBy(a *dialect.Page, rule jsRule, values []any) {
	values = slices.DeleteFunc(slices.Clone(values), func(v any) bool { return v == false })
	if len(values) == 0 {
		return
	}
	switch v := values[0].(type) {
	case nil:
		return
	case string:
		if len(values) == 1 {
			a.Set("permalink", v)
			return
		}
	}
	a.Set("permalink", fmt.Sprintf("{{ the function in %s }}", path.Base(rule.Path)))
}

// blankComments puts spaces in the place of a script's comments, so that what is
// commented out says nothing and lines stay what they are.
func blankComments(text string) string {
	out := []byte(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		end := 1
		switch {
		case strings.HasPrefix(rest, "//") && (i == 0 || text[i-1] != ':' && text[i-1] != '\\'):
			if end = strings.IndexByte(rest, '\n'); end < 0 {
				end = len(rest)
			}
			blank(out[i : i+end])
		case strings.HasPrefix(rest, "/*") && (i == 0 || !strings.ContainsRune(`*'"`+"`", rune(text[i-1]))):
			if end = strings.Index(rest, "*/") + 2; end < 2 {
				end = len(rest)
			}
			blank(out[i : i+end])
		case rest[0] == '"' || rest[0] == '\'':
			if _, size, ok := literal.Quoted(rest); ok {
				end = size
			}
		case rest[0] == '`':
			if closing := strings.IndexByte(rest[1:], '`'); closing >= 0 {
				end = closing + 2
			}
		}
		i += end
	}
	return string(out)
}

func blank(part []byte) {
	for i, c := range part {
		if c != '\n' {
			part[i] = ' '
		}
	}
}

var localImport = regexp.MustCompile(`(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*["'\x60](\.{1,2}/[^"'\x60\n]+)["'\x60]`)

// maxScripts bounds what a config imports.
const maxScripts = 150

// addScripts reads what a script imports from the project's own files, too.
func addScripts(o *dialect.Settings, root, file string, text []byte) {
	o.Add(file, text)
	for _, m := range localImport.FindAllSubmatch(text, -1) {
		name := filepath.Join(filepath.Dir(file), filepath.FromSlash(string(m[1])))
		for _, ext := range []string{"", ".js", ".mjs", ".cjs", ".ts", "/index.js"} {
			full := name + filepath.FromSlash(ext)
			info, err := os.Stat(full)
			if err != nil || !info.Mode().IsRegular() || !isScriptName(full) || len(o.Files) >= maxScripts {
				continue
			}
			rel, err := filepath.Rel(root, full)
			if err != nil || !filepath.IsLocal(rel) || slices.ContainsFunc(o.Files, func(f dialect.SettingsFile) bool { return f.Name == full }) {
				break
			}
			if inner, err := dialect.ReadLimited(full); err == nil {
				addScripts(o, root, full, inner)
			}
			break
		}
	}
}

func isScriptName(name string) bool {
	return slices.Contains([]string{".js", ".mjs", ".cjs", ".ts"}, filepath.Ext(name))
}
