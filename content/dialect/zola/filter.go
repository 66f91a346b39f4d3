package zola

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/post"
	"slices"
	"strings"
)

// readIgnored takes over ignored_content. Zola does not build a site of which it
// cannot read the setting.
func (z *Engine) readIgnored() {
	switch v := z.own.Setting("ignored_content").(type) {
	case nil:
	case []any:
		if slices.ContainsFunc(v, func(item any) bool { _, ok := item.(string); return !ok }) {
			z.doubt = z.Doubts(z.own, "ignored_content holds what is not text", "ignored_content")
			return
		}
		for _, text := range frontmatter.Strings(v, frontmatter.NoSplit) {
			z.ignored = append(z.ignored, dialect.Globset(text))
			if !dialect.IsGlobset(text) {
				z.doubt = z.Doubts(z.own, "ignored_content: "+text+" is not a glob", "ignored_content")
			}
		}
	default:
		z.doubt = z.Doubts(z.own, "ignored_content is not a list of globs", "ignored_content")
	}
}

// leavesOut compares the whole path, as Zola does.
func (z *Engine) LeavesOut(file string) *post.Omission {
	if base := path.Base(file); !strings.HasSuffix(base, ".md") {
		return &post.Omission{Reason: "Zola reads only .md files", Path: file}
	}
	full := dialect.BytesAsRunes(filepath.ToSlash(filepath.Join(z.Dir, filepath.FromSlash(file))))
	for _, p := range z.ignored {
		if p.Re.MatchString(full) {
			return z.Leaves(z.own, "ignored_content: "+p.Text, "ignored_content")
		}
	}
	if tag := zolaLanguage(file); tag != "" && z.hasLanguages() && !z.isLanguage(tag) {
		return z.Doubts(z.own, path.Base(file)+": "+tag+" is none of the languages, so that Zola does not build it", "languages")
	}
	return z.doubt
}

// zolaLanguage is what a file's name has behind its first dot, which is a language on a
// site that has several.
func zolaLanguage(file string) string {
	_, tag, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".md"), ".")
	return tag
}

func (z *Engine) hasLanguages() bool {
	languages, _ := z.own.Setting("languages").(map[string]any)
	return len(languages) > 0
}

// isLanguage compares as the settings spell it, but for case, which they have lost.
func (z *Engine) isLanguage(tag string) bool {
	languages, _ := z.own.Setting("languages").(map[string]any)
	_, found := languages[strings.ToLower(tag)]
	return found || tag == cmp.Or(z.language, "en")
}

// readChoices holds all posts where a setting that decides on their addresses is not one
// that Zola takes.
func (z *Engine) readChoices() {
	slugify, _ := z.own.Setting("slugify").(map[string]any)
	switch paths := slugify["paths"]; paths {
	case nil, "on", "safe", "off":
	default:
		z.doubt = dialect.Omitted(z.doubt, z.Doubts(z.own, "slugify.paths is none of on, safe and off", "slugify", "paths"))
	}
	if languages := z.own.Setting("languages"); languages != nil {
		if _, ok := languages.(map[string]any); !ok {
			z.doubt = dialect.Omitted(z.doubt, z.Doubts(z.own, "languages is no table", "languages"))
		}
	}
}

// omits knows what Zola keeps out of lists and feeds, and draft sections, which
// take all that is below them.
func (z *Engine) Omits(a *dialect.Page) *post.Omission {
	folder := path.Dir(path.Join(z.Below, a.Path))
	around := zolaFoldersOf(a)
	if around != nil {
		for at := range dialect.Enclosing(strings.TrimPrefix(folder, ".")) {
			if draft := around.drafts[at]; draft != nil {
				return draft
			}
		}
	}
	if a.Front.Form != frontmatter.YAML && a.Front.Form != frontmatter.TOML {
		return &post.Omission{Held: true, Reason: "no front matter that Zola reads", Path: a.Path, Line: 1}
	}
	if base := path.Base(a.Path); strings.HasPrefix(base, "index.") && z.isSectionToo(a, folder, base) {
		return &post.Omission{Held: true, Reason: base + " in the folder of a section, which Zola does not build", Path: a.Path, Line: 1}
	}
	if own := path.Clean("x/" + a.Front.Scalar("path")); a.Front.Scalar("path") != "" && (own == "x" || !strings.HasPrefix(own, "x/")) {
		return a.Held("path", "the site's own, or out of it")
	}
	var doubt *post.Omission
	for _, key := range []string{"render", "include_in_feeds"} {
		on, set := a.Front.Bool(key)
		switch {
		case set && !on:
			return a.Says(key, "")
		case !set && a.Front.Values[key] != nil:
			doubt = dialect.Omitted(doubt, a.Held(key, "neither true nor false"))
		}
	}
	if key := mistyped(&a.Front); doubt == nil && key != "" {
		return a.Held(key, "of a type that Zola does not take")
	}
	if name := z.undefinedTaxonomy(a); doubt == nil && name != "" {
		return a.Held(name, "a taxonomy that the config does not have")
	}
	return doubt
}

// isSectionToo tells whether the page of a folder stands where its section does, of the
// same language and rendered. That of all content always is.
func (z *Engine) isSectionToo(a *dialect.Page, folder, base string) bool {
	if folder == "." && base == "index.md" {
		return true
	}
	around := zolaFoldersOf(a)
	return around != nil && around.pages[path.Join(folder, "_"+base)]
}

// undefinedTaxonomy is the first taxonomy of a page that the site does not have in any
// language; "" for none. Zola does not build such a page.
func (z *Engine) undefinedTaxonomy(a *dialect.Page) string {
	if z.own == nil {
		return ""
	}
	known := taxonomyNames(z.own.Setting("taxonomies"))
	languages, _ := z.own.Setting("languages").(map[string]any)
	for _, settings := range languages {
		if settings, ok := settings.(map[string]any); ok {
			known = append(known, taxonomyNames(settings["taxonomies"])...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Front.Table("taxonomies"))) {
		if !slices.Contains(known, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

func taxonomyNames(v any) []string {
	var names []string
	list, _ := v.([]any)
	for _, item := range list {
		if table, ok := item.(map[string]any); ok {
			name, _ := table["name"].(string)
			names = append(names, strings.ToLower(name))
		}
	}
	return names
}
