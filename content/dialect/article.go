package dialect

import (
	"fmt"
	"maps"
	"path"
	"publisher/content/frontmatter"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/uri"
	"publisher/internal/xmltext"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// article is a source on its way to becoming a post.
type Page struct {
	*Source
	Engine     Engine
	Site       *Site
	Post       *post.Post
	Name       FileName
	Around     Folders // what was read beside it; nil where nothing was scanned
	Slug       string
	TitleSlug  string
	Categories []string
	Global     map[string]any // what all pages of the blog may refer to
	Computed   *post.Omission // by what is around the file: scripts, folders' data
	Published  time.Time      // when the engine shows it, where that is later than the date of its address
}

// writing is the engine's, within the post's budget.
func (a *Page) MarkdownOptions() markdown.Options {
	w := a.Engine.MarkdownOptions()
	w.Budget = a.Budget
	return w
}

// compose makes a post of a source. It returns nil where the file is a page, is
// left out by the engine, or is so faulty that it is left out; the omission or the
// problems say which.
func (t *Blog) Compose(src *Source) (*post.Post, *post.Omission, []post.Problem) {
	a := t.ArticleOf(src)
	if a.Engine.IsPage(a) {
		return nil, nil, src.Problems
	}
	omission := a.omission()
	if omission != nil && !omission.Held {
		return nil, omission, nil // its faults are its author's alone
	}
	_ = a.Front.CheckSizes(true) // Render tells of it
	a.FillFields()
	a.Engine.Complete(a)
	if a.validate(); a.Invalid() {
		return nil, nil, src.Problems
	}
	if a.FillAddress(); a.Invalid() {
		return nil, nil, src.Problems
	}
	if !t.isIncluded(a.Path) {
		a.Post.Held = omission
	}
	if !a.Post.Draft && a.Post.Held == nil {
		a.warnWithin()
	}
	if a.Published.After(a.Post.Date) {
		a.Post.Date = a.Published
	}
	a.fillFiles(t)
	return a.Post, nil, src.Problems
}

func (t *Blog) ArticleOf(src *Source) *Page {
	a := &Page{Source: src, Engine: t.Engine, Site: t.Site, Name: ParseName(src.Path, t.Site.Languages)}
	if auto, ok := t.Engine.(interface{ Of(*Source) Engine }); ok {
		a.Engine = auto.Of(src)
	}
	a.Post = &post.Post{Path: src.Path, BodyHash: src.bodyHash, FileHash: src.FileHash, ModTime: src.ModTime}
	if f := t.Folders.Load(); f != nil {
		a.Around = *f
	}
	a.Engine.Prepare(a)
	return a
}

// fillFields takes over what the front matter says in the same words in every
// engine.
func (a *Page) FillFields() {
	fm, p := &a.Front, a.Post
	p.Title = xmltext.Line(fm.Scalar("title"))
	p.Date = a.Date("date", "publishdate", "pubdate", "published")
	p.Updated = a.Date("lastmod", "updated", "modified", "last_modified_at")
	p.Expires = a.Date("expirydate", "expires", "unpublishdate")
	p.Language = a.languageTag(fm.Scalar("lang", "language", "locale"))
	a.Categories = append(Names(fm.Strings("category", frontmatter.NoSplit)), Names(fm.Strings("categories", frontmatter.SplitCommas))...)
	p.Authors = a.authors()
	p.GUID = xmltext.Line(fm.Scalar("guid", "id"))
	a.Slug = xmltext.Line(fm.Scalar("slug"))
	draft, _ := fm.Bool("draft")
	published, set := fm.Bool("published")
	p.Draft = draft || set && !published || a.IsDraftStatus()
	a.fillNewsletter()
	a.warnOfControls()
}

// warnWithin is warnOfUnknownMarks. Where that takes more than a post may, Render will tell
// of it: until then the post is known, so that feeds keep what they have of it.
func (a *Page) warnWithin() {
	defer func() {
		if fault := recover(); fault != nil && (limits.Recovered(fault) == nil || a.Budget.ContextErr() != nil) {
			panic(fault)
		}
	}()
	a.warnOfUnknownMarks()
}

// isDraftStatus reads the key that Pelican and others have for drafts.
func (a *Page) IsDraftStatus() bool {
	return slices.Contains([]string{"draft", "hidden"}, strings.ToLower(a.Front.Scalar("status")))
}

// fillNewsletter reads `newsletter: false` or `newsletter: {subject, intro}`.
func (a *Page) fillNewsletter() {
	if on, set := a.Front.Bool("newsletter"); set {
		a.Post.FeedOnly = !on
	}
	table := a.Front.Table("newsletter")
	if subject, ok := table["subject"].(string); ok {
		a.Post.Newsletter.Subject = xmltext.Line(subject)
	}
	if intro, ok := table["intro"].(string); ok {
		a.Post.Newsletter.Intro = strings.TrimSpace(xmltext.Clean(intro))
	}
	if mail, ok := table["mail"].(string); ok && strings.EqualFold(mail, "false") {
		a.Post.FeedOnly = true
	}
}

// dropProblem takes back what was said of a key.
func (a *Page) DropProblem(key string) {
	line := a.Front.LineOf(key)
	a.Problems = slices.DeleteFunc(a.Problems, func(p post.Problem) bool { return p.Line == line && p.Invalid })
}

// date reads the first of the keys that is there. One that nobody can read is a
// problem; it makes the file invalid only where the post has no other date.
func (a *Page) Date(keys ...string) time.Time {
	for _, key := range keys {
		text := a.Front.Scalar(key)
		if _, isFlag := a.Front.Bool(key); text == "" || isFlag && len(text) < 6 {
			continue
		}
		if t, ok := a.Engine.ReadDate(&a.Front, key, text); ok {
			return t
		}
		if key == "published" {
			continue // which doubtfulDraft reads
		}
		line := a.Front.LineOf(key)
		message := fmt.Sprintf("nobody can read the %s %q; write it like 2025-01-29 or 2025-01-29T08:00:00+01:00", key, post.Clip(text))
		a.Problems = append(a.Problems, post.Problem{Path: a.Path, Line: line, Message: message, Invalid: keys[0] == "date"})
		return time.Time{}
	}
	return time.Time{}
}

// authors reads author(s); names with a semicolon between them are several, else
// a comma divides only where the key is the plural.
func (a *Page) authors() []string {
	split := func(s string) []string {
		if strings.Contains(s, ";") {
			return strings.Split(s, ";")
		}
		return strings.Split(s, ",")
	}
	all := a.Front.Strings("authors", split)
	all = append(all, a.Front.Strings("author", func(s string) []string { return strings.Split(s, ";") })...)
	if taxonomies := a.Front.Table("taxonomies"); taxonomies != nil {
		all = append(all, frontmatter.Strings(taxonomies["authors"], frontmatter.NoSplit)...)
	}
	return Distinct(Names(all))
}

func (a *Page) languageTag(text string) string {
	if text == "" && a.Name.Lang != a.Site.OnlyLanguage {
		text = a.Name.Lang
	}
	if text == "" {
		return a.Site.Language
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil {
		a.Warn(a.Front.LineOf("lang", "language", "locale"), fmt.Sprintf("%q is no language tag; write one like en, de or pt-BR", post.Clip(text)))
		return a.Site.Language
	}
	return tag.String()
}

// pageVariables are what templates may say of the page itself.
func (a *Page) PageVariables() map[string]any {
	page := map[string]any{}
	maps.Copy(page, a.Front.Values)
	p := a.Post
	page["title"], page["date"], page["url"], page["path"] = p.Title, p.Date, p.URL, p.Path
	page["tags"], page["categories"] = AnyList(p.Tags), AnyList(a.Categories)
	page["fileslug"], page["slug"], page["inputpath"] = a.Name.Stem, a.Slug, "./"+p.Path
	page["filepathstem"] = "/" + path.Join(a.Site.Below, a.Name.Dir, a.Name.Stem)
	page["outputfileextension"] = "html"
	return page
}

func AnyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// setTags joins categories and tags, categories first.
func (a *Page) SetTags(tags []string) {
	a.Post.Tags = Distinct(append(slices.Clone(a.Categories), Names(tags)...))
}

func (a *Page) validate() {
	if a.Invalid() {
		return
	}
	if a.Front.Form == frontmatter.None && a.Post.Title == "" && a.Post.Date.IsZero() {
		a.Reject(1, "the file has no front matter: begin it with title: My post and date: 2025-01-29 between two lines of ---, or exclude it by content.exclude")
		return
	}
	if a.Post.Title == "" && a.Engine.NeedsTitle() { // which passes over them too
		a.Reject(a.Front.LineOf("title"), "the post has no title; add a line such as "+a.example("title", "My post"))
	} else if a.Post.Title == "" && strings.TrimSpace(a.Body) == "" {
		a.Reject(a.Front.LineOf("title"), "the post has neither title nor text; add a line such as "+a.example("title", "My post"))
	}
	if a.Post.Date.IsZero() {
		a.Reject(a.Front.LineOf("date"), "the post has no date; add a line such as "+a.example("date", "2025-01-29"))
	} else if year := a.Post.Date.Year(); year < 2 || year > 9998 {
		a.Reject(a.Front.LineOf("date"), "the date is no day that feeds can name (years 2 to 9998); write it like "+a.example("date", "2025-01-29"))
	}
}

// example is a line of front matter in the form that the file has.
func (a *Page) example(key, value string) string {
	switch a.Front.Form {
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

func (a *Page) FillAddress() {
	where := a.Engine.Address(a)
	if u, err := uri.Parse(where); err == nil && u.IsAbs() && u.Host != "" {
		a.Post.URL = u.String()
		return
	}
	a.Post.URL = a.Site.Absolute(where)
}

// fillFiles resolves what the front matter names besides: pictures, a source, an
// enclosure.
func (a *Page) fillFiles(t *Blog) {
	l := &Linker{Article: a, Home: t}
	a.warnOfFiles()
	if image := a.ImageText(); image != "" {
		if to := l.Follow(image); to.URL != "" {
			a.Post.Image = to.URL
		}
	}
	if source := a.Front.Scalar("source", "canonical", "canonical_url", "canonicalurl"); namesFile(source) {
		if to := l.Follow(source); to.URL != "" && to.URL != a.Post.URL {
			a.Post.Source = to.URL
		}
	}
	a.fillEnclosure(l)
}

func Names(list []string) []string {
	var out []string
	for _, s := range list {
		if s = xmltext.Line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// distinct drops what differs from an earlier one by case alone.
func Distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// bodySource is the body as Markdown reads it. MDX writes comments as {/* */}.
func (a *Page) BodySource() string {
	if !strings.Contains(a.Body, "{/*") {
		return a.Body
	}
	return mdsource.OutsideCode(a.Body, func(s string) string {
		return strings.NewReplacer("{/* more */}", "<!--more-->", "{/*more*/}", "<!--more-->", "{/* truncate */}", "<!--more-->").Replace(s)
	})
}
