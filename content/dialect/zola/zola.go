// Package zola reads blogs as Zola does.
package zola

import (
	"path"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/glob"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/content/sanitize"
)

// Engine reads posts as Zola does.
type Engine struct {
	dialect.BaseEngine
	language         string // the default one
	slugging         string // on, safe or off
	slugs            slugger
	keepDates        bool
	emoji            bool
	smartPunctuation bool
	bottomFootnotes  bool // footnotes are a list (bottom_footnotes)
	githubAlerts     bool
	definitionLists  bool // of definitions
	settings         *dialect.Settings
	ignored          []glob.Pattern // ignored_content
	doubt            *post.Omission // of a malformed ignored_content
}

// New returns Zola's engine; settings are nil without a config.
func New(s *dialect.Site, settings *dialect.Settings) *Engine {
	z := &Engine{BaseEngine: dialect.BaseEngine{Site: s}, language: settings.Scalar("default_language"), slugging: "on", slugs: newSlugger()}
	if slugify, ok := settings.Value("slugify").(map[string]any); ok {
		if paths, ok := slugify["paths"].(string); ok {
			z.slugging = paths
		}
		z.keepDates = slugify["paths_keep_dates"] == "true"
	}
	z.settings = settings
	z.readIgnored()
	z.checkAddressSettings()
	markdown, _ := settings.Value("markdown").(map[string]any)
	z.bottomFootnotes = markdown["bottom_footnotes"] == "true"
	z.emoji, z.smartPunctuation = markdown["render_emoji"] == "true", markdown["smart_punctuation"] == "true"
	z.githubAlerts, z.definitionLists = markdown["github_alerts"] == "true", markdown["definition_list"] == "true"
	return z
}

// Prepare takes from [extra] what has no key of its own in Zola, and the date from the file's
// name or path.
func (z *Engine) Prepare(p *dialect.Page) {
	p.InheritCommon(p.Front.Table("extra"))
	if m := dialect.LangSuffix.FindStringSubmatch(strings.TrimSuffix(path.Base(p.Path), p.Name.Ext)); m != nil && strings.EqualFold(m[2], p.Name.Lang) {
		p.Name.Lang = m[2] // as it is spelt, which the address keeps
	}
	p.Name.Date = ""
	if m := datedName.FindStringSubmatch(p.Name.Full); m != nil {
		p.Name.Date = m[1]
	} else if m := pathDate.FindStringSubmatch(p.Front.Scalar("path")); m != nil {
		p.Name.Date = m[1] + "-" + m[2] + "-" + m[3]
	}
}

// IsPage reports whether a file is a section, or has no date.
func (z *Engine) IsPage(p *dialect.Page) bool {
	return p.Name.Full == "_index" || !p.Front.Has("date") && p.Name.Date == "" && p.Front.Form != frontmatter.None
}

// PageAddress returns where a section or a page without a date is.
func (z *Engine) PageAddress(p *dialect.Page) (string, bool) {
	if p.Name.Full != "_index" {
		return z.Address(p), true
	}
	return z.inLanguage(p, path.Join(z.Subdir, p.Name.Dir)+"/"), true
}

// Complete implements [dialect.Engine].
func (z *Engine) Complete(p *dialect.Page) {
	if p.Post.Date.IsZero() && p.Name.Date != "" {
		p.Post.Date, _ = frontmatter.ParseDate(p.Name.Date, z.Location)
	}
	taxonomies := p.Front.Table("taxonomies")
	p.Categories = dialect.Names(append(p.Categories, frontmatter.Strings(taxonomies["categories"], frontmatter.NoSplit)...))
	p.SetTags(append(p.Front.Strings("tags", frontmatter.SplitCommas), frontmatter.Strings(taxonomies["tags"], frontmatter.NoSplit)...))
	p.Post.Summary = strings.TrimSpace(p.Front.Scalar("summary"))
	p.TitleSlug = z.Slugify(p.Post.Title)
	if p.Slug == "" {
		p.Slug = p.Name.Full
		if m := datedName.FindStringSubmatch(p.Name.Full); m != nil && m[2] != "" && !z.keepDates {
			p.Slug = m[2]
		}
	}
	p.Slug = z.Slugify(p.Slug)
}

// datedName matches a file name that begins with a date.
var datedName = regexp.MustCompile(`^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?)(?:\s?[_-](.+)$)?`)

// pathDate matches a date that the author's own path begins with.
var pathDate = regexp.MustCompile(`(?:^|/)(\d{4})[/-](\d{2})[/-](\d{2})(?:[/_-]|$)`)

// Address implements [dialect.Engine].
func (z *Engine) Address(p *dialect.Page) string {
	if own := strings.TrimSpace(p.Front.Scalar("path")); own != "" {
		return "/" + strings.TrimPrefix(strings.TrimSuffix(own, "/")+"/", "/")
	}
	if z.Permalink != "" {
		return p.Expand(z.Permalink)
	}
	return z.inLanguage(p, path.Join(z.Subdir, p.Name.Dir, p.Slug)+"/")
}

func (z *Engine) inLanguage(p *dialect.Page, where string) string {
	if p.Name.Lang != "" && p.Name.Lang != z.language {
		where = p.Name.Lang + "/" + where
	}
	return "/" + strings.TrimPrefix(where, "/")
}

// Slugify implements [dialect.Engine].
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

// Expand implements [dialect.Engine].
func (z *Engine) Expand(x *dialect.Expansion, text string) string { return expand(x, text) }

// ExcerptRule implements [dialect.Engine].
func (z *Engine) ExcerptRule() dialect.ExcerptRule { return dialect.ExcerptRule{MarkFirst: true} }

// MarkdownOptions implements [dialect.Engine].
func (z *Engine) MarkdownOptions() markdown.Options {
	return markdown.Options{NoLinkify: true, Headings: markdown.ASCIIIDs, Emoji: z.emoji, Typographer: z.smartPunctuation,
		PlainAlerts: !z.githubAlerts, Markup: markdown.Markup{NoDefinitions: !z.definitionLists, PulldownQuotes: z.smartPunctuation, LabeledFootnotes: !z.bottomFootnotes}}
}

// ResolveLink follows `@/folder/file.md`, which counts from the content folder.
func (z *Engine) ResolveLink(l *dialect.Linker, dest string) (sanitize.Target, bool) {
	file, ok := strings.CutPrefix(dest, "@/")
	if !ok {
		return sanitize.Target{}, false
	}
	file, fragment := dialect.CutFragment(file)
	rest, below := strings.CutPrefix(file, z.Subdir+"/")
	if below {
		file = rest
	}
	return l.ToPost(file, fragment), true
}

// SplitFrontMatter implements [dialect.Engine].
func (z *Engine) SplitFrontMatter(_, text string) (frontmatter.Block, string, int, error) {
	return splitFrontMatter(text)
}
