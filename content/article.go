package content

import (
	"fmt"
	"maps"
	"path"
	"publisher/internal/xmltext"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// article is a source on its way to becoming a post.
type article struct {
	*source
	engine     engine
	site       *site
	post       *Post
	name       fileName
	around     folders // what was read beside it; nil where nothing was scanned
	slug       string
	titleSlug  string
	categories []string
	global     map[string]any // what all pages of the blog may refer to
	computed   *Omission      // by what is around the file: scripts, folders' data
	published  time.Time      // when the engine shows it, where that is later than the date of its address
}

// writing is the engine's, within the post's budget.
func (a *article) writing() markdownOptions {
	w := a.engine.writing()
	w.budget = a.budget
	return w
}

// compose makes a post of a source. It returns nil where the file is a page, is
// left out by the engine, or is so faulty that it is left out; the omission or the
// problems say which.
func (t *blog) compose(src *source) (*Post, *Omission, []Problem) {
	a := t.articleOf(src)
	if a.engine.isPage(a) {
		return nil, nil, src.problems
	}
	omission := a.omission()
	if omission != nil && !omission.Held {
		return nil, omission, nil // its faults are its author's alone
	}
	_ = a.front.checkSizes(true) // Render tells of it
	a.fillFields()
	a.engine.complete(a)
	if a.validate(); a.invalid() {
		return nil, nil, src.problems
	}
	if a.fillAddress(); a.invalid() {
		return nil, nil, src.problems
	}
	if !t.isIncluded(a.path) {
		a.post.Held = omission
	}
	if !a.post.Draft && a.post.Held == nil {
		a.warnWithin()
	}
	if a.published.After(a.post.Date) {
		a.post.Date = a.published
	}
	a.fillFiles(t)
	return a.post, nil, src.problems
}

func (t *blog) articleOf(src *source) *article {
	a := &article{source: src, engine: t.engine, site: t.site, name: parseName(src.path, t.site.languages)}
	if auto, ok := t.engine.(interface{ of(*source) engine }); ok {
		a.engine = auto.of(src)
	}
	a.post = &Post{Path: src.path, BodyHash: src.bodyHash, FileHash: src.fileHash, ModTime: src.modTime}
	if f := t.folders.Load(); f != nil {
		a.around = *f
	}
	a.engine.prepare(a)
	return a
}

// fillFields takes over what the front matter says in the same words in every
// engine.
func (a *article) fillFields() {
	fm, p := &a.front, a.post
	p.Title = xmltext.Line(fm.scalar("title"))
	p.Date = a.date("date", "publishdate", "pubdate", "published")
	p.Updated = a.date("lastmod", "updated", "modified", "last_modified_at")
	p.Expires = a.date("expirydate", "expires", "unpublishdate")
	p.Language = a.languageTag(fm.scalar("lang", "language", "locale"))
	a.categories = append(names(fm.list("category", whole)), names(fm.list("categories", byComma))...)
	p.Authors = a.authors()
	p.GUID = xmltext.Line(fm.scalar("guid", "id"))
	a.slug = xmltext.Line(fm.scalar("slug"))
	draft, _ := fm.truth("draft")
	published, set := fm.truth("published")
	p.Draft = draft || set && !published || a.isDraftStatus()
	a.fillNewsletter()
	a.warnOfControls()
}

// warnWithin is warnOfUnknownMarks. Where that takes more than a post may, Render will tell
// of it: until then the post is known, so that feeds keep what they have of it.
func (a *article) warnWithin() {
	defer func() {
		if fault := recover(); fault != nil && (stopped(fault) == nil || a.budget.canceled() != nil) {
			panic(fault)
		}
	}()
	a.warnOfUnknownMarks()
}

// isDraftStatus reads the key that Pelican and others have for drafts.
func (a *article) isDraftStatus() bool {
	return slices.Contains([]string{"draft", "hidden"}, strings.ToLower(a.front.scalar("status")))
}

// fillNewsletter reads `newsletter: false` or `newsletter: {subject, intro}`.
func (a *article) fillNewsletter() {
	if on, set := a.front.truth("newsletter"); set {
		a.post.FeedOnly = !on
	}
	table := a.front.table("newsletter")
	if subject, ok := table["subject"].(string); ok {
		a.post.Newsletter.Subject = xmltext.Line(subject)
	}
	if intro, ok := table["intro"].(string); ok {
		a.post.Newsletter.Intro = strings.TrimSpace(xmltext.Clean(intro))
	}
	if mail, ok := table["mail"].(string); ok && strings.EqualFold(mail, "false") {
		a.post.FeedOnly = true
	}
}

// dropProblem takes back what was said of a key.
func (a *article) dropProblem(key string) {
	line := a.front.lineOf(key)
	a.problems = slices.DeleteFunc(a.problems, func(p Problem) bool { return p.Line == line && p.Invalid })
}

// date reads the first of the keys that is there. One that nobody can read is a
// problem; it makes the file invalid only where the post has no other date.
func (a *article) date(keys ...string) time.Time {
	for _, key := range keys {
		text := a.front.scalar(key)
		if _, isFlag := a.front.truth(key); text == "" || isFlag && len(text) < 6 {
			continue
		}
		if t, ok := a.engine.readDate(&a.front, key, text); ok {
			return t
		}
		if key == "published" {
			continue // which doubtfulDraft reads
		}
		line := a.front.lineOf(key)
		message := fmt.Sprintf("nobody can read the %s %q; write it like 2025-01-29 or 2025-01-29T08:00:00+01:00", key, clip(text))
		a.problems = append(a.problems, Problem{Path: a.path, Line: line, Message: message, Invalid: keys[0] == "date"})
		return time.Time{}
	}
	return time.Time{}
}

// authors reads author(s); names with a semicolon between them are several, else
// a comma divides only where the key is the plural.
func (a *article) authors() []string {
	split := func(s string) []string {
		if strings.Contains(s, ";") {
			return strings.Split(s, ";")
		}
		return strings.Split(s, ",")
	}
	all := a.front.list("authors", split)
	all = append(all, a.front.list("author", func(s string) []string { return strings.Split(s, ";") })...)
	if taxonomies := a.front.table("taxonomies"); taxonomies != nil {
		all = append(all, listOf(taxonomies["authors"], whole)...)
	}
	return distinct(names(all))
}

func (a *article) languageTag(text string) string {
	if text == "" && a.name.lang != a.site.onlyLanguage {
		text = a.name.lang
	}
	if text == "" {
		return a.site.language
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil {
		a.warn(a.front.lineOf("lang", "language", "locale"), fmt.Sprintf("%q is no language tag; write one like en, de or pt-BR", clip(text)))
		return a.site.language
	}
	return tag.String()
}

// pageVariables are what templates may say of the page itself.
func (a *article) pageVariables() map[string]any {
	page := map[string]any{}
	maps.Copy(page, a.front.values)
	p := a.post
	page["title"], page["date"], page["url"], page["path"] = p.Title, p.Date, p.URL, p.Path
	page["tags"], page["categories"] = anyList(p.Tags), anyList(a.categories)
	page["fileslug"], page["slug"], page["inputpath"] = a.name.stem, a.slug, "./"+p.Path
	page["filepathstem"] = "/" + path.Join(a.site.below, a.name.dir, a.name.stem)
	page["outputfileextension"] = "html"
	return page
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// setTags joins categories and tags, categories first.
func (a *article) setTags(tags []string) {
	a.post.Tags = distinct(append(slices.Clone(a.categories), names(tags)...))
}

func (a *article) validate() {
	if a.invalid() {
		return
	}
	if a.front.form == noFrontMatter && a.post.Title == "" && a.post.Date.IsZero() {
		a.reject(1, "the file has no front matter: begin it with title: My post and date: 2025-01-29 between two lines of ---, or exclude it by content.exclude")
		return
	}
	if a.post.Title == "" && a.engine.needsTitle() { // which passes over them too
		a.reject(a.front.lineOf("title"), "the post has no title; add a line such as "+a.example("title", "My post"))
	} else if a.post.Title == "" && strings.TrimSpace(a.body) == "" {
		a.reject(a.front.lineOf("title"), "the post has neither title nor text; add a line such as "+a.example("title", "My post"))
	}
	if a.post.Date.IsZero() {
		a.reject(a.front.lineOf("date"), "the post has no date; add a line such as "+a.example("date", "2025-01-29"))
	} else if year := a.post.Date.Year(); year < 2 || year > 9998 {
		a.reject(a.front.lineOf("date"), "the date is no day that feeds can name (years 2 to 9998); write it like "+a.example("date", "2025-01-29"))
	}
}

// example is a line of front matter in the form that the file has.
func (a *article) example(key, value string) string {
	switch a.front.form {
	case tomlForm:
		if key == "date" {
			return key + " = " + value
		}
		return fmt.Sprintf("%s = %q", key, value)
	case jsonForm:
		return fmt.Sprintf("%q: %q,", key, value)
	case blockForm:
		return strings.ToUpper(key[:1]) + key[1:] + ": " + value
	case noFrontMatter:
		return key + ": " + value + " between two lines of --- at the top of the file"
	}
	return key + ": " + value
}

func (a *article) fillAddress() {
	where := a.engine.address(a)
	if u, err := parseAddress(where); err == nil && u.IsAbs() && u.Host != "" {
		a.post.URL = u.String()
		return
	}
	a.post.URL = a.site.absolute(where)
}

// fillFiles resolves what the front matter names besides: pictures, a source, an
// enclosure.
func (a *article) fillFiles(t *blog) {
	l := &linker{article: a, home: t}
	a.warnOfFiles()
	if image := a.imageText(); image != "" {
		if to := l.follow(image); to.url != "" {
			a.post.Image = to.url
		}
	}
	if source := a.front.scalar("source", "canonical", "canonical_url", "canonicalurl"); namesFile(source) {
		if to := l.follow(source); to.url != "" && to.url != a.post.URL {
			a.post.Source = to.url
		}
	}
	a.fillEnclosure(l)
}

func names(list []string) []string {
	var out []string
	for _, s := range list {
		if s = xmltext.Line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// distinct drops what differs from an earlier one by case alone.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// bodySource is the body as Markdown reads it. MDX writes comments as {/* */}.
func (a *article) bodySource() string {
	if !strings.Contains(a.body, "{/*") {
		return a.body
	}
	return outsideCode(a.body, func(s string) string {
		return strings.NewReplacer("{/* more */}", "<!--more-->", "{/*more*/}", "<!--more-->", "{/* truncate */}", "<!--more-->").Replace(s)
	})
}
