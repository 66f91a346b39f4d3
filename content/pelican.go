package content

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"publisher/content/pymarkdown"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// pelican reads posts as Pelican 4 does.
type pelican struct {
	folderEngine
	own           *ownConfig // nil where no pelicanconf.py was found
	articlePaths  []string
	excluded      []string // ARTICLE_EXCLUDES and PAGE_PATHS
	substitutions map[string][]substitution
	nameData      *regexp.Regexp // FILENAME_METADATA
	pathData      *regexp.Regexp // PATH_METADATA
	preserveCase  bool
	unicode       bool
	rules         pelicanRules
	markdown      *pymarkdown.Options

	moreCategories bool // the plug-in of that name divides categories at commas
}

func newPelican(s *site, own *ownConfig) *pelican {
	p := &pelican{folderEngine: folderEngine{site: s}, own: own}
	p.articlePaths = p.paths("article_paths", "")
	p.excluded = append(p.paths("page_paths", "pages"), p.paths("article_excludes")...)
	p.nameData = pythonRegexp(p.setting("filename_metadata", `(?P<date>\d{4}-\d{2}-\d{2}).*`))
	p.pathData = pythonRegexp(p.setting("path_metadata", ""))
	p.preserveCase = own.scalar("slugify_preserve_case") == "true"
	p.unicode = own.scalar("slugify_use_unicode") == "true"
	p.markdown = pythonMarkdown(own)
	p.moreCategories = slices.ContainsFunc(listOf(own.setting("plugins"), whole), func(name string) bool {
		return name[strings.LastIndexByte(name, '.')+1:] == "more_categories"
	})
	p.substitutions = map[string][]substitution{"slug": p.readSubstitutions("slug", pelicanSubstitutions())}
	p.rules = newPelicanRules(p)
	for _, kind := range []string{"tag", "category", "author"} {
		p.substitutions[kind] = p.readSubstitutions(kind, p.substitutions["slug"])
	}
	return p
}

// setting is a text of pelicanconf.py, or what holds where it sets none.
func (p *pelican) setting(key, otherwise string) string {
	if s, ok := p.own.setting(key).(string); ok {
		return s
	}
	return otherwise
}

func (p *pelican) paths(key string, otherwise ...string) []string {
	list := otherwise
	if v, ok := p.own.setting(key).([]any); ok { // of other types Pelican takes its own default
		list = listOf(v, whole)
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

func (p *pelican) readSubstitutions(kind string, otherwise []substitution) []substitution {
	list, ok := p.own.setting(kind + "_regex_substitutions").([]any)
	if !ok {
		return otherwise
	}
	var out []substitution
	for _, item := range list {
		pair := listOf(item, whole)
		if len(pair) != 2 {
			return otherwise
		}
		// Python's \w and \s know all scripts.
		pattern := strings.NewReplacer(`\Z`, `\z`, `(?u)`, ``, `[^\w`, `[^\p{L}\p{N}\p{M}_`).Replace(pair[0])
		re, err := regexp.Compile(`(?i)` + pattern)
		if err != nil {
			return otherwise
		}
		out = append(out, substitution{pattern: re, replacement: pair[1]})
	}
	return out
}

// prepare takes over what the settings say of files by their paths.
func (p *pelican) prepare(a *article) {
	full := path.Join(p.below, a.path)
	said := p.pathMetadata(a)
	for _, key := range []string{"status", "lang"} {
		if value := said[key]; value != "" {
			a.inherit(map[string]any{key: value})
		}
	}
	extra, _ := p.own.setting("extra_path_metadata").(map[string]any)
	best, found := "", map[string]any(nil)
	for where, values := range extra {
		where = strings.Trim(where, "/")
		if values, ok := values.(map[string]any); ok && (full == where || strings.HasPrefix(full, where+"/")) && (found == nil || len(where) > len(best)) {
			best, found = where, values
		}
	}
	for _, values := range []any{found, p.own.setting("default_metadata")} {
		if values, ok := values.(map[string]any); ok {
			a.inherit(foldKeys(values, 0))
		}
	}
}

// covers leaves out the page folders, wherever below Pelican's PATH dir is.
func (p *pelican) covers(file string) bool {
	full := path.Join(p.below, file)
	within := func(folder string) bool { return folder == "" || strings.HasPrefix(full, folder+"/") }
	return slices.ContainsFunc(p.articlePaths, within) && !slices.ContainsFunc(p.excluded, func(folder string) bool {
		return folder != "" && within(folder)
	})
}

// isPage also knows the pages that lie among the articles: what sets its own
// address and has no date was never an article.
func (p *pelican) isPage(a *article) bool {
	dated := a.front.scalar("date") != "" || p.pathMetadata(a)["date"] != ""
	return !p.covers(a.path) || isPageLayout(a) || !dated && (a.front.has("save_as") || a.front.has("url")) && p.setting("default_date", "") == ""
}

// pathMetadata is what the file's name and path say by the settings' patterns.
func (p *pelican) pathMetadata(a *article) map[string]string {
	full := path.Join(p.below, a.path)
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

func (p *pelican) complete(a *article) {
	fromPath := p.pathMetadata(a)
	p.completeDate(a, fromPath["date"])
	a.post.Title = htmldom.StripTags(a.post.Title) // which Pelican takes for HTML
	if a.post.Title == "" {
		a.post.Title = xmltext.Line(fromPath["title"])
	}
	category := xmltext.Line(a.front.scalar("category"))
	if category == "" {
		category = xmltext.Line(fromPath["category"])
	}
	if category == "" && p.own != nil {
		category = p.setting("default_category", "misc")
	}
	a.categories = names([]string{category})
	if p.moreCategories {
		a.categories = names(strings.Split(category, ","))
	}
	a.setTags(a.front.list("tags", pelicanList))
	if len(a.post.Authors) == 0 {
		a.post.Authors = names([]string{fromPath["author"]})
	}
	a.post.Summary = strings.TrimSpace(a.front.scalar("summary"))
	a.titleSlug = p.slugify(a.post.Title)
	for _, candidate := range []string{fromPath["slug"], p.slugSource(a)} {
		if a.slug == "" {
			a.slug = candidate
		}
	}
}

func (p *pelican) completeDate(a *article, fromPath string) {
	if !a.post.Date.IsZero() || a.front.scalar("date") != "" {
		return
	}
	if text := strings.ReplaceAll(fromPath, "_", " "); text != "" {
		a.post.Date, _ = pelicanDate(text, p.loc)
	}
	if !a.post.Date.IsZero() {
		return
	}
	switch standard := p.own.setting("default_date").(type) {
	case string:
		if standard == "fs" {
			a.post.Date = a.modTime.In(p.loc).Truncate(time.Second)
		} else {
			a.post.Date, _ = pelicanDate(standard, p.loc)
		}
	case []any:
		a.post.Date = dateOfParts(standard, p.loc)
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

func (p *pelican) slugSource(a *article) string {
	if p.setting("slugify_source", "title") == "basename" {
		return p.slugify(strings.TrimSuffix(path.Base(a.path), a.name.ext))
	}
	return a.titleSlug
}

// pelicanList divides by semicolons where there are any, else by commas.
func pelicanList(s string) []string {
	if strings.Contains(s, ";") {
		return strings.Split(s, ";")
	}
	return strings.Split(s, ",")
}

func (p *pelican) address(a *article) string {
	if a.front.has("url") {
		return "/" + strings.TrimPrefix(a.front.scalar("url"), "/")
	}
	if p.permalink != "" && !strings.Contains(p.permalink, "{") {
		return a.expand(p.permalink)
	}
	pattern := p.permalink
	switch {
	case pattern != "":
	case strings.EqualFold(a.front.scalar("status"), "draft"):
		pattern = p.setting("draft_url", "drafts/{slug}.html")
	case a.front.scalar("lang") != "" && !strings.EqualFold(a.front.scalar("lang"), p.setting("default_lang", "en")):
		pattern = p.setting("article_lang_url", "{slug}-{lang}.html")
	default:
		pattern = p.setting("article_url", "{slug}.html")
	}
	return "/" + p.format(a, pattern)
}

var pythonField = regexp.MustCompile(`\{(\w+)(?::([^{}]*))?\}`)

// format fills Python's format fields: {slug}, {date:%Y}, {category}, {lang}.
func (p *pelican) format(a *article, pattern string) string {
	return pythonField.ReplaceAllStringFunc(pattern, func(field string) string {
		m := pythonField.FindStringSubmatch(field)
		switch m[1] {
		case "slug":
			return a.slug
		case "lang":
			if own := a.front.scalar("lang"); own != "" {
				return own
			}
			return p.setting("default_lang", "en")
		case "category":
			if len(a.categories) > 0 {
				return p.slugOf("category", a.categories[0])
			}
		case "author":
			if len(a.post.Authors) > 0 {
				return p.slugOf("author", a.post.Authors[0])
			}
		case "date":
			return strftime.Format(m[2], a.post.Date)
		case "path":
			return path.Join(p.below, a.path)
		default:
			return a.front.scalar(strings.ToLower(m[1]))
		}
		return ""
	})
}

func (p *pelican) slugify(text string) string { return p.slugOf("slug", text) }

func (p *pelican) slugOf(kind, text string) string {
	return pelicanSlug(text, p.substitutions[kind], p.preserveCase, p.unicode)
}

func (p *pelican) expand(m *macros, text string) string {
	if !strings.Contains(text, "{%") {
		return text
	}
	return outsideCode(text, func(prose string) string {
		return pelicanTag.ReplaceAllStringFunc(prose, func(tag string) string {
			return expandPelicanTag(m, tag)
		})
	})
}

func (p *pelican) writing() markdownOptions {
	return markdownOptions{pythonMarkdown: p.markdown, bareLinks: true, headings: pythonIDs, smart: p.setting("typogrify", "") == "true"}
}

// pageAddress is where a page stands, which posts may link to.
func (p *pelican) pageAddress(a *article) (string, bool) {
	if a.front.has("url") {
		return a.front.scalar("url"), true
	}
	return p.format(a, p.setting("page_url", "pages/{slug}.html")), true
}

func (p *pelican) extensions() []string { return []string{".html", ".htm"} }

func (p *pelican) otherMarkup(file string) bool { return restructured(file) }

func (p *pelican) split(name, text string) (frontMatter, string, int, error) {
	return splitPelican(name, text)
}

func (p *pelican) readDate(_ *frontMatter, _, text string) (time.Time, bool) {
	return pelicanDate(text, p.loc)
}

func (p *pelican) needsTitle() bool { return true }
