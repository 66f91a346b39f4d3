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

// Engine reads posts as Eleventy does: the address follows the path.
type Engine struct {
	dialect.BaseEngine
	settings     *dialect.Settings // nil where Eleventy has no config
	noTemplates  bool              // Markdown is not evaluated as a template
	containers   bool              // ::: opens a container
	markdown     markdownItSettings
	rules        configRules
	dataSuffixes []string // of data files, in order
	dataBaseName string   // name of a directory's data file; "" for the directory's own name
	input        string   // the folder that Eleventy reads, from the config's folder
	includes     string   // the folder of includes, from the config's folder
	functions    configFunctions
}

var (
	noTemplateEngine = regexp.MustCompile(`\bmarkdownTemplateEngine["']?\s*:\s*false\b`)
	containerPlugins = regexp.MustCompile(`markdown-it-(?:container|directive)`)
)

// New returns the engine for a site; settings may be nil.
func New(s *dialect.Site, settings *dialect.Settings) *Engine {
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, settings: settings}
	if settings != nil {
		e.functions = readConfigFunctions(settings)
		e.input, e.includes = InputFolder(settings), includesFolder(settings)
	}
	e.rules = readConfigRules(e)
	e.readDataNames()
	if settings != nil {
		e.noTemplates, e.containers = noTemplateEngine.Match(settings.Text), containerPlugins.Match(settings.Text)
		e.markdown = readMarkdownIt(settings.Text)
	}
	return e
}

// MayBePost reports whether a file is outside the folders that hold no pages.
func (e *Engine) MayBePost(file string) bool {
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		if notPages[folder] {
			return false
		}
	}
	return true
}

// notPages are folders of templates and data, and of the output.
var notPages = map[string]bool{"_includes": true, "_data": true, "_layouts": true, "_site": true}

// Prepare merges the data cascade into the page's front matter.
func (e *Engine) Prepare(p *dialect.Page) {
	c, _ := p.FolderData.(*dataCascade)
	p.Name = fileName(path.Join(e.Subdir, p.Path))
	if c != nil {
		p.Global = c.global
	}
	stem := path.Join(p.Name.Dir, p.Name.Full)
	tags := p.Front.Strings("tags", frontmatter.SplitCommas)
	settings := e.frontMatterSettings(p)
	for _, l := range c.layersOf(stem) {
		settings = append(settings, l.settings...)
		p.FolderOmission = dialect.PickOmission(p.FolderOmission, l.doubt)
		tags = append(tags, frontmatter.Strings(l.values["tags"], frontmatter.SplitCommas)...) // tags accumulate
		p.InheritDeep(l.values)
	}
	global := e.globalValues(c)
	if layout, ok := global["layout"]; ok {
		p.Inherit(map[string]any{"layout": layout})
	}
	if c != nil {
		layout, _ := p.Front.Values["layout"].(string)
		for _, l := range c.layoutsOf(layout) {
			settings = append(settings, l.settings...)
			p.FolderOmission = dialect.PickOmission(p.FolderOmission, l.doubt)
			tags = append(tags, frontmatter.Strings(l.values["tags"], frontmatter.SplitCommas)...)
			p.InheritDeep(l.values)
		}
	}
	tags = append(tags, frontmatter.Strings(global["tags"], frontmatter.SplitCommas)...)
	delete(global, "tags")
	p.Inherit(global)
	if len(tags) > 0 {
		p.Front.Values["tags"] = dialect.AnyList(tags)
	}
	if lang := e.folderLanguage(p); lang != "" {
		p.Inherit(map[string]any{"lang": lang})
	}
	e.fillComputed(p)
	e.applyDateParsers(p)
	if c != nil {
		settings = append(settings, c.computed...)
	}
	e.applySettings(p, append(settings, e.rules.settings...))
}

// frontMatterSettings returns the settings that front matter in JavaScript computes.
func (e *Engine) frontMatterSettings(p *dialect.Page) []scriptSetting {
	if p.Front.Form != frontmatter.JavaScript {
		return nil
	}
	settings := e.scriptSettings("", p.Front.Text, script.FrontMatter(p.Front.Text), true, true)
	for i := range settings {
		settings[i].Path = p.Path
		settings[i].Line += p.Front.Line - 1
	}
	return settings
}

// fillComputed evaluates eleventyComputed. A permalink is left as a template: Address fills it in when
// its parts are known.
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

// IsPage reports whether the page is neither dated nor tagged. Only a date makes a post of a template
// that is not Markdown.
func (e *Engine) IsPage(p *dialect.Page) bool {
	if dialect.IsPageLayout(p) || p.Front.Has("pagination") {
		return true
	}
	if p.Front.Has("date") || p.Name.Date != "" || isDatedPage(p) {
		return false
	}
	tagged := slices.ContainsFunc(p.Front.Strings("tags", frontmatter.NoSplit), func(tag string) bool { return !pageTags[strings.ToLower(tag)] })
	return !mdsource.IsMarkdownName(p.Path) || p.Front.Form != frontmatter.None && !tagged
}

// fileDates are the values of date that stand for the file's own date.
var fileDates = map[string]bool{"created": true, "last": true, "git": true, "modified": true}

// Complete fills in the date, tags, title, summary and slug.
func (e *Engine) Complete(p *dialect.Page) {
	e.applyDateParsers(p)
	first, _, _ := strings.Cut(strings.ToLower(p.Front.Scalar("date")), " ")
	switch {
	case fileDates[first]:
		p.DropProblem("date")
		p.Post.Date = p.ModTime.In(e.Location)
	case p.Post.Date.IsZero() && p.Name.Date != "":
		p.Post.Date, _ = frontmatter.ParseDate(p.Name.Date, e.Location)
	case p.Post.Date.IsZero() && !p.Front.Has("date") && hasOtherDate(p):
		p.Post.Date = p.Date(dialect.OtherDates...)
	case p.Post.Date.IsZero() && !p.Front.Has("date") && p.Front.Form != frontmatter.None:
		p.Post.Date = p.ModTime.In(e.Location)
	}
	tags := slices.DeleteFunc(p.Front.Strings("tags", frontmatter.NoSplit), func(tag string) bool {
		tag = strings.ToLower(tag)
		return pageTags[tag] || tag == "post" || tag == "posts"
	})
	p.SetSimilarTags(tags)
	if p.Post.Title == "" {
		p.Post.Title = e.title(p)
	}
	p.Post.Summary = p.Front.Scalar("excerpt", "summary", "description")
	p.TitleSlug = slug.Eleventy(p.Post.Title)
	if p.Slug == "" {
		p.Slug = p.Name.Stem
	}
}

// title returns a title for a page without one: its first heading, else its title in the navigation.
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

// isDatedPage reports whether the front matter has a date under another name.
func isDatedPage(p *dialect.Page) bool {
	return !p.FirstDate("publishdate", "pubdate", "published").IsZero() || hasOtherDate(p)
}

// hasOtherDate reports whether the front matter has a valid date under another engine's name.
func hasOtherDate(p *dialect.Page) bool {
	return !p.FirstDate(dialect.OtherDates...).IsZero()
}

// pageTags are tags of a page's kind, not of its subject.
var pageTags = map[string]bool{"all": true, "nav": true, "page": true, "pages": true}

// Address returns the page's path, from its permalink or from the path of its file.
func (e *Engine) Address(p *dialect.Page) string {
	permalink := p.Front.Scalar("permalink")
	if build, ok := p.Front.Table("permalink")["build"].(string); ok {
		permalink = build
	}
	if permalink != "" {
		file, ok := permalink, true
		if strings.Contains(permalink, "{") {
			file, ok = e.fill(p, permalink)
		}
		if !ok {
			p.Reject(p.Front.LineOf("permalink"), "cannot evaluate the permalink "+post.Clip(permalink)+"; write out the post's address, or set content.permalink in config.yaml")
		}
		return e.finalURL(p, outputURL(file))
	}
	if e.Permalink != "" {
		return p.Expand(e.Permalink)
	}
	return e.finalURL(p, defaultPath(p.Name))
}

// finalURL returns the address after the config's transforms.
func (e *Engine) finalURL(p *dialect.Page, url string) string {
	url, ok := e.transformURL(p, url)
	if !ok {
		p.Reject(1, "cannot evaluate the config's addUrlTransform for the address "+post.Clip(url)+"; set content.permalink in config.yaml")
	}
	return url
}

// fill evaluates a template in the front matter; ok is false where a part of it is unknown.
func (e *Engine) fill(p *dialect.Page, template string) (string, bool) {
	m := &dialect.Expansion{Page: p, Text: template, Quiet: true}
	o := m.LiquidOptions()
	o.Nunjucks, o.Strict = true, true
	out, ok := liquid.Expand(templateHost{m, e}, o, template, e.variables(p))
	return strings.TrimSpace(out), ok
}

// Slugify returns the text as Eleventy's slugify filter does.
func (e *Engine) Slugify(text string) string { return slug.Eleventy(text) }

// Expand evaluates Liquid or Nunjucks in a body, and removes attribute lists.
func (e *Engine) Expand(m *dialect.Expansion, text string) string {
	override, set := m.Page.Front.Values["templateengineoverride"].(string)
	if e.noTemplates && mdsource.IsMarkdownName(m.Page.Path) || set && !strings.Contains(override, "liquid") && !strings.Contains(override, "njk") {
		return e.markdown.withoutAttributes(text)
	}
	o := m.LiquidOptions()
	o.Nunjucks = true
	if liquid.HasTags(text, o) {
		text, _ = liquid.Expand(templateHost{m, e}, o, text, e.variables(m.Page))
	}
	return e.markdown.withoutAttributes(text)
}

// variables returns what templates see: global data, front matter, and page.
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

// MarkdownOptions returns the options of markdown-it that the config sets.
func (e *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{MarkdownIt: true, Containers: e.containers,
		NoIndented: !e.markdown.indented, HardWraps: e.markdown.breaks, NoLinkify: !e.markdown.linkify, Typographer: e.markdown.typographer,
		NoMath: !e.markdown.math, Emoji: e.markdown.emoji, Marks: e.markdown.marks, Markup: e.markdown.markup, PlainAlerts: !e.markdown.alerts}
}

// Extensions returns those of templates that are not Markdown.
func (e *Engine) Extensions() []string { return []string{".html", ".njk", ".liquid"} }
