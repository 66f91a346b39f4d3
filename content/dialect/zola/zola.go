// Package zola reads blogs as Zola does.
package zola

import (
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/content/sanitize"
	"regexp"
	"strings"
)

// zola reads posts as Zola does.
type Engine struct {
	dialect.BaseEngine
	language  string // the default one
	slugging  string // on, safe or off
	slugs     zolaSlugs
	keepDates bool
	emoji     bool
	smart     bool
	listed    bool // footnotes are a list (bottom_footnotes)
	alerts    bool
	lists     bool // of definitions
	own       *dialect.Settings
	ignored   []dialect.Glob // ignored_content
	doubt     *post.Omission // of a malformed ignored_content
}

func New(s *dialect.Site, own *dialect.Settings) *Engine {
	z := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, language: own.Scalar("default_language"), slugging: "on", slugs: newZolaSlugs()}
	if slugify, ok := own.Setting("slugify").(map[string]any); ok {
		if paths, ok := slugify["paths"].(string); ok {
			z.slugging = paths
		}
		z.keepDates = slugify["paths_keep_dates"] == "true"
	}
	z.own = own
	z.readIgnored()
	z.readChoices()
	markdown, _ := own.Setting("markdown").(map[string]any)
	z.listed = markdown["bottom_footnotes"] == "true"
	z.emoji, z.smart = markdown["render_emoji"] == "true", markdown["smart_punctuation"] == "true"
	z.alerts, z.lists = markdown["github_alerts"] == "true", markdown["definition_list"] == "true"
	return z
}

// prepare takes from [extra] what has no key of its own in Zola.
func (z *Engine) Prepare(a *dialect.Page) {
	if f := zolaFoldersOf(a); f != nil {
		a.Global = f.global
	}
	a.InheritSome(a.Front.Table("extra"))
	if m := dialect.LangSuffix.FindStringSubmatch(strings.TrimSuffix(path.Base(a.Path), a.Name.Ext)); m != nil && strings.EqualFold(m[2], a.Name.Lang) {
		a.Name.Lang = m[2] // as it is spelt, which the address keeps
	}
	a.Name.Date = ""
	if m := zolaDate.FindStringSubmatch(a.Name.Full); m != nil {
		a.Name.Date = m[1]
	} else if m := pathDate.FindStringSubmatch(a.Front.Scalar("path")); m != nil {
		a.Name.Date = m[1] + "-" + m[2] + "-" + m[3]
	}
}

func (z *Engine) Covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

func (z *Engine) IsPage(a *dialect.Page) bool {
	return a.Name.Full == "_index" || !a.Front.Has("date") && a.Name.Date == "" && a.Front.Form != frontmatter.None
}

// pageAddress is where a section or a page without a date stands.
func (z *Engine) PageAddress(a *dialect.Page) (string, bool) {
	if a.Name.Full != "_index" {
		return z.Address(a), true
	}
	return z.inLanguage(a, path.Join(z.Below, a.Name.Dir)+"/"), true
}

func (z *Engine) Complete(a *dialect.Page) {
	if a.Post.Date.IsZero() && a.Name.Date != "" {
		a.Post.Date, _ = frontmatter.ParseDate(a.Name.Date, z.Loc)
	}
	taxonomies := a.Front.Table("taxonomies")
	a.Categories = dialect.Names(append(a.Categories, frontmatter.Strings(taxonomies["categories"], frontmatter.NoSplit)...))
	a.SetTags(append(a.Front.Strings("tags", frontmatter.SplitCommas), frontmatter.Strings(taxonomies["tags"], frontmatter.NoSplit)...))
	a.Post.Summary = strings.TrimSpace(a.Front.Scalar("summary"))
	a.TitleSlug = z.Slugify(a.Post.Title)
	if a.Slug == "" {
		a.Slug = a.Name.Full
		if m := zolaDate.FindStringSubmatch(a.Name.Full); m != nil && m[2] != "" && !z.keepDates {
			a.Slug = m[2]
		}
	}
	a.Slug = z.Slugify(a.Slug)
}

// zolaDate is the date that a file's name begins with, and what is left without.
var zolaDate = regexp.MustCompile(`^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?)(?:\s?[_-](.+)$)?`)

// pathDate is a date that the author's own path begins with.
var pathDate = regexp.MustCompile(`(?:^|/)(\d{4})[/-](\d{2})[/-](\d{2})(?:[/_-]|$)`)

func (z *Engine) Address(a *dialect.Page) string {
	if own := strings.TrimSpace(a.Front.Scalar("path")); own != "" {
		return "/" + strings.TrimPrefix(strings.TrimSuffix(own, "/")+"/", "/")
	}
	if z.Permalink != "" {
		return a.Expand(z.Permalink)
	}
	return z.inLanguage(a, path.Join(z.Below, a.Name.Dir, a.Slug)+"/")
}

func (z *Engine) inLanguage(a *dialect.Page, where string) string {
	if a.Name.Lang != "" && a.Name.Lang != z.language {
		where = a.Name.Lang + "/" + where
	}
	return "/" + strings.TrimPrefix(where, "/")
}

func (z *Engine) Slugify(text string) string {
	switch z.slugging {
	case "safe":
		text = strings.TrimRight(text, " .")
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(`<>:"/\|?*`+"\r\n", r) {
				return -1
			}
			return r
		}, text)
	case "off":
		return text
	}
	return z.slugs.of(text)
}

func (z *Engine) Expand(m *dialect.Expansion, text string) string { return expandZola(m, text) }

func (z *Engine) ExcerptRule() dialect.ExcerptRule { return dialect.ExcerptRule{MarkFirst: true} }

func (z *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{NoLinkify: true, Headings: markdown.ASCIIIDs, Emoji: z.emoji, Typographer: z.smart,
		PlainAlerts: !z.alerts, Markup: markdown.Markup{NoDefinitions: !z.lists, PulldownQuotes: z.smart, LabeledFootnotes: !z.listed}}
}

// resolve follows `@/folder/file.md`, which counts from the content folder.
func (z *Engine) Resolve(l *dialect.Linker, dest string) (sanitize.Target, bool) {
	file, ok := strings.CutPrefix(dest, "@/")
	if !ok {
		return sanitize.Target{}, false
	}
	file, fragment := dialect.CutFragment(file)
	rest, below := strings.CutPrefix(file, z.Below+"/")
	if below {
		file = rest
	}
	return l.ToPost(file, fragment), true
}

func (z *Engine) Split(_, text string) (frontmatter.Block, string, int, error) {
	return splitZola(text)
}
