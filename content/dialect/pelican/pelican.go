// Package pelican reads blogs as Pelican does.
package pelican

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/literal"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/pymarkdown"
	"publisher/content/slug"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// pelican reads posts as Pelican 4 does.
type Engine struct {
	dialect.BaseEngine
	own           *dialect.Settings // nil where no pelicanconf.py was found
	articlePaths  []string
	excluded      []string // ARTICLE_EXCLUDES and PAGE_PATHS
	substitutions map[string][]slug.Substitution
	nameData      *regexp.Regexp // FILENAME_METADATA
	pathData      *regexp.Regexp // PATH_METADATA
	preserveCase  bool
	unicode       bool
	rules         pelicanRules
	markdown      *pymarkdown.Options

	moreCategories bool // the plug-in of that name divides categories at commas
}

func New(s *dialect.Site, own *dialect.Settings) *Engine {
	p := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, own: own}
	p.articlePaths = p.paths("article_paths", "")
	p.excluded = append(p.paths("page_paths", "pages"), p.paths("article_excludes")...)
	p.nameData = pythonRegexp(p.setting("filename_metadata", `(?P<date>\d{4}-\d{2}-\d{2}).*`))
	p.pathData = pythonRegexp(p.setting("path_metadata", ""))
	p.preserveCase = own.Scalar("slugify_preserve_case") == "true"
	p.unicode = own.Scalar("slugify_use_unicode") == "true"
	p.markdown = pythonMarkdown(own)
	p.moreCategories = slices.ContainsFunc(frontmatter.Strings(own.Setting("plugins"), frontmatter.NoSplit), func(name string) bool {
		return name[strings.LastIndexByte(name, '.')+1:] == "more_categories"
	})
	p.substitutions = map[string][]slug.Substitution{"slug": p.readSubstitutions("slug", slug.PelicanSubstitutions())}
	p.rules = newPelicanRules(p)
	for _, kind := range []string{"tag", "category", "author"} {
		p.substitutions[kind] = p.readSubstitutions(kind, p.substitutions["slug"])
	}
	return p
}

// setting is a text of pelicanconf.py, or what holds where it sets none.
func (p *Engine) setting(key, otherwise string) string {
	if s, ok := p.own.Setting(key).(string); ok {
		return s
	}
	return otherwise
}

func (p *Engine) paths(key string, otherwise ...string) []string {
	list := otherwise
	if v, ok := p.own.Setting(key).([]any); ok { // of other types Pelican takes its own default
		list = frontmatter.Strings(v, frontmatter.NoSplit)
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.Trim(path.Clean("/"+s), "/")
	}
	return out
}

// pythonRegexp compiles Python's syntax as far as Go knows it; nil for none.
func pythonRegexp(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	pattern = strings.NewReplacer(`\Z`, `\z`, `(?u)`, ``).Replace(pattern)
	re, err := regexp.Compile(`\A(?:` + pattern + `)`)
	if err != nil {
		return nil
	}
	return re
}

func (p *Engine) readSubstitutions(kind string, otherwise []slug.Substitution) []slug.Substitution {
	list, ok := p.own.Setting(kind + "_regex_substitutions").([]any)
	if !ok {
		return otherwise
	}
	var out []slug.Substitution
	for _, item := range list {
		pair := frontmatter.Strings(item, frontmatter.NoSplit)
		if len(pair) != 2 {
			return otherwise
		}
		// Python's \w and \s know all scripts.
		pattern := strings.NewReplacer(`\Z`, `\z`, `(?u)`, ``, `[^\w`, `[^\p{L}\p{N}\p{M}_`).Replace(pair[0])
		re, err := regexp.Compile(`(?i)` + pattern)
		if err != nil {
			return otherwise
		}
		out = append(out, slug.Substitution{Pattern: re, Replacement: pair[1]})
	}
	return out
}

// prepare takes over what the settings say of files by their paths.
func (p *Engine) Prepare(a *dialect.Page) {
	full := path.Join(p.Below, a.Path)
	said := p.pathMetadata(a)
	for _, key := range []string{"status", "lang"} {
		if value := said[key]; value != "" {
			a.Inherit(map[string]any{key: value})
		}
	}
	extra, _ := p.own.Setting("extra_path_metadata").(map[string]any)
	best, found := "", map[string]any(nil)
	for where, values := range extra {
		where = strings.Trim(where, "/")
		if values, ok := values.(map[string]any); ok && (full == where || strings.HasPrefix(full, where+"/")) && (found == nil || len(where) > len(best)) {
			best, found = where, values
		}
	}
	for _, values := range []any{found, p.own.Setting("default_metadata")} {
		if values, ok := values.(map[string]any); ok {
			a.Inherit(literal.FoldKeys(values))
		}
	}
}

// covers leaves out the page folders, wherever below Pelican's PATH dir is.
func (p *Engine) Covers(file string) bool {
	full := path.Join(p.Below, file)
	within := func(folder string) bool { return folder == "" || strings.HasPrefix(full, folder+"/") }
	return slices.ContainsFunc(p.articlePaths, within) && !slices.ContainsFunc(p.excluded, func(folder string) bool {
		return folder != "" && within(folder)
	})
}

// isPage also knows the pages that lie among the articles: what sets its own
// address and has no date was never an article.
func (p *Engine) IsPage(a *dialect.Page) bool {
	dated := a.Front.Scalar("date") != "" || p.pathMetadata(a)["date"] != ""
	return !p.Covers(a.Path) || dialect.IsPageLayout(a) || !dated && (a.Front.Has("save_as") || a.Front.Has("url")) && p.setting("default_date", "") == ""
}

// pathMetadata is what the file's name and path say by the settings' patterns.
func (p *Engine) pathMetadata(a *dialect.Page) map[string]string {
	full := path.Join(p.Below, a.Path)
	out := map[string]string{}
	add := func(re *regexp.Regexp, text string) {
		if re == nil {
			return
		}
		if m := re.FindStringSubmatch(text); m != nil {
			for i, name := range re.SubexpNames() {
				if name = strings.ToLower(name); name != "" && m[i] != "" && out[name] == "" {
					out[name] = m[i]
				}
			}
		}
	}
	add(p.nameData, strings.TrimSuffix(path.Base(full), path.Ext(full)))
	add(p.pathData, full)
	if folder := path.Base(path.Dir(full)); out["category"] == "" && folder != "." && p.setting("use_folder_as_category", "true") == "true" {
		out["category"] = folder
	}
	return out
}

func (p *Engine) Complete(a *dialect.Page) {
	fromPath := p.pathMetadata(a)
	p.completeDate(a, fromPath["date"])
	a.Post.Title = htmldom.StripTags(a.Post.Title) // which Pelican takes for HTML
	if a.Post.Title == "" {
		a.Post.Title = xmltext.Line(fromPath["title"])
	}
	category := xmltext.Line(a.Front.Scalar("category"))
	if category == "" {
		category = xmltext.Line(fromPath["category"])
	}
	if category == "" && p.own != nil {
		category = p.setting("default_category", "misc")
	}
	a.Categories = dialect.Names([]string{category})
	if p.moreCategories {
		a.Categories = dialect.Names(strings.Split(category, ","))
	}
	a.SetTags(a.Front.Strings("tags", pelicanList))
	if len(a.Post.Authors) == 0 {
		a.Post.Authors = dialect.Names([]string{fromPath["author"]})
	}
	a.Post.Summary = strings.TrimSpace(a.Front.Scalar("summary"))
	a.TitleSlug = p.Slugify(a.Post.Title)
	for _, candidate := range []string{fromPath["slug"], p.slugSource(a)} {
		if a.Slug == "" {
			a.Slug = candidate
		}
	}
}

func (p *Engine) completeDate(a *dialect.Page, fromPath string) {
	if !a.Post.Date.IsZero() || a.Front.Scalar("date") != "" {
		return
	}
	if text := strings.ReplaceAll(fromPath, "_", " "); text != "" {
		a.Post.Date, _ = pelicanDate(text, p.Loc)
	}
	if !a.Post.Date.IsZero() {
		return
	}
	switch standard := p.own.Setting("default_date").(type) {
	case string:
		if standard == "fs" {
			a.Post.Date = a.ModTime.In(p.Loc).Truncate(time.Second)
		} else {
			a.Post.Date, _ = pelicanDate(standard, p.Loc)
		}
	case []any:
		a.Post.Date = dateOfParts(standard, p.Loc)
	}
}

// dateOfParts reads the arguments of Python's datetime.
func dateOfParts(parts []any, loc *time.Location) time.Time {
	numbers := [6]int{0, 1, 1}
	for i, part := range parts[:min(len(parts), len(numbers))] {
		text, _ := part.(string)
		n, err := strconv.Atoi(text)
		if err != nil {
			return time.Time{}
		}
		numbers[i] = n
	}
	return time.Date(numbers[0], time.Month(numbers[1]), numbers[2], numbers[3], numbers[4], numbers[5], 0, loc)
}

func (p *Engine) slugSource(a *dialect.Page) string {
	if p.setting("slugify_source", "title") == "basename" {
		return p.Slugify(strings.TrimSuffix(path.Base(a.Path), a.Name.Ext))
	}
	return a.TitleSlug
}

// pelicanList divides by semicolons where there are any, else by commas.
func pelicanList(s string) []string {
	if strings.Contains(s, ";") {
		return strings.Split(s, ";")
	}
	return strings.Split(s, ",")
}

func (p *Engine) Address(a *dialect.Page) string {
	if a.Front.Has("url") {
		return "/" + strings.TrimPrefix(a.Front.Scalar("url"), "/")
	}
	if p.Permalink != "" && !strings.Contains(p.Permalink, "{") {
		return a.Expand(p.Permalink)
	}
	pattern := p.Permalink
	switch {
	case pattern != "":
	case strings.EqualFold(a.Front.Scalar("status"), "draft"):
		pattern = p.setting("draft_url", "drafts/{slug}.html")
	case a.Front.Scalar("lang") != "" && !strings.EqualFold(a.Front.Scalar("lang"), p.setting("default_lang", "en")):
		pattern = p.setting("article_lang_url", "{slug}-{lang}.html")
	default:
		pattern = p.setting("article_url", "{slug}.html")
	}
	return "/" + p.format(a, pattern)
}

var pythonField = regexp.MustCompile(`\{(\w+)(?::([^{}]*))?\}`)

// format fills Python's format fields: {slug}, {date:%Y}, {category}, {lang}.
func (p *Engine) format(a *dialect.Page, pattern string) string {
	return pythonField.ReplaceAllStringFunc(pattern, func(field string) string {
		m := pythonField.FindStringSubmatch(field)
		switch m[1] {
		case "slug":
			return a.Slug
		case "lang":
			if own := a.Front.Scalar("lang"); own != "" {
				return own
			}
			return p.setting("default_lang", "en")
		case "category":
			if len(a.Categories) > 0 {
				return p.slugOf("category", a.Categories[0])
			}
		case "author":
			if len(a.Post.Authors) > 0 {
				return p.slugOf("author", a.Post.Authors[0])
			}
		case "date":
			return strftime.Format(m[2], a.Post.Date)
		case "path":
			return path.Join(p.Below, a.Path)
		default:
			return a.Front.Scalar(strings.ToLower(m[1]))
		}
		return ""
	})
}

func (p *Engine) Slugify(text string) string { return p.slugOf("slug", text) }

func (p *Engine) slugOf(kind, text string) string {
	return slug.Pelican(text, p.substitutions[kind], p.preserveCase, p.unicode)
}

func (p *Engine) Expand(m *dialect.Expansion, text string) string {
	if !strings.Contains(text, "{%") {
		return text
	}
	return mdsource.OutsideCode(text, func(prose string) string {
		return pelicanTag.ReplaceAllStringFunc(prose, func(tag string) string {
			return expandPelicanTag(m, tag)
		})
	})
}

func (p *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{PythonMarkdown: p.markdown, NoLinkify: true, Headings: markdown.PythonIDs, Typographer: p.setting("typogrify", "") == "true"}
}

// pageAddress is where a page stands, which posts may link to.
func (p *Engine) PageAddress(a *dialect.Page) (string, bool) {
	if a.Front.Has("url") {
		return a.Front.Scalar("url"), true
	}
	return p.format(a, p.setting("page_url", "pages/{slug}.html")), true
}

func (p *Engine) Extensions() []string { return []string{".html", ".htm"} }

func (p *Engine) OtherMarkup(file string) bool { return Restructured(file) }

func (p *Engine) Split(name, text string) (frontmatter.Block, string, int, error) {
	return splitPelican(name, text)
}

func (p *Engine) ReadDate(_ *frontmatter.Block, _, text string) (time.Time, bool) {
	return pelicanDate(text, p.Loc)
}

func (p *Engine) NeedsTitle() bool { return true }
