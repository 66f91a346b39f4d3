// Package eleventy reads blogs as Eleventy does.
package eleventy

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/content/script"
	"publisher/content/slug"
	"publisher/internal/xmltext"
)

// eleventy reads posts as Eleventy does: the address follows the path.
type Engine struct {
	dialect.BaseEngine
	own       *dialect.Settings // nil where no config of Eleventy was found
	plain     bool              // Markdown is no template
	boxes     bool              // ::: opens a container
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

func New(s *dialect.Site, own *dialect.Settings) *Engine {
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, own: own}
	if own != nil {
		e.code = readEleventyScripts(own)
		e.input, e.includes = InputFolder(own), includesFolder(own)
	}
	e.rules = newEleventyRules(e)
	e.readDataNames()
	if own != nil {
		e.plain, e.boxes = noTemplates.Match(own.Text), containers.Match(own.Text)
		e.markdown = readMarkdownIt(own.Text)
	}
	return e
}

// covers leaves out what Eleventy keeps beside the pages.
func (e *Engine) Covers(file string) bool {
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		if notPages[folder] {
			return false
		}
	}
	return true
}

// notPages are folders of what pages are made of, and of what they become.
var notPages = map[string]bool{"_includes": true, "_data": true, "_layouts": true, "_site": true}

func (e *Engine) Prepare(a *dialect.Page) {
	s, _ := a.Around.(*folders)
	a.Name = eleventyName(path.Join(e.Below, a.Path))
	if s != nil {
		a.Global = s.global
	}
	stem := path.Join(a.Name.Dir, a.Name.Full)
	own := a.Front.Strings("tags", frontmatter.SplitCommas)
	rules := e.rulesOf(a)
	for _, l := range s.of(stem) {
		rules = append(rules, l.rules...)
		a.Computed = dialect.Omitted(a.Computed, l.doubt)
		own = append(own, frontmatter.Strings(l.values["tags"], frontmatter.SplitCommas)...) // tags add up
		a.InheritDeep(l.values)
	}
	global := e.globalValues(s)
	if layout, ok := global["layout"]; ok {
		a.Inherit(map[string]any{"layout": layout})
	}
	if s != nil {
		layout, _ := a.Front.Values["layout"].(string)
		for _, l := range s.layoutsOf(layout) {
			rules = append(rules, l.rules...)
			a.Computed = dialect.Omitted(a.Computed, l.doubt)
			own = append(own, frontmatter.Strings(l.values["tags"], frontmatter.SplitCommas)...)
			a.InheritDeep(l.values)
		}
	}
	own = append(own, frontmatter.Strings(global["tags"], frontmatter.SplitCommas)...)
	delete(global, "tags")
	a.Inherit(global)
	if len(own) > 0 {
		a.Front.Values["tags"] = dialect.AnyList(own)
	}
	if lang := e.folderLanguage(a); lang != "" {
		a.Inherit(map[string]any{"lang": lang})
	}
	e.compute(a)
	e.parseDate(a)
	if s != nil {
		rules = append(rules, s.computed...)
	}
	e.obey(a, append(rules, e.rules.computed...))
}

// rulesOf are what front matter in JavaScript computes.
func (e *Engine) rulesOf(a *dialect.Page) []jsRule {
	if a.Front.Form != frontmatter.JavaScript {
		return nil
	}
	rules := e.scriptRules("", a.Front.Text, script.FrontMatter(a.Front.Text), true, true)
	for i := range rules {
		rules[i].Path = a.Path
		rules[i].Line += a.Front.Line - 1
	}
	return rules
}

// compute fills in eleventyComputed. A permalink waits for what it is made of.
func (e *Engine) compute(a *dialect.Page) {
	for key, v := range a.Front.Table("eleventycomputed") {
		template, isText := v.(string)
		if !isText {
			continue
		}
		if value, ok := e.fill(a, template); ok && key != "permalink" {
			a.Front.Values[key] = value
		} else if key == "permalink" {
			a.Front.Values[key] = template
		}
	}
}

// isPage also knows what is neither dated nor tagged. Of templates that are not Markdown only a date tells that they are posts.
func (e *Engine) IsPage(a *dialect.Page) bool {
	if dialect.IsPageLayout(a) || a.Front.Has("pagination") {
		return true
	}
	if a.Front.Has("date") || a.Name.Date != "" || isDatedPage(a) {
		return false
	}
	told := slices.ContainsFunc(a.Front.Strings("tags", frontmatter.NoSplit), func(tag string) bool { return !pageTags[strings.ToLower(tag)] })
	return !mdsource.IsMarkdownName(a.Path) || a.Front.Form != frontmatter.None && !told
}

// fileDates are what Eleventy takes for a date that it finds itself.
var fileDates = map[string]bool{"created": true, "last": true, "git": true, "modified": true}

func (e *Engine) Complete(a *dialect.Page) {
	e.parseDate(a)
	first, _, _ := strings.Cut(strings.ToLower(a.Front.Scalar("date")), " ")
	switch {
	case fileDates[first]:
		a.DropProblem("date")
		a.Post.Date = a.ModTime.In(e.Loc)
	case a.Post.Date.IsZero() && a.Name.Date != "":
		a.Post.Date, _ = frontmatter.ParseDate(a.Name.Date, e.Loc)
	case a.Post.Date.IsZero() && !a.Front.Has("date") && hasOtherDate(a):
		a.Post.Date = a.Date(dialect.OtherDates...)
	case a.Post.Date.IsZero() && !a.Front.Has("date") && a.Front.Form != frontmatter.None:
		a.Post.Date = a.ModTime.In(e.Loc)
	}
	tags := slices.DeleteFunc(a.Front.Strings("tags", frontmatter.NoSplit), func(tag string) bool {
		tag = strings.ToLower(tag)
		return pageTags[tag] || tag == "post" || tag == "posts"
	})
	a.SetNearTags(tags)
	if a.Post.Title == "" {
		a.Post.Title = e.title(a)
	}
	a.Post.Summary = a.Front.Scalar("excerpt", "summary", "description")
	a.TitleSlug = slug.Eleventy(a.Post.Title)
	if a.Slug == "" {
		a.Slug = a.Name.Stem
	}
}

// title is what a page is called that has no title: its heading, else its place in
// the navigation.
func (e *Engine) title(a *dialect.Page) string {
	if title := dialect.HeadingTitle(a.Body); title != "" {
		return title
	}
	navigation := a.Front.Table("eleventynavigation")
	for _, key := range []string{"title", "key"} {
		if text, ok := navigation[key].(string); ok && text != "" {
			return xmltext.Line(text)
		}
	}
	return ""
}

// isDatedPage reports that the front matter has a date under one of its other names.
func isDatedPage(a *dialect.Page) bool {
	return !a.DateOf("publishdate", "pubdate", "published").IsZero() || hasOtherDate(a)
}

// hasOtherDate reports that another program's key holds a date that can be read.
func hasOtherDate(a *dialect.Page) bool {
	return !a.DateOf(dialect.OtherDates...).IsZero()
}

// pageTags say what kind of page it is, not what it is about.
var pageTags = map[string]bool{"all": true, "nav": true, "page": true, "pages": true}

func (e *Engine) Address(a *dialect.Page) string {
	own := a.Front.Scalar("permalink")
	if build, ok := a.Front.Table("permalink")["build"].(string); ok {
		own = build
	}
	if own != "" {
		where, ok := own, true
		if strings.Contains(own, "{") {
			where, ok = e.fill(a, own)
		}
		if !ok {
			a.Reject(a.Front.LineOf("permalink"), "the permalink "+post.Clip(own)+" holds what cannot be evaluated here; write the post's address out, or set content.permalink in config.yaml")
		}
		return e.finalURL(a, eleventyURL(where))
	}
	if e.Permalink != "" {
		return a.Expand(e.Permalink)
	}
	return e.finalURL(a, eleventyPath(a.Name))
}

// finalURL is the address after the config's transforms.
func (e *Engine) finalURL(a *dialect.Page, url string) string {
	url, ok := e.transformed(a, url)
	if !ok {
		a.Reject(1, "the config's addUrlTransform makes of the address "+post.Clip(url)+" what is not known here; set content.permalink in config.yaml")
	}
	return url
}

// fill evaluates a template of the front matter; ok is false where a part of it
// is not known here.
func (e *Engine) fill(a *dialect.Page, template string) (string, bool) {
	m := &dialect.Expansion{Article: a, Base: template, Quiet: true}
	o := m.LiquidOptions()
	o.Nunjucks, o.Strict = true, true
	out, ok := liquid.Expand(eleventyHost{m, e}, o, template, e.variables(a))
	return strings.TrimSpace(out), ok
}

func (e *Engine) Slugify(text string) string { return slug.Eleventy(text) }

func (e *Engine) Expand(m *dialect.Expansion, text string) string {
	override, set := m.Article.Front.Values["templateengineoverride"].(string)
	if e.plain && mdsource.IsMarkdownName(m.Article.Path) || set && !strings.Contains(override, "liquid") && !strings.Contains(override, "njk") {
		return e.markdown.withoutAttributes(text)
	}
	o := m.LiquidOptions()
	o.Nunjucks = true
	if liquid.HasMarks(text, o) {
		text, _ = liquid.Expand(eleventyHost{m, e}, o, text, e.variables(m.Article))
	}
	return e.markdown.withoutAttributes(text)
}

// variables are the blog's and the front matter's, and what Eleventy says of the
// page.
func (e *Engine) variables(a *dialect.Page) map[string]any {
	vars := map[string]any{}
	maps.Copy(vars, a.Global)
	maps.Copy(vars, a.Front.Values)
	page := a.PageVariables()
	folder := path.Join("/", a.Name.Dir)
	page["filepathstem"] = path.Join(folder, eleventyUndated(a.Name.Full))
	vars["page"] = page
	return vars
}

func (e *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{MarkdownIt: true, Containers: e.boxes,
		NoIndented: !e.markdown.indented, HardWraps: e.markdown.breaks, NoLinkify: !e.markdown.linkify, Typographer: e.markdown.typographer,
		NoMath: !e.markdown.math, Emoji: e.markdown.emoji, Marks: e.markdown.marks, Markup: e.markdown.markup, PlainAlerts: !e.markdown.alerts}
}

func (e *Engine) Extensions() []string { return []string{".html", ".njk", ".liquid"} }
