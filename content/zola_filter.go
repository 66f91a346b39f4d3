package content

import (
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
			if strings.Count(text, "{") != strings.Count(text, "}") || strings.Count(text, "[") > strings.Count(text, "]") {
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
	full := filepath.ToSlash(filepath.Join(z.dir, filepath.FromSlash(file)))
	for _, p := range z.ignored {
		if p.re.MatchString(full) {
			return z.leaves(z.own, "ignored_content: "+p.text, "ignored_content")
		}
	}
	return z.doubt
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
	return doubt
}

// readSection remembers that a section is a draft, or may be one.
func (z *zola) readSection(s *sections, name, text string) {
	fm, _, _, err := splitFrontMatter(text)
	folder := strings.TrimPrefix(path.Dir(name), ".")
	rel := z.fromContentDir(name)
	draft, set := fm.truth("draft")
	o := &Omission{Reason: "draft: true of the section", Path: rel, Line: fm.lineOf("draft")}
	switch {
	case err != nil:
		*o = Omission{Held: true, Reason: "the section's front matter does not parse", Path: rel, Line: 1}
	case !set && fm.values["draft"] != nil:
		o.Held, o.Reason = true, "draft of the section is neither true nor false"
	case !draft:
		return
	}
	if before := s.drafts[folder]; before == nil || before.Held {
		s.drafts[folder] = o
	}
}
