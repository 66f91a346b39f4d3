package content

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

	"publisher/content/script"
)

// scripts are the config and what it imports from files beside it.
func (e *eleventy) scripts() string {
	if e.text != "" {
		return e.text
	}
	var b strings.Builder
	for _, f := range e.own.files {
		b.WriteString(blankComments(f.text))
		b.WriteByte('\n')
	}
	e.text = b.String()
	return e.text
}

var (
	jsRuleKey  = regexp.MustCompile(`(?m)(?:^|[{,;]|\b(?:async|const|let|var))[ \t]*["']?(permalink|eleventyExcludeFromCollections)["']?\s*([:(=])`)
	jsComputed = regexp.MustCompile(`["']?eleventyComputed["']?\s*[:=]\s*(?:\([^()]*\)\s*=>\s*\(?\s*)?\{`)
)

// rulesIn are the settings that a part of a script computes.
func (s *site) rulesIn(file, text string, from, to int, computed bool) []jsRule {
	var out []jsRule
	var block [2]int
	if m := jsComputed.FindStringIndex(text); m != nil {
		e := &jsEvaluator{text: text, at: m[1]}
		e.closeBracket()
		block = [2]int{m[1], e.at}
	}
	for _, m := range jsRuleKey.FindAllStringSubmatchIndex(text[from:to], -1) {
		key, at := strings.ToLower(text[from+m[2]:from+m[3]]), from+m[1]
		rule := jsRule{key: key, Omission: s.at(file, text, from+m[2], text[from+m[2]:from+m[3]]+" of a script"),
			computed: computed || from+m[2] >= block[0] && at < block[1]}
		if text[from+m[4]] == '(' {
			at--
		}
		if rule.function = readJSFunction(text[at:], text); rule.function == nil {
			e := &jsEvaluator{text: text, at: at, find: func(string) jsValue { return jsUnknown{} }}
			if rule.literal = e.expression(); strings.HasPrefix(strings.TrimSpace(text[at:]), "{") {
				continue // {build: …}
			}
		}
		out = append(out, rule)
	}
	return out
}

// find looks a key up in what is known of a page.
func (e *eleventy) find(a *article) func(string) jsValue {
	return func(key string) jsValue {
		first, rest, _ := strings.Cut(key, ".")
		switch first {
		case "page":
			return jsText{}
		case "eleventy":
			if strings.HasSuffix(key, "runmode") {
				return "build"
			}
			return jsUnknown{}
		case "collections", "pkg":
			return jsUnknown{}
		}
		v, own := a.front.values[first]
		if !own {
			v, own = a.global[first]
		}
		if own && rest != "" {
			v, own = dig(v, rest)
		}
		if _, isGlobal := a.global[first]; !own && isGlobal {
			return jsUnknown{}
		}
		return jsData(v)
	}
}

// jsData is a value of front matter, whose scalars have kept their spelling.
func jsData(v any) jsValue {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true
		case "false":
			return false
		}
		return v
	}
	return jsTemplate("an object")
}

// obey asks the scripts around a page for its permalink and whether it is in
// collections.
func (e *eleventy) obey(a *article, rules []jsRule) {
	slices.SortStableFunc(rules, func(x, y jsRule) int { return cmp.Compare(order(x), order(y)) })
	computed := map[string]bool{}
	for _, rule := range rules {
		if _, own := a.front.values[rule.key]; own && !rule.computed {
			continue
		}
		if rule.computed && rule.key != hide && computed[rule.key] {
			continue // the nearest decides
		}
		computed[rule.key] = rule.computed
		values, ok := e.evaluated(a, rule)
		if !ok {
			values = []jsValue{rule.literal}
			if rule.function != nil {
				values = rule.function.values(e.find(a))
			}
		}
		switch rule.key {
		case "permalink":
			a.computed = omitted(a.computed, rule.judge(values))
			e.addressBy(a, rule, values)
		case hide:
			a.computed = omitted(a.computed, rule.judge(values))
		default:
			if ok && values[0] != nil {
				a.set(rule.key, values[0])
			}
		}
	}
}

// hide is the key that keeps a page out of all collections, as front matter has it.
const hide = "eleventyexcludefromcollections"

// evaluated is what the function of a rule returns for the page; ok is false where
// that cannot be known.
func (e *eleventy) evaluated(a *article, rule jsRule) (values []jsValue, ok bool) {
	if rule.own == nil {
		return nil, false
	}
	v, err := rule.own.Call(e.host(nil, a), e.dataObject(a))
	if plain, isPlain := rule.own.Plain(); isPlain {
		v, err = plain, nil
	}
	if err != nil {
		return nil, false
	}
	switch v := v.(type) {
	case script.Undefined, nil:
		return []jsValue{nil}, true
	case bool, string:
		return []jsValue{v}, true
	case time.Time:
		return []jsValue{v.Format(time.RFC3339Nano)}, true
	case float64:
		return []jsValue{liquidText(v)}, true
	case *script.List:
		if rule.key == "tags" {
			return []jsValue{fromScript(v)}, true
		}
	}
	return nil, false
}

// withFunctions gives rules their functions, and adds those for the other keys that
// posts are made of.
func withFunctions(rules []jsRule, data script.Data, from Omission) []jsRule {
	for i := range rules {
		for _, group := range []map[string]script.Function{data.Functions, data.Computed} {
			for key, f := range group {
				if strings.EqualFold(key, rules[i].key) && (rules[i].computed || rules[i].own == nil) {
					rules[i].own = &f
				}
			}
		}
	}
	has := func(key string, computed bool) bool {
		return slices.ContainsFunc(rules, func(r jsRule) bool { return r.key == key && r.computed == computed })
	}
	for _, key := range []string{"permalink", "eleventyExcludeFromCollections"} { // what the script imports
		lower := strings.ToLower(key)
		if f, ok := data.Functions[key]; ok && !has(lower, false) && !has(lower, true) {
			rules = append(rules, jsRule{key: lower, literal: jsUnknown{}, own: &f, Omission: from})
		}
		if f, ok := data.Computed[key]; ok && !has(lower, true) {
			rules = append(rules, jsRule{key: lower, literal: jsUnknown{}, computed: true, own: &f, Omission: from})
		}
	}
	var first []jsRule
	for _, key := range []string{"date", "title", "tags", "slug", "lang"} {
		if f, ok := data.Computed[key]; ok {
			first = append(first, jsRule{key: key, computed: true, own: &f, Omission: from})
		}
	}
	return append(first, rules...)
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
		return liquidText(v)
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
func (s *sections) filesAround(own *ownConfig, file string, text []byte) []script.File {
	if own == nil {
		return nil
	}
	all := &ownConfig{}
	all.addScripts(own.root, file, text)
	var out []script.File
	for i, f := range all.files {
		if i > 0 && !s.site.mayRead(f.name) {
			continue
		}
		out = append(out, script.File{Path: filepath.ToSlash(f.name), Text: f.text})
		if i > 0 {
			s.remember(f.name, []byte(f.text))
		}
	}
	return out
}

// judge says whether the values that a rule may come to leave a page out.
func (rule *jsRule) judge(values []jsValue) *Omission {
	hidden, other, doubtful := 0, 0, 0
	for _, v := range values {
		_, unknown := v.(jsUnknown)
		switch {
		case v == false && rule.key == "permalink", v == true && rule.key != "permalink":
			hidden++
		case unknown && rule.key != "permalink":
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
func (e *eleventy) addressBy(a *article, rule jsRule, values []jsValue) {
	values = slices.DeleteFunc(slices.Clone(values), func(v jsValue) bool { return v == false })
	values = slices.Compact(values)
	if len(values) == 0 {
		return
	}
	switch v := values[0].(type) {
	case nil:
		return
	case string:
		if len(values) == 1 {
			a.set("permalink", v)
			return
		}
	case jsTemplate:
		if len(values) == 1 {
			a.set("permalink", string(v))
			return
		}
	}
	a.set("permalink", fmt.Sprintf("{{ the function in %s }}", path.Base(rule.Path)))
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
			if _, size, ok := quotedText(rest); ok {
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
func (o *ownConfig) addScripts(root, file string, text []byte) {
	o.add(file, text)
	for _, m := range localImport.FindAllSubmatch(text, -1) {
		name := filepath.Join(filepath.Dir(file), filepath.FromSlash(string(m[1])))
		for _, ext := range []string{"", ".js", ".mjs", ".cjs", ".ts", "/index.js"} {
			full := name + filepath.FromSlash(ext)
			info, err := os.Stat(full)
			if err != nil || !info.Mode().IsRegular() || !isScriptName(full) || len(o.files) >= maxScripts {
				continue
			}
			rel, err := filepath.Rel(root, full)
			if err != nil || !filepath.IsLocal(rel) || slices.ContainsFunc(o.files, func(f configFile) bool { return f.name == full }) {
				break
			}
			if inner, err := readLimited(full); err == nil {
				o.addScripts(root, full, inner)
			}
			break
		}
	}
}

func isScriptName(name string) bool {
	return slices.Contains([]string{".js", ".mjs", ".cjs", ".ts"}, filepath.Ext(name))
}
