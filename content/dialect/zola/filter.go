package zola

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/glob"
	"publisher/content/post"
)

// readIgnored reads ignored_content. Zola does not build a site with a malformed one.
func (z *Engine) readIgnored() {
	switch v := z.settings.Value("ignored_content").(type) {
	case nil:
	case []any:
		if slices.ContainsFunc(v, func(item any) bool { _, ok := item.(string); return !ok }) {
			z.doubt = z.HeldBy(z.settings, "ignored_content contains a value that is not text", "ignored_content")
			return
		}
		for _, text := range frontmatter.Strings(v, frontmatter.NoSplit) {
			z.ignored = append(z.ignored, glob.Zola(text))
			if !glob.IsZola(text) {
				z.doubt = z.HeldBy(z.settings, "ignored_content: "+text+" is not a glob", "ignored_content")
			}
		}
	default:
		z.doubt = z.HeldBy(z.settings, "ignored_content is not a list of globs", "ignored_content")
	}
}

// PathOmission matches the whole path, as Zola does.
func (z *Engine) PathOmission(file string) *post.Omission {
	if base := path.Base(file); !strings.HasSuffix(base, ".md") {
		return &post.Omission{Reason: "Zola reads only .md files", Path: file}
	}
	full := glob.ByteRunes(filepath.ToSlash(filepath.Join(z.Dir, filepath.FromSlash(file))))
	for _, p := range z.ignored {
		if p.Re.MatchString(full) {
			return z.OmittedBy(z.settings, "ignored_content: "+p.Text, "ignored_content")
		}
	}
	if tag := languageInName(file); tag != "" && z.hasLanguages() && !z.isLanguage(tag) {
		return z.HeldBy(z.settings, path.Base(file)+": "+tag+" is not one of the languages, so Zola does not build it", "languages")
	}
	return z.doubt
}

// languageInName returns what follows the first dot of a file's name, which is a language on a
// site with several.
func languageInName(file string) string {
	_, tag, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".md"), ".")
	return tag
}

func (z *Engine) hasLanguages() bool {
	languages, _ := z.settings.Value("languages").(map[string]any)
	return len(languages) > 0
}

// isLanguage compares as the settings spell a language, but for the case that they have lost.
func (z *Engine) isLanguage(tag string) bool {
	languages, _ := z.settings.Value("languages").(map[string]any)
	_, found := languages[strings.ToLower(tag)]
	return found || tag == cmp.Or(z.language, "en")
}

// checkAddressSettings holds all posts if a setting that decides on their addresses is malformed.
func (z *Engine) checkAddressSettings() {
	slugify, _ := z.settings.Value("slugify").(map[string]any)
	switch paths := slugify["paths"]; paths {
	case nil, "on", "safe", "off":
	default:
		z.doubt = dialect.PickOmission(z.doubt, z.HeldBy(z.settings, "slugify.paths is not one of on, safe, off", "slugify", "paths"))
	}
	if languages := z.settings.Value("languages"); languages != nil {
		if _, ok := languages.(map[string]any); !ok {
			z.doubt = dialect.PickOmission(z.doubt, z.HeldBy(z.settings, "languages is not a table", "languages"))
		}
	}
}

// PageOmission knows what Zola keeps out of lists and feeds, and draft sections, which apply to
// all below them.
func (z *Engine) PageOmission(p *dialect.Page) *post.Omission {
	folder := path.Dir(path.Join(z.Subdir, p.Path))
	around := foldersOf(p)
	if around != nil {
		for at := range dialect.Ancestors(strings.TrimPrefix(folder, ".")) {
			if draft := around.drafts[at]; draft != nil {
				return draft
			}
		}
	}
	if p.Front.Form != frontmatter.YAML && p.Front.Form != frontmatter.TOML {
		return &post.Omission{Held: true, Reason: "no front matter in a form that Zola reads", Path: p.Path, Line: 1}
	}
	if base := path.Base(p.Path); strings.HasPrefix(base, "index.") && z.isSectionToo(p, folder, base) {
		return &post.Omission{Held: true, Reason: base + " in a section's folder, which Zola does not build", Path: p.Path, Line: 1}
	}
	if own := path.Clean("x/" + p.Front.Scalar("path")); p.Front.Scalar("path") != "" && (own == "x" || !strings.HasPrefix(own, "x/")) {
		return p.HeldBy("path", "the site's root, or outside it")
	}
	var doubt *post.Omission
	for _, key := range []string{"render", "include_in_feeds"} {
		on, set := p.Front.Bool(key)
		switch {
		case set && !on:
			return p.OmittedBy(key, "")
		case !set && p.Front.Values[key] != nil:
			doubt = dialect.PickOmission(doubt, p.HeldBy(key, "neither true nor false"))
		}
	}
	if key := mistyped(&p.Front); doubt == nil && key != "" {
		return p.HeldBy(key, "of a type that Zola rejects")
	}
	if name := z.undefinedTaxonomy(p); doubt == nil && name != "" {
		return p.HeldBy(name, "a taxonomy that the config does not define")
	}
	return doubt
}

// isSectionToo reports whether a folder's page is where its section is, in the same language and
// rendered. The root of the content always is one.
func (z *Engine) isSectionToo(p *dialect.Page, folder, base string) bool {
	if folder == "." && base == "index.md" {
		return true
	}
	around := foldersOf(p)
	return around != nil && around.pages[path.Join(folder, "_"+base)]
}

// undefinedTaxonomy returns the first taxonomy of a page that no language of the site defines, or
// "". Zola does not build such a page.
func (z *Engine) undefinedTaxonomy(p *dialect.Page) string {
	if z.settings == nil {
		return ""
	}
	known := taxonomyNames(z.settings.Value("taxonomies"))
	languages, _ := z.settings.Value("languages").(map[string]any)
	for _, settings := range languages {
		if settings, ok := settings.(map[string]any); ok {
			known = append(known, taxonomyNames(settings["taxonomies"])...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Front.Table("taxonomies"))) {
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
