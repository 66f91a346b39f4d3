package content

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"publisher/content/script"
	"publisher/internal/xmltext"
)

// eleventy reads posts as Eleventy does: the address follows the path.
type eleventy struct {
	folderEngine
	own       *ownConfig // nil where no config of Eleventy was found
	plain     bool       // Markdown is no template
	boxes     bool       // ::: opens a container
	markdown  markdownItSettings
	rules     eleventyRules
	suffixes  []string // of data files
	dataBase  string   // what a folder's data file is called; "" for the folder's name
	input     string   // the folder that Eleventy reads, from the config's
	includes  string   // the folder of includes, from the config's
	code      eleventyScripts
	dataNames []string // of the files of global data that are scripts
}

var (
	noTemplates = regexp.MustCompile(`\bmarkdownTemplateEngine["']?\s*:\s*false\b`)
	containers  = regexp.MustCompile(`markdown-it-(?:container|directive)`)
)

func newEleventy(s *site, own *ownConfig) *eleventy {
	e := &eleventy{folderEngine: folderEngine{site: s}, own: own}
	if own != nil {
		e.code = readEleventyScripts(own)
		e.input, e.includes = inputFolder(own), includesFolder(own)
	}
	e.rules = newEleventyRules(e)
	e.readDataNames()
	if own != nil {
		e.plain, e.boxes = noTemplates.Match(own.text), containers.Match(own.text)
		e.markdown = readMarkdownIt(own.text)
	}
	return e
}

// covers leaves out what Eleventy keeps beside the pages.
func (e *eleventy) covers(file string) bool {
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		if notPages[folder] {
			return false
		}
	}
	return true
}

// notPages are folders of what pages are made of, and of what they become.
var notPages = map[string]bool{"_includes": true, "_data": true, "_layouts": true, "_site": true}

func (e *eleventy) prepare(a *article) {
	s, _ := a.around.(*eleventyFolders)
	a.name = eleventyName(path.Join(e.below, a.path))
	if s != nil {
		a.global = s.global
	}
	stem := path.Join(a.name.dir, a.name.full)
	own := a.front.list("tags", byComma)
	rules := e.rulesOf(a)
	for _, l := range s.of(stem) {
		rules = append(rules, l.rules...)
		a.computed = omitted(a.computed, l.doubt)
		own = append(own, listOf(l.values["tags"], byComma)...) // tags add up
		a.inheritDeep(l.values)
	}
	global := e.globalValues(s)
	if layout, ok := global["layout"]; ok {
		a.inherit(map[string]any{"layout": layout})
	}
	if s != nil {
		layout, _ := a.front.values["layout"].(string)
		for _, l := range s.layoutsOf(layout) {
			rules = append(rules, l.rules...)
			a.computed = omitted(a.computed, l.doubt)
			own = append(own, listOf(l.values["tags"], byComma)...)
			a.inheritDeep(l.values)
		}
	}
	own = append(own, listOf(global["tags"], byComma)...)
	delete(global, "tags")
	a.inherit(global)
	if len(own) > 0 {
		a.front.values["tags"] = anyList(own)
	}
	if lang := e.folderLanguage(a); lang != "" {
		a.inherit(map[string]any{"lang": lang})
	}
	e.compute(a)
	e.parseDate(a)
	if s != nil {
		rules = append(rules, s.computed...)
	}
	e.obey(a, append(rules, e.rules.computed...))
}

// rulesOf are what front matter in JavaScript computes.
func (e *eleventy) rulesOf(a *article) []jsRule {
	if a.front.form != scriptForm {
		return nil
	}
	rules := e.scriptRules("", a.front.text, script.FrontMatter(a.front.text), true, true)
	for i := range rules {
		rules[i].Path = a.path
		rules[i].Line += a.front.line - 1
	}
	return rules
}

// compute fills in eleventyComputed. A permalink waits for what it is made of.
func (e *eleventy) compute(a *article) {
	for key, v := range a.front.table("eleventycomputed") {
		template, isText := v.(string)
		if !isText {
			continue
		}
		if value, ok := e.fill(a, template); ok && key != "permalink" {
			a.front.values[key] = value
		} else if key == "permalink" {
			a.front.values[key] = template
		}
	}
}

// isPage also knows what is neither dated nor tagged. Of templates that are not Markdown only a date tells that they are posts.
func (e *eleventy) isPage(a *article) bool {
	if isPageLayout(a) || a.front.has("pagination") {
		return true
	}
	if a.front.has("date") || a.name.date != "" || isDatedPage(a) {
		return false
	}
	told := slices.ContainsFunc(a.front.list("tags", whole), func(tag string) bool { return !pageTags[strings.ToLower(tag)] })
	return !isMarkdownName(a.path) || a.front.form != noFrontMatter && !told
}

// fileDates are what Eleventy takes for a date that it finds itself.
var fileDates = map[string]bool{"created": true, "last": true, "git": true, "modified": true}

func (e *eleventy) complete(a *article) {
	e.parseDate(a)
	first, _, _ := strings.Cut(strings.ToLower(a.front.scalar("date")), " ")
	switch {
	case fileDates[first]:
		a.dropProblem("date")
		a.post.Date = a.modTime.In(e.loc)
	case a.post.Date.IsZero() && a.name.date != "":
		a.post.Date, _ = parseDate(a.name.date, e.loc)
	case a.post.Date.IsZero() && !a.front.has("date") && hasOtherDate(a):
		a.post.Date = a.date(otherDates...)
	case a.post.Date.IsZero() && !a.front.has("date") && a.front.form != noFrontMatter:
		a.post.Date = a.modTime.In(e.loc)
	}
	tags := slices.DeleteFunc(a.front.list("tags", whole), func(tag string) bool {
		tag = strings.ToLower(tag)
		return pageTags[tag] || tag == "post" || tag == "posts"
	})
	a.setNearTags(tags)
	if a.post.Title == "" {
		a.post.Title = e.title(a)
	}
	a.post.Summary = a.front.scalar("excerpt", "summary", "description")
	a.titleSlug = eleventySlug(a.post.Title)
	if a.slug == "" {
		a.slug = a.name.stem
	}
}

// title is what a page is called that has no title: its heading, else its place in
// the navigation.
func (e *eleventy) title(a *article) string {
	if title := headingTitle(a.body); title != "" {
		return title
	}
	navigation := a.front.table("eleventynavigation")
	for _, key := range []string{"title", "key"} {
		if text, ok := navigation[key].(string); ok && text != "" {
			return xmltext.Line(text)
		}
	}
	return ""
}

// isDatedPage reports that the front matter has a date under one of its other names.
func isDatedPage(a *article) bool {
	return !a.dateOf("publishdate", "pubdate", "published").IsZero() || hasOtherDate(a)
}

// hasOtherDate reports that another program's key holds a date that can be read.
func hasOtherDate(a *article) bool {
	return !a.dateOf(otherDates...).IsZero()
}

// pageTags say what kind of page it is, not what it is about.
var pageTags = map[string]bool{"all": true, "nav": true, "page": true, "pages": true}

func (e *eleventy) address(a *article) string {
	own := a.front.scalar("permalink")
	if build, ok := a.front.table("permalink")["build"].(string); ok {
		own = build
	}
	if own != "" {
		where, ok := own, true
		if strings.Contains(own, "{") {
			where, ok = e.fill(a, own)
		}
		if !ok {
			a.reject(a.front.lineOf("permalink"), "the permalink "+clip(own)+" holds what cannot be evaluated here; write the post's address out, or set content.permalink in config.yaml")
		}
		return e.finalURL(a, eleventyURL(where))
	}
	if e.permalink != "" {
		return a.expand(e.permalink)
	}
	return e.finalURL(a, eleventyPath(a.name))
}

// finalURL is the address after the config's transforms.
func (e *eleventy) finalURL(a *article, url string) string {
	url, ok := e.transformed(a, url)
	if !ok {
		a.reject(1, "the config's addUrlTransform makes of the address "+clip(url)+" what is not known here; set content.permalink in config.yaml")
	}
	return url
}

// fill evaluates a template of the front matter; ok is false where a part of it
// is not known here.
func (e *eleventy) fill(a *article, template string) (string, bool) {
	m := &macros{article: a, base: template, quiet: true}
	o := m.liquidOptions()
	o.nunjucks, o.strict = true, true
	out, ok := expandLiquid(eleventyHost{m, e}, o, template, e.variables(a))
	return strings.TrimSpace(out), ok
}

func (e *eleventy) slugify(text string) string { return eleventySlug(text) }

func (e *eleventy) expand(m *macros, text string) string {
	override, set := m.article.front.values["templateengineoverride"].(string)
	if e.plain && isMarkdownName(m.article.path) || set && !strings.Contains(override, "liquid") && !strings.Contains(override, "njk") {
		return e.markdown.withoutAttributes(text)
	}
	o := m.liquidOptions()
	o.nunjucks = true
	if hasLiquid(text, o) {
		text, _ = expandLiquid(eleventyHost{m, e}, o, text, e.variables(m.article))
	}
	return e.markdown.withoutAttributes(text)
}

// variables are the blog's and the front matter's, and what Eleventy says of the
// page.
func (e *eleventy) variables(a *article) map[string]any {
	vars := map[string]any{}
	maps.Copy(vars, a.global)
	maps.Copy(vars, a.front.values)
	page := a.pageVariables()
	folder := path.Join("/", a.name.dir)
	page["filepathstem"] = path.Join(folder, eleventyUndated(a.name.full))
	vars["page"] = page
	return vars
}

func (e *eleventy) writing() markdownOptions {
	return markdownOptions{markdownIt: true, boxes: e.boxes,
		noIndented: !e.markdown.indented, hardWraps: e.markdown.breaks, bareLinks: !e.markdown.linkify, smart: e.markdown.typographer,
		noMath: !e.markdown.math, emoji: e.markdown.emoji, marks: e.markdown.marks, markup: e.markdown.markup, plainAlerts: !e.markdown.alerts}
}

func (e *eleventy) extensions() []string { return []string{".html", ".njk", ".liquid"} }
