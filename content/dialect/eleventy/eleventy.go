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
	settings     *dialect.Settings // nil where no config of Eleventy was found
	noTemplates  bool              // Markdown is no template
	containers   bool              // ::: opens a container
	markdown     markdownItSettings
	rules        configRules
	dataSuffixes []string // of data files
	dataBaseName string   // what a folder's data file is called; "" for the folder's name
	input        string   // the folder that Eleventy reads, from the config's
	includes     string   // the folder of includes, from the config's
	functions    configFunctions
	dataNames    []string // of the files of global data that are scripts
}

var (
	noTemplateEngine = regexp.MustCompile(`\bmarkdownTemplateEngine["']?\s*:\s*false\b`)
	containerPlugins = regexp.MustCompile(`markdown-it-(?:container|directive)`)
)

func New(s *dialect.Site, own *dialect.Settings) *Engine {
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, settings: own}
	if own != nil {
		e.functions = readConfigFunctions(own)
		e.input, e.includes = InputFolder(own), includesFolder(own)
	}
	e.rules = readConfigRules(e)
	e.readDataNames()
	if own != nil {
		e.noTemplates, e.containers = noTemplateEngine.Match(own.Text), containerPlugins.Match(own.Text)
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

func (e *Engine) Prepare(p *dialect.Page) {
	c, _ := p.Around.(*dataCascade)
	p.Name = fileName(path.Join(e.Below, p.Path))
	if c != nil {
		p.Global = c.global
	}
	stem := path.Join(p.Name.Dir, p.Name.Full)
	own := p.Front.List("tags", frontmatter.ByComma)
	rules := e.frontMatterSettings(p)
	for _, l := range c.layersOf(stem) {
		rules = append(rules, l.settings...)
		p.Computed = dialect.Omitted(p.Computed, l.doubt)
		own = append(own, frontmatter.ListOf(l.values["tags"], frontmatter.ByComma)...) // tags add up
		p.InheritDeep(l.values)
	}
	global := e.globalValues(c)
	if layout, ok := global["layout"]; ok {
		p.Inherit(map[string]any{"layout": layout})
	}
	if c != nil {
		layout, _ := p.Front.Values["layout"].(string)
		for _, l := range c.layoutsOf(layout) {
			rules = append(rules, l.settings...)
			p.Computed = dialect.Omitted(p.Computed, l.doubt)
			own = append(own, frontmatter.ListOf(l.values["tags"], frontmatter.ByComma)...)
			p.InheritDeep(l.values)
		}
	}
	own = append(own, frontmatter.ListOf(global["tags"], frontmatter.ByComma)...)
	delete(global, "tags")
	p.Inherit(global)
	if len(own) > 0 {
		p.Front.Values["tags"] = dialect.AnyList(own)
	}
	if lang := e.folderLanguage(p); lang != "" {
		p.Inherit(map[string]any{"lang": lang})
	}
	e.fillComputed(p)
	e.applyDateParsers(p)
	if c != nil {
		rules = append(rules, c.computed...)
	}
	e.applySettings(p, append(rules, e.rules.settings...))
}

// rulesOf are what front matter in JavaScript computes.
func (e *Engine) frontMatterSettings(p *dialect.Page) []scriptSetting {
	if p.Front.Form != frontmatter.ScriptForm {
		return nil
	}
	rules := e.scriptSettings("", p.Front.Text, script.FrontMatter(p.Front.Text), true, true)
	for i := range rules {
		rules[i].Path = p.Path
		rules[i].Line += p.Front.Line - 1
	}
	return rules
}

// compute fills in eleventyComputed. A permalink waits for what it is made of.
func (e *Engine) fillComputed(p *dialect.Page) {
	for key, v := range p.Front.Table("eleventycomputed") {
		template, isText := v.(string)
		if !isText {
			continue
		}
		if value, ok := e.fill(p, template); ok && key != "permalink" {
			p.Front.Values[key] = value
		} else if key == "permalink" {
			p.Front.Values[key] = template
		}
	}
}

// isPage also knows what is neither dated nor tagged. Of templates that are not Markdown only a date tells that they are posts.
func (e *Engine) IsPage(p *dialect.Page) bool {
	if dialect.IsPageLayout(p) || p.Front.Has("pagination") {
		return true
	}
	if p.Front.Has("date") || p.Name.Date != "" || isDatedPage(p) {
		return false
	}
	told := slices.ContainsFunc(p.Front.List("tags", frontmatter.Whole), func(tag string) bool { return !pageTags[strings.ToLower(tag)] })
	return !mdsource.IsMarkdownName(p.Path) || p.Front.Form != frontmatter.NoFrontMatter && !told
}

// fileDates are what Eleventy takes for a date that it finds itself.
var fileDates = map[string]bool{"created": true, "last": true, "git": true, "modified": true}

func (e *Engine) Complete(p *dialect.Page) {
	e.applyDateParsers(p)
	first, _, _ := strings.Cut(strings.ToLower(p.Front.Scalar("date")), " ")
	switch {
	case fileDates[first]:
		p.DropProblem("date")
		p.Post.Date = p.ModTime.In(e.Loc)
	case p.Post.Date.IsZero() && p.Name.Date != "":
		p.Post.Date, _ = frontmatter.ParseDate(p.Name.Date, e.Loc)
	case p.Post.Date.IsZero() && !p.Front.Has("date") && hasOtherDate(p):
		p.Post.Date = p.Date(dialect.OtherDates...)
	case p.Post.Date.IsZero() && !p.Front.Has("date") && p.Front.Form != frontmatter.NoFrontMatter:
		p.Post.Date = p.ModTime.In(e.Loc)
	}
	tags := slices.DeleteFunc(p.Front.List("tags", frontmatter.Whole), func(tag string) bool {
		tag = strings.ToLower(tag)
		return pageTags[tag] || tag == "post" || tag == "posts"
	})
	p.SetNearTags(tags)
	if p.Post.Title == "" {
		p.Post.Title = e.title(p)
	}
	p.Post.Summary = p.Front.Scalar("excerpt", "summary", "description")
	p.TitleSlug = slug.Eleventy(p.Post.Title)
	if p.Slug == "" {
		p.Slug = p.Name.Stem
	}
}

// title is what a page is called that has no title: its heading, else its place in
// the navigation.
func (e *Engine) title(p *dialect.Page) string {
	if title := dialect.HeadingTitle(p.Body); title != "" {
		return title
	}
	navigation := p.Front.Table("eleventynavigation")
	for _, key := range []string{"title", "key"} {
		if text, ok := navigation[key].(string); ok && text != "" {
			return xmltext.Line(text)
		}
	}
	return ""
}

// isDatedPage reports that the front matter has a date under one of its other names.
func isDatedPage(p *dialect.Page) bool {
	return !p.DateOf("publishdate", "pubdate", "published").IsZero() || hasOtherDate(p)
}

// hasOtherDate reports that another program's key holds a date that can be read.
func hasOtherDate(p *dialect.Page) bool {
	return !p.DateOf(dialect.OtherDates...).IsZero()
}

// pageTags say what kind of page it is, not what it is about.
var pageTags = map[string]bool{"all": true, "nav": true, "page": true, "pages": true}

func (e *Engine) Address(p *dialect.Page) string {
	own := p.Front.Scalar("permalink")
	if build, ok := p.Front.Table("permalink")["build"].(string); ok {
		own = build
	}
	if own != "" {
		where, ok := own, true
		if strings.Contains(own, "{") {
			where, ok = e.fill(p, own)
		}
		if !ok {
			p.Reject(p.Front.LineOf("permalink"), "the permalink "+post.Clip(own)+" holds what cannot be evaluated here; write the post's address out, or set content.permalink in config.yaml")
		}
		return e.finalURL(p, outputURL(where))
	}
	if e.Permalink != "" {
		return p.Expand(e.Permalink)
	}
	return e.finalURL(p, defaultPath(p.Name))
}

// finalURL is the address after the config's transforms.
func (e *Engine) finalURL(p *dialect.Page, url string) string {
	url, ok := e.transformURL(p, url)
	if !ok {
		p.Reject(1, "the config's addUrlTransform makes of the address "+post.Clip(url)+" what is not known here; set content.permalink in config.yaml")
	}
	return url
}

// fill evaluates a template of the front matter; ok is false where a part of it
// is not known here.
func (e *Engine) fill(p *dialect.Page, template string) (string, bool) {
	m := &dialect.Expansion{Article: p, Base: template, Quiet: true}
	o := m.LiquidOptions()
	o.Nunjucks, o.Strict = true, true
	out, ok := liquid.Expand(templateHost{m, e}, o, template, e.variables(p))
	return strings.TrimSpace(out), ok
}

func (e *Engine) Slugify(text string) string { return slug.Eleventy(text) }

func (e *Engine) Expand(m *dialect.Expansion, text string) string {
	override, set := m.Article.Front.Values["templateengineoverride"].(string)
	if e.noTemplates && mdsource.IsMarkdownName(m.Article.Path) || set && !strings.Contains(override, "liquid") && !strings.Contains(override, "njk") {
		return e.markdown.withoutAttributes(text)
	}
	o := m.LiquidOptions()
	o.Nunjucks = true
	if liquid.HasMarks(text, o) {
		text, _ = liquid.Expand(templateHost{m, e}, o, text, e.variables(m.Article))
	}
	return e.markdown.withoutAttributes(text)
}

// variables are the blog's and the front matter's, and what Eleventy says of the
// page.
func (e *Engine) variables(p *dialect.Page) map[string]any {
	vars := map[string]any{}
	maps.Copy(vars, p.Global)
	maps.Copy(vars, p.Front.Values)
	page := p.PageVariables()
	folder := path.Join("/", p.Name.Dir)
	page["filepathstem"] = path.Join(folder, withoutDate(p.Name.Full))
	vars["page"] = page
	return vars
}

func (e *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{MarkdownIt: true, Containers: e.containers,
		NoIndented: !e.markdown.indented, HardWraps: e.markdown.breaks, NoLinkify: !e.markdown.linkify, Typographer: e.markdown.typographer,
		NoMath: !e.markdown.math, Emoji: e.markdown.emoji, Marks: e.markdown.marks, Markup: e.markdown.markup, PlainAlerts: !e.markdown.alerts}
}

func (e *Engine) Extensions() []string { return []string{".html", ".njk", ".liquid"} }
