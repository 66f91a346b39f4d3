// Package plain reads a folder of Markdown files that no blog engine claims.
package plain

import (
	"path"
	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/markdown"
	"publisher/content/slug"
	"strings"
)

// markdown reads a folder of Markdown files that no engine claims.
type Engine struct{ dialect.BaseEngine }

func New(s *dialect.Site) *Engine { return &Engine{dialect.BaseEngine{Site: s}} }

func (m *Engine) Covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

// prepare finds the language whose folder a file is in.
func (m *Engine) Prepare(a *dialect.Page) {
	first, _, _ := strings.Cut(a.Name.Dir, "/")
	if a.Name.Lang == "" && m.Languages[first] {
		a.Name.Lang, a.Name.Root = first, first
	}
}

func (m *Engine) IsPage(a *dialect.Page) bool { return dialect.IsPageLayout(a) }

func (m *Engine) Complete(a *dialect.Page) {
	if a.Post.Date.IsZero() {
		a.Post.Date = a.Date(dialect.OtherDates...)
	}
	if a.Post.Date.IsZero() && a.Name.Date != "" && !a.Invalid() {
		a.Post.Date, _ = frontmatter.ParseDate(a.Name.Date, m.Loc)
	}
	if a.Post.Title == "" {
		a.Post.Title = dialect.HeadingTitle(a.Body)
	}
	taxonomies := a.Front.Table("taxonomies")
	a.Categories = append(a.Categories, dialect.Names(frontmatter.Strings(taxonomies["categories"], frontmatter.NoSplit))...)
	a.SetNearTags(append(a.Front.Strings("tags", frontmatter.SplitCommas), frontmatter.Strings(taxonomies["tags"], frontmatter.NoSplit)...))
	a.Post.Summary = a.Front.Scalar("summary", "excerpt", "description")
	a.TitleSlug = slug.HugoElement(a.Post.Title)
	if a.Slug = slug.HugoElement(a.Slug); a.Slug == "" {
		a.Slug = slug.HugoElement(a.Name.Stem)
	}
}

func (m *Engine) Address(a *dialect.Page) string {
	if own := a.Front.Scalar("url", "permalink", "path"); own != "" {
		return own
	}
	where := "/" + a.SlugPath(a.Name.Dir) + "/" + a.Slug + "/"
	if m.Permalink != "" {
		where = a.Expand(m.Permalink)
	}
	// post.de.md lies beside post.md, and must not have its address.
	if a.Name.Lang != "" && a.Name.Root == "" && a.Name.Lang != m.Language && !strings.Contains(m.Permalink, ":lang") {
		where = "/" + strings.ToLower(a.Name.Lang) + "/" + strings.TrimLeft(where, "/")
	}
	return where
}

func (m *Engine) Slugify(text string) string { return slug.HugoElement(text) }

// expand knows Hugo's shortcodes, which nothing else looks like.
func (m *Engine) Expand(x *dialect.Expansion, text string) string {
	return shortcode.Expand(x, nil, text)
}

func (m *Engine) MarkdownOptions() markdown.Options { return markdown.Options{} }
