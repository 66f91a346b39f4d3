package content

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// readIgnored takes over ignored_content. Zola does not build a site of which it
// cannot read the setting.
func (z *zola) readIgnored() {
	switch v := z.own.setting("ignored_content").(type) {
	case nil:
	case []any:
		if slices.ContainsFunc(v, func(item any) bool { _, ok := item.(string); return !ok }) {
			z.doubt = z.doubts(z.own, "ignored_content holds what is not text", "ignored_content")
			return
		}
		for _, text := range listOf(v, whole) {
			z.ignored = append(z.ignored, globset(text))
			if !isGlobset(text) {
				z.doubt = z.doubts(z.own, "ignored_content: "+text+" is not a glob", "ignored_content")
			}
		}
	default:
		z.doubt = z.doubts(z.own, "ignored_content is not a list of globs", "ignored_content")
	}
}

// leavesOut compares the whole path, as Zola does.
func (z *zola) leavesOut(file string) *Omission {
	if base := path.Base(file); !strings.HasSuffix(base, ".md") {
		return &Omission{Reason: "Zola reads only .md files", Path: file}
	}
	full := bytesAsRunes(filepath.ToSlash(filepath.Join(z.dir, filepath.FromSlash(file))))
	for _, p := range z.ignored {
		if p.re.MatchString(full) {
			return z.leaves(z.own, "ignored_content: "+p.text, "ignored_content")
		}
	}
	if tag := zolaLanguage(file); tag != "" && z.hasLanguages() && !z.isLanguage(tag) {
		return z.doubts(z.own, path.Base(file)+": "+tag+" is none of the languages, so that Zola does not build it", "languages")
	}
	return z.doubt
}

// zolaLanguage is what a file's name has behind its first dot, which is a language on a
// site that has several.
func zolaLanguage(file string) string {
	_, tag, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".md"), ".")
	return tag
}

func (z *zola) hasLanguages() bool {
	languages, _ := z.own.setting("languages").(map[string]any)
	return len(languages) > 0
}

// isLanguage compares as the settings spell it, but for case, which they have lost.
func (z *zola) isLanguage(tag string) bool {
	languages, _ := z.own.setting("languages").(map[string]any)
	_, found := languages[strings.ToLower(tag)]
	return found || tag == cmp.Or(z.language, "en")
}

// readChoices holds all posts where a setting that decides on their addresses is not one
// that Zola takes.
func (z *zola) readChoices() {
	slugify, _ := z.own.setting("slugify").(map[string]any)
	switch paths := slugify["paths"]; paths {
	case nil, "on", "safe", "off":
	default:
		z.doubt = omitted(z.doubt, z.doubts(z.own, "slugify.paths is none of on, safe and off", "slugify", "paths"))
	}
	if languages := z.own.setting("languages"); languages != nil {
		if _, ok := languages.(map[string]any); !ok {
			z.doubt = omitted(z.doubt, z.doubts(z.own, "languages is no table", "languages"))
		}
	}
}

// omits knows what Zola keeps out of lists and feeds, and draft sections, which
// take all that is below them.
func (z *zola) omits(a *article) *Omission {
	folder := path.Dir(path.Join(z.below, a.path))
	for at := folder; ; at = path.Dir(at) {
		if a.around != nil && a.around.drafts[strings.TrimPrefix(at, ".")] != nil {
			return a.around.drafts[strings.TrimPrefix(at, ".")]
		}
		if at == "." {
			break
		}
	}
	if a.front.form != yamlForm && a.front.form != tomlForm {
		return &Omission{Held: true, Reason: "no front matter that Zola reads", Path: a.path, Line: 1}
	}
	if base := path.Base(a.path); strings.HasPrefix(base, "index.") && z.isSectionToo(a, folder, base) {
		return &Omission{Held: true, Reason: base + " in the folder of a section, which Zola does not build", Path: a.path, Line: 1}
	}
	if own := path.Clean("x/" + a.front.scalar("path")); a.front.scalar("path") != "" && (own == "x" || !strings.HasPrefix(own, "x/")) {
		return a.held("path", "the site's own, or out of it")
	}
	var doubt *Omission
	for _, key := range []string{"render", "include_in_feeds"} {
		on, set := a.front.truth(key)
		switch {
		case set && !on:
			return a.says(key, "")
		case !set && a.front.values[key] != nil:
			doubt = omitted(doubt, a.held(key, "neither true nor false"))
		}
	}
	if key := mistyped(&a.front); doubt == nil && key != "" {
		return a.held(key, "of a type that Zola does not take")
	}
	if name := z.undefinedTaxonomy(a); doubt == nil && name != "" {
		return a.held(name, "a taxonomy that the config does not have")
	}
	return doubt
}

// isSectionToo tells whether the page of a folder stands where its section does, of the
// same language and rendered. That of all content always is.
func (z *zola) isSectionToo(a *article, folder, base string) bool {
	if folder == "." && base == "index.md" {
		return true
	}
	if a.around == nil {
		return false
	}
	_, found := a.around.pages[path.Join(folder, "_"+base)]
	return found
}

// readSection remembers that a section is a draft, or may be one.
func (z *zola) readSection(s *sections, name, text string) {
	fm, _, _, err := splitZola(text)
	folder := strings.TrimPrefix(path.Dir(name), ".")
	if on, set := fm.truth("render"); on || !set {
		s.pages[name] = ""
	}
	rel := z.fromContentDir(name)
	draft, set := fm.truth("draft")
	o := &Omission{Reason: "draft: true of the section", Path: rel, Line: fm.lineOf("draft")}
	switch {
	case err != nil:
		*o = Omission{Held: true, Reason: "the section's front matter does not parse", Path: rel, Line: 1}
	case fm.form == noFrontMatter:
		*o = Omission{Held: true, Reason: "the section has no front matter that Zola reads", Path: rel, Line: 1}
	case !set && fm.has("draft"):
		o.Held, o.Reason = true, "draft of the section is neither true nor false"
	case mistyped(&fm) != "":
		o.Held, o.Reason = true, mistyped(&fm)+" of the section is of a type that Zola does not take"
	case !draft:
		return
	}
	if before := s.drafts[folder]; before == nil || before.Held {
		s.drafts[folder] = o
	}
}

// undefinedTaxonomy is the first taxonomy of a page that the site does not have in any
// language; "" for none. Zola does not build such a page.
func (z *zola) undefinedTaxonomy(a *article) string {
	if z.own == nil {
		return ""
	}
	known := taxonomyNames(z.own.setting("taxonomies"))
	languages, _ := z.own.setting("languages").(map[string]any)
	for _, settings := range languages {
		if settings, ok := settings.(map[string]any); ok {
			known = append(known, taxonomyNames(settings["taxonomies"])...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.front.table("taxonomies"))) {
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
