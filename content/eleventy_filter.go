package content

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/content/script"
)

// eleventyRules are what decides which files Eleventy makes pages of.
type eleventyRules struct {
	ignores       []eleventyIgnore
	preprocessors []preprocessor
	computed      []jsRule  // eleventyComputed for all pages, set in the config
	noMarkdown    *Omission // templateFormats has no md in it
	doubt         *Omission // of what is computed and may leave any post out
}

// eleventyIgnore is a glob from the project's folder of files that are left out.
type eleventyIgnore struct {
	glob string // lower-case
	Omission
}

// preprocessor is a function that leaves out the files for which it returns false.
type preprocessor struct {
	extensions []string
	all        bool
	function   *jsFunction      // nil where it is in a package
	own        *script.Function // the same, to be evaluated; nil where it was not found
	Omission
}

// jsRule is a setting of pages that a script computes.
type jsRule struct {
	key      string // lower-case
	computed bool   // it outranks what the page says
	function *jsFunction
	literal  jsValue          // where there is no function
	own      *script.Function // the same, to be evaluated with the page's data; nil where it was not found
	Omission
}

func newEleventyRules(e *eleventy) eleventyRules {
	var r eleventyRules
	if e.own == nil {
		return r
	}
	input := e.own.eleventyInput()
	r.ignoreFile(e, ".", ".eleventyignore")
	if input != "." {
		r.ignoreFile(e, input, ".eleventyignore")
	}
	if !noGitIgnore.Match(e.own.text) {
		r.ignoreFile(e, ".", ".gitignore")
	}
	for _, f := range e.own.files {
		text := blankComments(f.text)
		r.readIgnores(e, f.name, text)
		r.readPreprocessors(e, f.name, text)
		r.readGlobalRules(e, f.name, text)
		r.readFormats(e, f.name, text)
	}
	if formats := e.own.scalar("formats"); formats != "" && !slices.Contains(strings.Split(formats, ","), "md") {
		r.noMarkdown = &Omission{Reason: "--formats=" + formats + " in package.json has no md in it"}
	} else if formats != "" {
		r.noMarkdown = nil
	}
	return r
}

var noGitIgnore = regexp.MustCompile(`\.setUseGitIgnore\(\s*false\s*\)`)

// at is an omission that a place in a script says.
func (e *eleventy) at(file, text string, offset int, reason string) Omission {
	o := Omission{Reason: reason, Line: lineAt(text, offset)}
	if rel, err := filepath.Rel(e.dir, file); err == nil {
		o.Path = filepath.ToSlash(rel)
	}
	return o
}

// ignoreFile reads the lines of an ignore file, which count from its folder. Eleventy
// knows no exceptions from them.
func (r *eleventyRules) ignoreFile(e *eleventy, folder, name string) {
	file := filepath.Join(e.own.root, filepath.FromSlash(folder), name)
	raw, err := e.readOwn(file)
	if err != nil {
		return
	}
	e.own.text = append(e.own.text, raw...)
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		o := e.at(file, "", 0, name+": "+clip(line))
		o.Line = i + 1
		r.ignores = append(r.ignores, eleventyIgnore{ignoreGlob(folder, line), o})
	}
}

func ignoreGlob(folder, line string) string {
	return strings.ToLower(strings.TrimPrefix(path.Join(folder, "/"+line), "/"))
}

var (
	ignoresAdd    = regexp.MustCompile(`\.ignores\s*\.\s*(add|delete)\(\s*`)
	literalText   = regexp.MustCompile("^(?:\"([^\"\\\\\n]*)\"|'([^'\\\\\n]*)'|`([^`$\\\\]*)`)\\s*,?\\s*([),])")
	jsConditional = regexp.MustCompile(`\b(?:if|else|for|while|switch|case|catch)\b|\.(?:forEach|map)\(|&&|\|\||\?[^.]`)
)

// readIgnores takes eleventyConfig.ignores.add("…") and delete.
func (r *eleventyRules) readIgnores(e *eleventy, file, text string) {
	for _, m := range ignoresAdd.FindAllStringSubmatchIndex(text, -1) {
		o := e.at(file, text, m[0], "ignores."+text[m[2]:m[3]])
		arg := literalText.FindStringSubmatch(text[m[1]:])
		if arg == nil {
			argument := &jsEvaluator{text: text, at: m[1]}
			argument.closeBracket()
			if glob, ok := e.code.program.Text(filepath.ToSlash(file), text[m[1]:max(m[1], argument.at-1)]); ok {
				arg = []string{"", glob, "", "", ""}
			}
		}
		if arg == nil {
			o.Held, o.Reason = true, o.Reason+" of what is computed"
			r.doubt = omitted(r.doubt, &o)
			continue
		}
		glob := arg[1] + arg[2] + arg[3]
		o.Reason += ": " + clip(glob)
		if o.Held = isConditional(text, m[0]); o.Held {
			o.Reason += " (on a condition)"
		}
		if strings.HasPrefix(glob, "**/") {
			glob = strings.ToLower(glob)
		} else {
			glob = ignoreGlob(".", glob)
		}
		switch {
		case text[m[2]:m[3]] == "add":
			r.ignores = append(r.ignores, eleventyIgnore{glob, o})
		case !o.Held:
			r.ignores = slices.DeleteFunc(r.ignores, func(i eleventyIgnore) bool { return i.glob == glob && strings.HasPrefix(i.Reason, "ignores.") })
		}
	}
}

// maxLookBack is more than any function of a config has.
const maxLookBack = 50_000

// isConditional reports that a place in a script is not surely reached: it is in a
// statement or block that depends on something.
func isConditional(text string, at int) bool {
	depth, end := 0, at
	for i := at - 1; i >= max(0, at-maxLookBack); i-- {
		switch text[i] {
		case '}':
			depth++
		case '{':
			if depth > 0 {
				depth--
				break
			}
			end = i
		}
		if depth > 0 || i > 0 && !strings.ContainsRune(";{}", rune(text[i-1])) {
			continue
		}
		if jsConditional.MatchString(text[i:end]) {
			return true
		}
	}
	return false
}

var addPreprocessor = regexp.MustCompile(`\.addPreprocessor\(\s*["'\x60]([^"'\x60\n]*)["'\x60]\s*,\s*(?:["'\x60]([^"'\x60\n]*)["'\x60]|\[([^\]]*)\])\s*,\s*`)

func (r *eleventyRules) readPreprocessors(e *eleventy, file, text string) {
	for _, m := range addPreprocessor.FindAllStringSubmatchIndex(text, -1) {
		p := preprocessor{function: readJSFunction(text[m[1]:], e.scripts()), Omission: e.at(file, text, m[0], "addPreprocessor")}
		if f, ok := e.code.drops[text[m[2]:m[3]]]; ok {
			p.own = &f
		}
		list := ""
		for _, group := range [][2]int{{m[4], m[5]}, {m[6], m[7]}} {
			if group[0] >= 0 {
				list = text[group[0]:group[1]]
			}
		}
		for ext := range strings.SplitSeq(list, ",") {
			ext = strings.Trim(ext, " \t\n\"'`.")
			p.all = p.all || ext == "*"
			p.extensions = append(p.extensions, "."+ext)
		}
		r.preprocessors = append(r.preprocessors, p)
	}
}

var addComputed = regexp.MustCompile(`\.addGlobalData\(\s*["'\x60](eleventyComputed(?:\.(\w+))?|permalink|eleventyExcludeFromCollections)["'\x60]\s*,\s*`)

// readGlobalRules takes addGlobalData("eleventyComputed…").
func (r *eleventyRules) readGlobalRules(e *eleventy, file, text string) {
	for _, m := range addComputed.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		key := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
		o := e.at(file, text, m[0], name)
		if key == "eleventycomputed" {
			block := &jsEvaluator{text: text, at: m[1]}
			block.closeBracket()
			rules := e.rulesIn(file, text, m[1], block.at, true)
			if f, ok := e.code.data[name]; ok {
				rules = withFunctions(rules, script.Data{Computed: f.Members()}, o)
			}
			r.computed = append(r.computed, rules...)
			continue
		}
		rule := jsRule{key: key, computed: strings.HasPrefix(name, "eleventyComputed"), function: readJSFunction(text[m[1]:], e.scripts()), Omission: o}
		if rule.function == nil {
			rule.literal = jsUnknown{}
		}
		if f, ok := e.code.data[name]; ok {
			f = f.Inner()
			rule.own = &f
		}
		r.computed = append(r.computed, rule)
	}
}

var (
	templateFormats = regexp.MustCompile(`\b(?:setTemplateFormats\(\s*|templateFormats["']?\s*:\s*)(\[[^\]]*\]|["'\x60][^"'\x60\n]*["'\x60])`)
	addedFormats    = regexp.MustCompile(`\baddTemplateFormats\([^)]*\bmd\b`)
)

func (r *eleventyRules) readFormats(e *eleventy, file, text string) {
	m := templateFormats.FindStringSubmatchIndex(text)
	if m == nil || addedFormats.MatchString(text) {
		return
	}
	formats := text[m[2]:m[3]]
	if slices.Contains(strings.FieldsFunc(formats, func(c rune) bool { return !isWordByte(byte(c)) }), "md") || strings.Contains(formats, "...") {
		return
	}
	o := e.at(file, text, m[0], "templateFormats has no md in it")
	r.noMarkdown = &o
}

// leavesOut compares a path from the project's folder with what is ignored: a glob
// that does not end in a star also takes what is below.
func (e *eleventy) leavesOut(file string) *Omission {
	if e.own == nil {
		return nil
	}
	rel, err := filepath.Rel(e.root, filepath.Join(e.dir, filepath.FromSlash(file)))
	if err != nil {
		return nil
	}
	var doubt *Omission
	steps := within(strings.ToLower(filepath.ToSlash(rel)))
	for _, ignored := range e.rules.ignores {
		for _, step := range steps {
			if ok, _ := doublestar.Match(ignored.glob, step); !ok {
				continue
			}
			if !ignored.Held {
				return &ignored.Omission
			}
			doubt = omitted(doubt, &ignored.Omission)
		}
	}
	if e.rules.noMarkdown != nil && isMarkdownName(file) {
		return e.rules.noMarkdown
	}
	return omitted(doubt, e.rules.doubt)
}

// omits knows what has no address, what is in no collection, and what a preprocessor
// drops.
func (e *eleventy) omits(a *article) *Omission {
	switch link := a.front.values["permalink"].(type) {
	case string:
		if written, set := truthOf(link); set && !written {
			return a.says("permalink", "")
		} else if set {
			return a.held("permalink", "Eleventy knows false and addresses only")
		}
	case map[string]any:
		if build, _ := link["build"].(string); build == "false" || link["build"] == nil {
			return a.says("permalink", "builds nothing")
		}
	}
	doubt := a.computed
	if doubt != nil && !doubt.Held {
		return doubt
	}
	hidden, set := a.front.truth(hide)
	_, isTable := a.front.values[hide].(map[string]any)
	switch {
	case hidden:
		return a.says(hide, "")
	case !set && sharesTag(a, a.front.list(hide, byComma)):
		return a.says(hide, "names its tag")
	case isTable:
		doubt = omitted(doubt, a.held(hide, "neither true nor false"))
	}
	for _, p := range e.rules.preprocessors {
		if !p.all && !slices.Contains(p.extensions, path.Ext(a.path)) {
			continue
		}
		doubt = omitted(doubt, e.judge(p, a))
	}
	return doubt
}

func sharesTag(a *article, names []string) bool {
	return slices.ContainsFunc(a.front.list("tags", whole), func(tag string) bool { return slices.Contains(names, tag) })
}

var mayBeFalse = regexp.MustCompile(`\bfalse\b|!|==|&&`)

// judge asks a preprocessor about a page: by its own function where that can be
// evaluated, else by the values that it may come to.
func (e *eleventy) judge(p preprocessor, a *article) *Omission {
	if p.own == nil {
		return p.judge(e.find(a))
	}
	body := script.NewObject() // the text, of which nothing is known
	body.Missing = func(string) (any, bool) { return nil, false }
	v, err := p.own.Call(e.host(nil, a), e.dataObject(a), body)
	if err != nil {
		return p.judge(e.find(a))
	}
	if v == false {
		o := p.Omission
		o.Reason += " returns false"
		return &o
	}
	return nil
}

// judge says whether the preprocessor returns false for a page.
func (p *preprocessor) judge(find func(string) jsValue) *Omission {
	o := p.Omission
	if p.function == nil {
		o.Held, o.Reason = true, o.Reason+" of a function that is not in the config"
		return &o
	}
	dropped, other, doubtful := 0, 0, 0
	for _, v := range p.function.values(find) {
		switch v.(type) {
		case bool:
			if v == false {
				dropped++
				continue
			}
		case jsUnknown:
			if mayBeFalse.MatchString(p.function.body) {
				doubtful++
			}
		}
		other++
	}
	switch {
	case dropped == 0 && doubtful == 0:
		return nil
	case other > 0:
		o.Held, o.Reason = true, o.Reason+" on a condition"
	default:
		o.Reason += " returns false"
	}
	return &o
}
