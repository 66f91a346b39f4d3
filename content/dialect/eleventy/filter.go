package eleventy

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/content/script"
)

// eleventyRules are what decides which files Eleventy makes pages of.
type eleventyRules struct {
	ignores       []eleventyIgnore
	preprocessors []preprocessor
	computed      []jsRule       // eleventyComputed for all pages, set in the config
	noMarkdown    *post.Omission // templateFormats has no md in it
	doubt         *post.Omission // of what is computed and may leave any post out
}

// eleventyIgnore is a glob from the project's folder of files that are left out.
type eleventyIgnore struct {
	glob string // lower-case
	post.Omission
}

// preprocessor is a function that leaves out the files for which it returns false.
type preprocessor struct {
	extensions []string
	all        bool
	function   *script.Function // nil where it was not found
	code       string           // of the function; "" where it is in a package
	post.Omission
}

// jsRule is a setting of pages that a script computes.
type jsRule struct {
	key      string           // lower-case
	computed bool             // it outranks what the page says
	function *script.Function // of the page's data
	literal  any              // where there is no function
	unread   bool             // the script cannot be read
	post.Omission
}

func newEleventyRules(e *Engine) eleventyRules {
	var r eleventyRules
	if e.own == nil {
		return r
	}
	input := InputFolder(e.own)
	r.ignoreFile(e, ".", ".eleventyignore")
	if input != "." {
		r.ignoreFile(e, input, ".eleventyignore")
	}
	if !noGitIgnore.Match(e.own.Text) {
		r.ignoreFile(e, ".", ".gitignore")
	}
	for _, f := range e.own.Files {
		text := blankComments(f.Text)
		r.readIgnores(e, f.Name, text)
		r.readPreprocessors(e, f.Name, text)
		r.readGlobalRules(e, f.Name, text)
		r.readFormats(e, f.Name, text)
	}
	if formats := e.own.Scalar("formats"); formats != "" && !slices.Contains(strings.Split(formats, ","), "md") {
		r.noMarkdown = &post.Omission{Reason: "--formats=" + formats + " in package.json has no md in it"}
	} else if formats != "" {
		r.noMarkdown = nil
	}
	return r
}

var noGitIgnore = regexp.MustCompile(`\.setUseGitIgnore\(\s*false\s*\)`)

// at is an omission that a place in a script says.
func (e *Engine) at(file, text string, offset int, reason string) post.Omission {
	o := post.Omission{Reason: reason, Line: dialect.LineAt(text, offset)}
	if rel, err := filepath.Rel(e.Dir, file); err == nil {
		o.Path = filepath.ToSlash(rel)
	}
	return o
}

// ignoreFile reads the lines of an ignore file, which count from its folder. Eleventy
// knows no exceptions from them.
func (r *eleventyRules) ignoreFile(e *Engine, folder, name string) {
	file := filepath.Join(e.own.Root, filepath.FromSlash(folder), name)
	raw, err := e.ReadOwn(file)
	if err != nil {
		return
	}
	e.own.Text = append(e.own.Text, raw...)
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		o := e.at(file, "", 0, name+": "+post.Clip(line))
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
func (r *eleventyRules) readIgnores(e *Engine, file, text string) {
	for _, m := range ignoresAdd.FindAllStringSubmatchIndex(text, -1) {
		o := e.at(file, text, m[0], "ignores."+text[m[2]:m[3]])
		arg := literalText.FindStringSubmatch(text[m[1]:])
		if arg == nil {
			if glob, ok := e.code.program.Text(filepath.ToSlash(file), argumentAt(text, m[1])); ok {
				arg = []string{"", glob, "", "", ""}
			}
		}
		if arg == nil {
			o.Held, o.Reason = true, o.Reason+" of what is computed"
			r.doubt = dialect.Omitted(r.doubt, &o)
			continue
		}
		glob := arg[1] + arg[2] + arg[3]
		o.Reason += ": " + post.Clip(glob)
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

// argumentAt is what stands in brackets that open before a place in a script.
func argumentAt(text string, from int) string {
	depth := 0
	for at := from; at < len(text); at++ {
		switch text[at] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return text[from:at]
			}
		case '\'', '"', '`':
			end := strings.IndexByte(text[at+1:], text[at])
			if end < 0 {
				return text[from:]
			}
			at += end + 1
		}
	}
	return text[from:]
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

func (r *eleventyRules) readPreprocessors(e *Engine, file, text string) {
	for _, m := range addPreprocessor.FindAllStringSubmatchIndex(text, -1) {
		p := preprocessor{Omission: e.at(file, text, m[0], "addPreprocessor")}
		f, ok := e.code.drops[text[m[2]:m[3]]]
		if !ok {
			f, ok = e.code.program.Expression(filepath.ToSlash(file), argumentAt(text, m[1]))
		}
		if ok {
			p.function, p.code = &f, f.Source()
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
func (r *eleventyRules) readGlobalRules(e *Engine, file, text string) {
	for _, m := range addComputed.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		key := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
		o := e.at(file, text, m[0], name)
		if key == "eleventycomputed" {
			data, known := e.code.data[name].Data()
			before := []byte(text[:m[1]])
			blank(before)
			r.computed = append(r.computed, e.scriptRules(file, string(before)+argumentAt(text, m[1]), data.AsComputed(), known, true)...)
			continue
		}
		rule := jsRule{key: key, computed: strings.HasPrefix(name, "eleventyComputed"), literal: script.Unknown{}, Omission: o}
		if f, ok := e.code.data[name]; ok {
			rule.function = &f
		}
		r.computed = append(r.computed, rule)
	}
}

var (
	templateFormats = regexp.MustCompile(`\b(?:setTemplateFormats\(\s*|templateFormats["']?\s*:\s*)(\[[^\]]*\]|["'\x60][^"'\x60\n]*["'\x60])`)
	markdownFormat  = regexp.MustCompile(`\bmd\b`)
	addedFormats    = regexp.MustCompile(`\baddTemplateFormats\([^)]*\bmd\b`)
)

func (r *eleventyRules) readFormats(e *Engine, file, text string) {
	m := templateFormats.FindStringSubmatchIndex(text)
	if m == nil || addedFormats.MatchString(text) {
		return
	}
	formats := text[m[2]:m[3]]
	if markdownFormat.MatchString(formats) || strings.Contains(formats, "...") {
		return
	}
	o := e.at(file, text, m[0], "templateFormats has no md in it")
	r.noMarkdown = &o
}

// leavesOut compares a path from the project's folder with what is ignored: a glob
// that does not end in a star also takes what is below.
func (e *Engine) LeavesOut(file string) *post.Omission {
	if e.own == nil {
		return nil
	}
	rel, err := filepath.Rel(e.Root, filepath.Join(e.Dir, filepath.FromSlash(file)))
	if err != nil {
		return nil
	}
	var doubt *post.Omission
	steps := dialect.Within(strings.ToLower(filepath.ToSlash(rel)))
	for _, ignored := range e.rules.ignores {
		for _, step := range steps {
			if ok, _ := doublestar.Match(ignored.glob, step); !ok {
				continue
			}
			if !ignored.Held {
				return &ignored.Omission
			}
			doubt = dialect.Omitted(doubt, &ignored.Omission)
		}
	}
	if e.rules.noMarkdown != nil && mdsource.IsMarkdownName(file) {
		return e.rules.noMarkdown
	}
	return dialect.Omitted(doubt, e.rules.doubt)
}

// omits knows what has no address, what is in no collection, and what a preprocessor
// drops.
func (e *Engine) Omits(a *dialect.Page) *post.Omission {
	switch link := a.Front.Values["permalink"].(type) {
	case string:
		if written, set := frontmatter.Bool(link); set && !written {
			return a.Says("permalink", "")
		} else if set {
			return a.Held("permalink", "Eleventy knows false and addresses only")
		}
	case map[string]any:
		if build, _ := link["build"].(string); build == "false" || link["build"] == nil {
			return a.Says("permalink", "builds nothing")
		}
	}
	doubt := a.Computed
	if doubt != nil && !doubt.Held {
		return doubt
	}
	hidden, set := a.Front.Bool(hide)
	_, isTable := a.Front.Values[hide].(map[string]any)
	switch {
	case hidden:
		return a.Says(hide, "")
	case !set && sharesTag(a, a.Front.Strings(hide, frontmatter.SplitCommas)):
		return a.Says(hide, "names its tag")
	case isTable:
		doubt = dialect.Omitted(doubt, a.Held(hide, "neither true nor false"))
	}
	for _, p := range e.rules.preprocessors {
		if !p.all && !slices.Contains(p.extensions, path.Ext(a.Path)) {
			continue
		}
		doubt = dialect.Omitted(doubt, e.judge(p, a))
	}
	return doubt
}

func sharesTag(a *dialect.Page, names []string) bool {
	return slices.ContainsFunc(a.Front.Strings("tags", frontmatter.NoSplit), func(tag string) bool { return slices.Contains(names, tag) })
}

var mayBeFalse = regexp.MustCompile(`\bfalse\b|!|==|&&`)

// judge asks a preprocessor about a page: it drops those for which it returns false.
func (e *Engine) judge(p preprocessor, a *dialect.Page) *post.Omission {
	o := p.Omission
	if p.code == "" {
		o.Held, o.Reason = true, o.Reason+" of a function that is not in the config"
		return &o
	}
	dropped, other, doubtful := 0, 0, 0
	for _, v := range p.function.Results(e.host(nil, a), e.dataObject(a), script.UnknownText()) {
		u, _ := v.(script.Unknown)
		switch {
		case v == false:
			dropped++
		case script.MayBe(v, false) && (!u.IsAnything() || mayBeFalse.MatchString(p.code)):
			doubtful++
		default:
			other++
		}
	}
	switch {
	case dropped+doubtful == 0:
		return nil
	case other+doubtful > 0:
		o.Held, o.Reason = true, o.Reason+" on a condition"
	default:
		o.Reason += " returns false"
	}
	return &o
}
