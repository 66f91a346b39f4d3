package dialect

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"publisher/content/frontmatter"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/uri"
	"publisher/internal/xmltext"

	"golang.org/x/text/language"
)

// Page is a source on its way to becoming a post.
type Page struct {
	*Source
	Engine         Engine
	Site           *Site
	Post           *post.Post
	Name           FileName
	FolderData     FolderData // nil if nothing was scanned
	Slug           string
	TitleSlug      string
	Categories     []string
	Global         map[string]any // data that all pages of the blog see
	FolderOmission *post.Omission // by what is around the file: scripts, folder data
	PublishDate    time.Time      // when the engine shows it, if later than the date of its address
}

// MarkdownOptions returns the engine's options within the post's budget.
func (p *Page) MarkdownOptions() markdown.Options {
	w := p.Engine.MarkdownOptions()
	w.Budget = p.Budget
	return w
}

// NewPost returns the post that a source makes. It returns a nil post if the file is a page, if
// the engine leaves it out, or if it is invalid; the omission or the problems say which.
func (b *Blog) NewPost(src *Source) (*post.Post, *post.Omission, []post.Problem) {
	p := b.NewPage(src)
	if p.Engine.IsPage(p) {
		return nil, nil, src.Problems
	}
	omission := p.omission()
	if omission != nil && !omission.Held {
		return nil, omission, nil // its problems do not matter then
	}
	_ = p.Front.CheckSizes(true) // Render reports it
	p.FillFields()
	p.Engine.Complete(p)
	if p.validate(); p.Invalid() {
		return nil, nil, src.Problems
	}
	if p.FillURL(); p.Invalid() {
		return nil, nil, src.Problems
	}
	if !b.isIncluded(p.Path) {
		p.Post.Held = omission
	}
	if !p.Post.Draft && p.Post.Held == nil {
		p.warnWithin()
	}
	if p.PublishDate.After(p.Post.Date) {
		p.Post.Date = p.PublishDate
	}
	p.fillFiles(b)
	return p.Post, nil, src.Problems
}

// NewPage returns a source as a page whose fields are not filled yet.
func (b *Blog) NewPage(src *Source) *Page {
	p := &Page{Source: src, Engine: b.Engine, Site: b.Site, Name: ParseFileName(src.Path, b.Site.Languages)}
	if e, ok := b.Engine.(PerFile); ok {
		p.Engine = e.EngineFor(src)
	}
	p.Post = &post.Post{Path: src.Path, BodyHash: src.bodyHash, FileHash: src.FileHash, ModTime: src.ModTime}
	if f := b.FolderData.Load(); f != nil {
		p.FolderData = *f
	}
	p.Engine.Prepare(p)
	return p
}

// FillFields reads what front matter says in the same words in every engine.
func (p *Page) FillFields() {
	fm, out := &p.Front, p.Post
	out.Title = xmltext.Line(fm.Scalar("title"))
	out.Date = p.Date("date", "publishdate", "pubdate", "published")
	out.Updated = p.Date("lastmod", "updated", "modified", "last_modified_at")
	out.Expires = p.Date("expirydate", "expires", "unpublishdate")
	out.Language = p.languageTag(fm.Scalar("lang", "language", "locale"))
	p.Categories = append(Names(fm.Strings("category", frontmatter.NoSplit)), Names(fm.Strings("categories", frontmatter.SplitCommas))...)
	out.Authors = p.authors()
	out.GUID = xmltext.Line(fm.Scalar("guid", "id"))
	p.Slug = xmltext.Line(fm.Scalar("slug"))
	draft, _ := fm.Bool("draft")
	published, set := fm.Bool("published")
	out.Draft = draft || set && !published || p.IsDraftStatus()
	p.fillNewsletter()
	p.warnOfControls()
}

// warnWithin is warnOfUnknownMarks, but does not fail if that exceeds the post's budget: Render
// will report it. Until then the post is known, so that feeds keep what they have of it.
func (p *Page) warnWithin() {
	defer func() {
		if fault := recover(); fault != nil && (limits.Recovered(fault) == nil || p.Budget.ContextErr() != nil) {
			panic(fault)
		}
	}()
	p.warnOfUnknownMarks()
}

// IsDraftStatus reports whether the status, a key of Pelican and others, is one of a draft.
func (p *Page) IsDraftStatus() bool {
	return slices.Contains([]string{"draft", "hidden"}, strings.ToLower(p.Front.Scalar("status")))
}

// fillNewsletter reads `newsletter: false`, `newsletter: only` or `newsletter: {subject, intro, mail}`,
// in which mail is one of the first two values.
func (p *Page) fillNewsletter() {
	table := p.Front.Table("newsletter")
	choice := p.Front.Values["newsletter"]
	if table != nil {
		choice = table["mail"]
	}
	p.fillMailed(choice)
	if subject, ok := table["subject"].(string); ok {
		p.Post.Newsletter.Subject = xmltext.Line(subject)
	}
	if intro, ok := table["intro"].(string); ok {
		p.Post.Newsletter.Intro = strings.TrimSpace(xmltext.Clean(intro))
	}
}

// fillMailed sets where the author wants the post to be.
func (p *Page) fillMailed(choice any) {
	text, isText := choice.(string)
	if !isText || strings.TrimSpace(text) == "" {
		return
	}
	mailed, set := frontmatter.Bool(text)
	switch {
	case set:
		p.Post.FeedOnly = !mailed
	case strings.EqualFold(strings.TrimSpace(text), "only"):
		p.Post.MailOnly = true
	default:
		p.Warn(p.Front.LineOf("newsletter"), fmt.Sprintf("newsletter is %q, which means nothing; write false to keep the post out of mail, or only to keep it out of feeds", post.Clip(text)))
	}
}

// DropProblem removes the errors about a key.
func (p *Page) DropProblem(key string) {
	line := p.Front.LineOf(key)
	p.Problems = slices.DeleteFunc(p.Problems, func(fault post.Problem) bool { return fault.Line == line && fault.Invalid })
}

// Date returns the date of the first key present. An unreadable one is a problem, and makes the
// file invalid only if the post has no other date.
func (p *Page) Date(keys ...string) time.Time {
	for _, key := range keys {
		text := p.Front.Scalar(key)
		if _, isFlag := p.Front.Bool(key); text == "" || isFlag && len(text) < 6 {
			continue
		}
		if t, ok := p.Engine.ParseDate(&p.Front, key, text); ok {
			return t
		}
		if key == "published" {
			continue // doubtfulDraft reads it
		}
		line := p.Front.LineOf(key)
		message := fmt.Sprintf("cannot parse the %s %q; write it like 2025-01-29 or 2025-01-29T08:00:00+01:00", key, post.Clip(text))
		p.Problems = append(p.Problems, post.Problem{Path: p.Path, Line: line, Message: message, Invalid: keys[0] == "date"})
		return time.Time{}
	}
	return time.Time{}
}

// authors returns the values of author and authors. A semicolon separates names; a comma does
// only under the plural key.
func (p *Page) authors() []string {
	split := func(s string) []string {
		if strings.Contains(s, ";") {
			return strings.Split(s, ";")
		}
		return strings.Split(s, ",")
	}
	all := p.Front.Strings("authors", split)
	all = append(all, p.Front.Strings("author", func(s string) []string { return strings.Split(s, ";") })...)
	if taxonomies := p.Front.Table("taxonomies"); taxonomies != nil {
		all = append(all, frontmatter.Strings(taxonomies["authors"], frontmatter.NoSplit)...)
	}
	return Distinct(Names(all))
}

// languageTag returns the post's language: that of its front matter, its file name, or the site.
func (p *Page) languageTag(text string) string {
	if text == "" && p.Name.Lang != p.Site.OnlyLanguage {
		text = p.Name.Lang
	}
	if text == "" {
		return p.Site.Language
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil {
		p.Warn(p.Front.LineOf("lang", "language", "locale"), fmt.Sprintf("%q is not a language tag; write one like en, de or pt-BR", post.Clip(text)))
		return p.Site.Language
	}
	return tag.String()
}

// PageVariables returns what templates may ask of the page itself.
func (p *Page) PageVariables() map[string]any {
	page := map[string]any{}
	maps.Copy(page, p.Front.Values)
	out := p.Post
	page["title"], page["date"], page["url"], page["path"] = out.Title, out.Date, out.URL, out.Path
	page["tags"], page["categories"] = AnyList(out.Tags), AnyList(p.Categories)
	page["fileslug"], page["slug"], page["inputpath"] = p.Name.Stem, p.Slug, "./"+out.Path
	page["filepathstem"] = "/" + path.Join(p.Site.Subdir, p.Name.Dir, p.Name.Stem)
	page["outputfileextension"] = "html"
	return page
}

// AnyList returns the strings as a list for templates.
func AnyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// SetTags sets the post's tags: its categories, then tags.
func (p *Page) SetTags(tags []string) {
	p.Post.Tags = Distinct(append(slices.Clone(p.Categories), Names(tags)...))
}

// validate rejects a page without front matter, title or date.
func (p *Page) validate() {
	if p.Invalid() {
		return
	}
	if p.Front.Form == frontmatter.None && p.Post.Title == "" && p.Post.Date.IsZero() {
		p.Reject(1, "the file has no front matter: begin it with title: My post and date: 2025-01-29 between two lines of ---, or exclude it with content.exclude")
		return
	}
	if p.Post.Title == "" && p.Engine.RequiresTitle() { // which passes over them too
		p.Reject(p.Front.LineOf("title"), "the post has no title; add a line such as "+p.example("title", "My post"))
	} else if p.Post.Title == "" && strings.TrimSpace(p.Body) == "" {
		p.Reject(p.Front.LineOf("title"), "the post has neither title nor text; add a line such as "+p.example("title", "My post"))
	}
	if p.Post.Date.IsZero() {
		p.Reject(p.Front.LineOf("date"), "the post has no date; add a line such as "+p.example("date", "2025-01-29"))
	} else if year := p.Post.Date.Year(); year < 2 || year > 9998 {
		p.Reject(p.Front.LineOf("date"), "the date is out of range (years 2 to 9998); write it like "+p.example("date", "2025-01-29"))
	}
}

// example returns a line of front matter in the form that the file uses.
func (p *Page) example(key, value string) string {
	switch p.Front.Form {
	case frontmatter.TOML:
		if key == "date" {
			return key + " = " + value
		}
		return fmt.Sprintf("%s = %q", key, value)
	case frontmatter.JSON:
		return fmt.Sprintf("%q: %q,", key, value)
	case frontmatter.Metadata:
		return strings.ToUpper(key[:1]) + key[1:] + ": " + value
	case frontmatter.None:
		return key + ": " + value + " between two lines of --- at the top of the file"
	}
	return key + ": " + value
}

// FillURL sets the post's URL.
func (p *Page) FillURL() {
	where := p.Engine.Address(p)
	if u, err := uri.Parse(where); err == nil && u.IsAbs() && u.Host != "" {
		p.Post.URL = u.String()
		return
	}
	p.Post.URL = p.Site.Absolute(where)
}

// fillFiles resolves the pictures, the source and the enclosure that the front matter names.
func (p *Page) fillFiles(b *Blog) {
	l := &Linker{Page: p, Blog: b, Scanning: true}
	p.warnOfFiles()
	if image := p.ImageText(); image != "" {
		if to := l.Follow(image); to.URL != "" {
			p.Post.Image = to.URL
		}
	}
	if source := p.Front.Scalar("source", "canonical", "canonical_url", "canonicalurl"); namesFile(source) {
		if to := l.Follow(source); to.URL != "" && to.URL != p.Post.URL {
			p.Post.Source = to.URL
		}
	}
	p.fillEnclosure(l)
}

// Names returns the strings as single lines, without the empty ones.
func Names(list []string) []string {
	var out []string
	for _, s := range list {
		if s = xmltext.Line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Distinct returns the strings without those that differ from an earlier one by case alone.
func Distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// BodySource returns the body with MDX comments, {/* */}, as the marks that Markdown knows.
func (p *Page) BodySource() string {
	if !strings.Contains(p.Body, "{/*") {
		return p.Body
	}
	return mdsource.OutsideCode(p.Body, func(s string) string {
		return strings.NewReplacer("{/* more */}", "<!--more-->", "{/*more*/}", "<!--more-->", "{/* truncate */}", "<!--more-->").Replace(s)
	})
}
