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

// Engine reads posts as Pelican 4 does.
type Engine struct {
	dialect.BaseEngine
	own           *dialect.Settings // nil if the blog has no pelicanconf.py
	articlePaths  []string
	excluded      []string // ARTICLE_EXCLUDES and PAGE_PATHS
	substitutions map[string][]slug.Substitution
	nameData      *regexp.Regexp // FILENAME_METADATA
	pathData      *regexp.Regexp // PATH_METADATA
	preserveCase  bool
	unicode       bool
	rules         rules
	markdown      *pymarkdown.Options

	moreCategories bool // the plugin of this name divides categories at commas
}

// New returns Pelican's rules for a site; own is nil if the blog has no pelicanconf.py.
func New(s *dialect.Site, own *dialect.Settings) *Engine {
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, own: own}
	e.articlePaths = e.paths("article_paths", "")
	e.excluded = append(e.paths("page_paths", "pages"), e.paths("article_excludes")...)
	e.nameData = pythonRegexp(e.setting("filename_metadata", `(?P<date>\d{4}-\d{2}-\d{2}).*`))
	e.pathData = pythonRegexp(e.setting("path_metadata", ""))
	e.preserveCase = own.Scalar("slugify_preserve_case") == "true"
	e.unicode = own.Scalar("slugify_use_unicode") == "true"
	e.markdown = markdownOptions(own)
	e.moreCategories = slices.ContainsFunc(frontmatter.Strings(own.Value("plugins"), frontmatter.NoSplit), func(name string) bool {
		return name[strings.LastIndexByte(name, '.')+1:] == "more_categories"
	})
	e.substitutions = map[string][]slug.Substitution{"slug": e.readSubstitutions("slug", slug.PelicanSubstitutions())}
	e.rules = newRules(e)
	for _, kind := range []string{"tag", "category", "author"} {
		e.substitutions[kind] = e.readSubstitutions(kind, e.substitutions["slug"])
	}
	return e
}

// setting returns a string of pelicanconf.py, or the default.
func (e *Engine) setting(key, fallback string) string {
	if s, ok := e.own.Value(key).(string); ok {
		return s
	}
	return fallback
}

func (e *Engine) paths(key string, fallback ...string) []string {
	list := fallback
	if v, ok := e.own.Value(key).([]any); ok { // for other types Pelican uses its default
		list = frontmatter.Strings(v, frontmatter.NoSplit)
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.Trim(path.Clean("/"+s), "/")
	}
	return out
}

// pythonRegexp compiles a Python pattern as far as Go supports it; nil if it does not.
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

func (e *Engine) readSubstitutions(kind string, fallback []slug.Substitution) []slug.Substitution {
	list, ok := e.own.Value(kind + "_regex_substitutions").([]any)
	if !ok {
		return fallback
	}
	var out []slug.Substitution
	for _, item := range list {
		pair := frontmatter.Strings(item, frontmatter.NoSplit)
		if len(pair) != 2 {
			return fallback
		}
		// Python's \w and \s match all scripts.
		pattern := strings.NewReplacer(`\Z`, `\z`, `(?u)`, ``, `[^\w`, `[^\p{L}\p{N}\p{M}_`).Replace(pair[0])
		re, err := regexp.Compile(`(?i)` + pattern)
		if err != nil {
			return fallback
		}
		out = append(out, slug.Substitution{Pattern: re, Replacement: pair[1]})
	}
	return out
}

// Prepare takes what the settings say about files by their paths.
func (e *Engine) Prepare(page *dialect.Page) {
	full := path.Join(e.Subdir, page.Path)
	said := e.pathMetadata(page)
	for _, key := range []string{"status", "lang"} {
		if value := said[key]; value != "" {
			page.Inherit(map[string]any{key: value})
		}
	}
	extra, _ := e.own.Value("extra_path_metadata").(map[string]any)
	best, found := "", map[string]any(nil)
	for where, values := range extra {
		where = strings.Trim(where, "/")
		if values, ok := values.(map[string]any); ok && (full == where || strings.HasPrefix(full, where+"/")) && (found == nil || len(where) > len(best)) {
			best, found = where, values
		}
	}
	for _, values := range []any{found, e.own.Value("default_metadata")} {
		if values, ok := values.(map[string]any); ok {
			page.Inherit(literal.FoldKeys(values))
		}
	}
}

// MayBePost reports whether a file is in the article folders and not in the page folders, which are relative to
// Pelican's PATH wherever dir is in it.
func (e *Engine) MayBePost(file string) bool {
	full := path.Join(e.Subdir, file)
	within := func(folder string) bool { return folder == "" || strings.HasPrefix(full, folder+"/") }
	return slices.ContainsFunc(e.articlePaths, within) && !slices.ContainsFunc(e.excluded, func(folder string) bool {
		return folder != "" && within(folder)
	})
}

// IsPage also recognizes pages among the articles: a file with its own address and no date was never an
// article.
func (e *Engine) IsPage(page *dialect.Page) bool {
	dated := page.Front.Scalar("date") != "" || e.pathMetadata(page)["date"] != ""
	return !e.MayBePost(page.Path) || dialect.IsPageLayout(page) || !dated && (page.Front.Has("save_as") || page.Front.Has("url")) && e.setting("default_date", "") == ""
}

// pathMetadata returns what the patterns of the settings find in the file's name and path.
func (e *Engine) pathMetadata(page *dialect.Page) map[string]string {
	full := path.Join(e.Subdir, page.Path)
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
	add(e.nameData, strings.TrimSuffix(path.Base(full), path.Ext(full)))
	add(e.pathData, full)
	if folder := path.Base(path.Dir(full)); out["category"] == "" && folder != "." && e.setting("use_folder_as_category", "true") == "true" {
		out["category"] = folder
	}
	return out
}

// Complete fills in what the front matter leaves open.
func (e *Engine) Complete(page *dialect.Page) {
	fromPath := e.pathMetadata(page)
	e.completeDate(page, fromPath["date"])
	page.Post.Title = htmldom.StripTags(page.Post.Title) // which Pelican treats as HTML
	if page.Post.Title == "" {
		page.Post.Title = xmltext.Line(fromPath["title"])
	}
	category := xmltext.Line(page.Front.Scalar("category"))
	if category == "" {
		category = xmltext.Line(fromPath["category"])
	}
	if category == "" && e.own != nil {
		category = e.setting("default_category", "misc")
	}
	page.Categories = dialect.Names([]string{category})
	if e.moreCategories {
		page.Categories = dialect.Names(strings.Split(category, ","))
	}
	page.SetTags(page.Front.Strings("tags", splitList))
	if len(page.Post.Authors) == 0 {
		page.Post.Authors = dialect.Names([]string{fromPath["author"]})
	}
	page.Post.Summary = strings.TrimSpace(page.Front.Scalar("summary"))
	page.TitleSlug = e.Slugify(page.Post.Title)
	for _, candidate := range []string{fromPath["slug"], e.slugSource(page)} {
		if page.Slug == "" {
			page.Slug = candidate
		}
	}
}

func (e *Engine) completeDate(page *dialect.Page, fromPath string) {
	if !page.Post.Date.IsZero() || page.Front.Scalar("date") != "" {
		return
	}
	if text := strings.ReplaceAll(fromPath, "_", " "); text != "" {
		page.Post.Date, _ = parseDate(text, e.Location)
	}
	if !page.Post.Date.IsZero() {
		return
	}
	switch standard := e.own.Value("default_date").(type) {
	case string:
		if standard == "fs" {
			page.Post.Date = page.ModTime.In(e.Location).Truncate(time.Second)
		} else {
			page.Post.Date, _ = parseDate(standard, e.Location)
		}
	case []any:
		page.Post.Date = dateOfParts(standard, e.Location)
	}
}

// dateOfParts returns the date for the arguments of Python's datetime; the zero time if they are not
// numbers.
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

func (e *Engine) slugSource(page *dialect.Page) string {
	if e.setting("slugify_source", "title") == "basename" {
		return e.Slugify(strings.TrimSuffix(path.Base(page.Path), page.Name.Ext))
	}
	return page.TitleSlug
}

// splitList divides at semicolons, or at commas if there are none.
func splitList(s string) []string {
	if strings.Contains(s, ";") {
		return strings.Split(s, ";")
	}
	return strings.Split(s, ",")
}

// Address returns a post's address on the site.
func (e *Engine) Address(page *dialect.Page) string {
	if page.Front.Has("url") {
		return "/" + strings.TrimPrefix(page.Front.Scalar("url"), "/")
	}
	if e.Permalink != "" && !strings.Contains(e.Permalink, "{") {
		return page.Expand(e.Permalink)
	}
	pattern := e.Permalink
	switch {
	case pattern != "":
	case strings.EqualFold(page.Front.Scalar("status"), "draft"):
		pattern = e.setting("draft_url", "drafts/{slug}.html")
	case page.Front.Scalar("lang") != "" && !strings.EqualFold(page.Front.Scalar("lang"), e.setting("default_lang", "en")):
		pattern = e.setting("article_lang_url", "{slug}-{lang}.html")
	default:
		pattern = e.setting("article_url", "{slug}.html")
	}
	return "/" + e.format(page, pattern)
}

var pythonField = regexp.MustCompile(`\{(\w+)(?::([^{}]*))?\}`)

// format fills in Python's format fields: {slug}, {date:%Y}, {category}, {lang}.
func (e *Engine) format(page *dialect.Page, pattern string) string {
	return pythonField.ReplaceAllStringFunc(pattern, func(field string) string {
		m := pythonField.FindStringSubmatch(field)
		switch m[1] {
		case "slug":
			return page.Slug
		case "lang":
			if own := page.Front.Scalar("lang"); own != "" {
				return own
			}
			return e.setting("default_lang", "en")
		case "category":
			if len(page.Categories) > 0 {
				return e.slugOf("category", page.Categories[0])
			}
		case "author":
			if len(page.Post.Authors) > 0 {
				return e.slugOf("author", page.Post.Authors[0])
			}
		case "date":
			return strftime.Format(m[2], page.Post.Date)
		case "path":
			return path.Join(e.Subdir, page.Path)
		default:
			return page.Front.Scalar(strings.ToLower(m[1]))
		}
		return ""
	})
}

// Slugify returns a text as a part of an address.
func (e *Engine) Slugify(text string) string { return e.slugOf("slug", text) }

func (e *Engine) slugOf(kind, text string) string {
	return slug.Pelican(text, e.substitutions[kind], e.preserveCase, e.unicode)
}

// Expand expands the tags of the plugin liquid_tags in a text.
func (e *Engine) Expand(m *dialect.Expansion, text string) string {
	if !strings.Contains(text, "{%") {
		return text
	}
	return mdsource.OutsideCode(text, func(prose string) string {
		return liquidTag.ReplaceAllStringFunc(prose, func(tag string) string {
			return expandTag(m, tag)
		})
	})
}

// MarkdownOptions returns how the blog's Markdown is rendered.
func (e *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{PythonMarkdown: e.markdown, NoLinkify: true, Headings: markdown.PythonIDs, Typographer: e.setting("typogrify", "") == "true"}
}

// PageAddress returns where a page is on the site, to which posts may link.
func (e *Engine) PageAddress(page *dialect.Page) (string, bool) {
	if page.Front.Has("url") {
		return page.Front.Scalar("url"), true
	}
	return e.format(page, e.setting("page_url", "pages/{slug}.html")), true
}

// Extensions returns the extensions of posts other than Markdown's.
func (e *Engine) Extensions() []string { return []string{".html", ".htm"} }

// IsOtherMarkup reports whether a file is in a markup that is not supported.
func (e *Engine) IsOtherMarkup(file string) bool { return IsReStructuredText(file) }

// SplitFrontMatter divides a file into front matter and body.
func (e *Engine) SplitFrontMatter(name, text string) (frontmatter.Block, string, int, error) {
	return split(name, text)
}

// ParseDate parses a date of the front matter.
func (e *Engine) ParseDate(_ *frontmatter.Block, _, text string) (time.Time, bool) {
	return parseDate(text, e.Location)
}

// RequiresTitle reports that what has no title is not a post.
func (e *Engine) RequiresTitle() bool { return true }
