// Package plain reads a folder of Markdown files that no blog engine claims.
package plain

import (
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/slug"
)

// Engine reads a folder of Markdown files without an engine.
type Engine struct{ dialect.BaseEngine }

// New returns the engine for plain Markdown.
func New(s *dialect.Site) *Engine { return &Engine{dialect.BaseEngine{Site: s}} }

// Prepare finds the language whose folder a file is in.
func (m *Engine) Prepare(p *dialect.Page) {
	first, _, _ := strings.Cut(p.Name.Dir, "/")
	if p.Name.Lang == "" && m.Languages[first] {
		p.Name.Lang, p.Name.LangFolder = first, first
	}
}

// Complete implements [dialect.Engine].
func (m *Engine) Complete(p *dialect.Page) {
	if p.Post.Date.IsZero() {
		p.Post.Date = p.Date(dialect.OtherDates...)
	}
	if p.Post.Date.IsZero() && p.Name.Date != "" && !p.Invalid() {
		p.Post.Date, _ = frontmatter.ParseDate(p.Name.Date, m.Location)
	}
	if p.Post.Title == "" {
		p.Post.Title = dialect.HeadingTitle(p.Body)
	}
	taxonomies := p.Front.Table("taxonomies")
	p.Categories = append(p.Categories, dialect.Names(frontmatter.Strings(taxonomies["categories"], frontmatter.NoSplit))...)
	p.SetSimilarTags(append(p.Front.Strings("tags", frontmatter.SplitCommas), frontmatter.Strings(taxonomies["tags"], frontmatter.NoSplit)...))
	p.Post.Summary = p.Front.Scalar("summary", "excerpt", "description")
	p.TitleSlug = slug.HugoElement(p.Post.Title)
	if p.Slug = slug.HugoElement(p.Slug); p.Slug == "" {
		p.Slug = slug.HugoElement(p.Name.Stem)
	}
}

// Address implements [dialect.Engine].
func (m *Engine) Address(p *dialect.Page) string {
	if own := p.Front.Scalar("url", "permalink", "path"); own != "" {
		return own
	}
	where := "/" + p.SlugPath(p.Name.Dir) + "/" + p.Slug + "/"
	if m.Permalink != "" {
		where = p.Expand(m.Permalink)
	}
	// post.de.md lies beside post.md, and must not have its address.
	if p.Name.Lang != "" && p.Name.LangFolder == "" && p.Name.Lang != m.Language && !strings.Contains(m.Permalink, ":lang") {
		where = "/" + strings.ToLower(p.Name.Lang) + "/" + strings.TrimLeft(where, "/")
	}
	return where
}

// Slugify implements [dialect.Engine].
func (m *Engine) Slugify(text string) string { return slug.HugoElement(text) }

// Expand replaces Hugo's shortcodes, which nothing else looks like.
func (m *Engine) Expand(x *dialect.Expansion, text string) string {
	return shortcode.Expand(x, nil, text)
}
