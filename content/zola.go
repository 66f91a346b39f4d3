package content

import (
	"path"
	"regexp"
	"strings"
)

// zola reads posts as Zola does.
type zola struct {
	folderEngine
	language  string // the default one
	slugging  string // on, safe or off
	slugs     zolaSlugs
	keepDates bool
	emoji     bool
	smart     bool
	listed    bool // footnotes are a list (bottom_footnotes)
	alerts    bool
	lists     bool // of definitions
	own       *ownConfig
	ignored   []pattern // ignored_content
	doubt     *Omission // of a malformed ignored_content
}

func newZola(s *site, own *ownConfig) *zola {
	z := &zola{folderEngine: folderEngine{site: s}, language: own.scalar("default_language"), slugging: "on", slugs: newZolaSlugs()}
	if slugify, ok := own.setting("slugify").(map[string]any); ok {
		if paths, ok := slugify["paths"].(string); ok {
			z.slugging = paths
		}
		z.keepDates = slugify["paths_keep_dates"] == "true"
	}
	z.own = own
	z.readIgnored()
	z.readChoices()
	markdown, _ := own.setting("markdown").(map[string]any)
	z.listed = markdown["bottom_footnotes"] == "true"
	z.emoji, z.smart = markdown["render_emoji"] == "true", markdown["smart_punctuation"] == "true"
	z.alerts, z.lists = markdown["github_alerts"] == "true", markdown["definition_list"] == "true"
	return z
}

// prepare takes from [extra] what has no key of its own in Zola.
func (z *zola) prepare(a *article) {
	if f := zolaFoldersOf(a); f != nil {
		a.global = f.global
	}
	a.inheritSome(a.front.table("extra"))
	if m := langSuffix.FindStringSubmatch(strings.TrimSuffix(path.Base(a.path), a.name.ext)); m != nil && strings.EqualFold(m[2], a.name.lang) {
		a.name.lang = m[2] // as it is spelt, which the address keeps
	}
	a.name.date = ""
	if m := zolaDate.FindStringSubmatch(a.name.full); m != nil {
		a.name.date = m[1]
	} else if m := pathDate.FindStringSubmatch(a.front.scalar("path")); m != nil {
		a.name.date = m[1] + "-" + m[2] + "-" + m[3]
	}
}

func (z *zola) covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

func (z *zola) isPage(a *article) bool {
	return a.name.full == "_index" || !a.front.has("date") && a.name.date == "" && a.front.form != noFrontMatter
}

// pageAddress is where a section or a page without a date stands.
func (z *zola) pageAddress(a *article) (string, bool) {
	if a.name.full != "_index" {
		return z.address(a), true
	}
	return z.inLanguage(a, path.Join(z.below, a.name.dir)+"/"), true
}

func (z *zola) complete(a *article) {
	if a.post.Date.IsZero() && a.name.date != "" {
		a.post.Date, _ = parseDate(a.name.date, z.loc)
	}
	taxonomies := a.front.table("taxonomies")
	a.categories = names(append(a.categories, listOf(taxonomies["categories"], whole)...))
	a.setTags(append(a.front.list("tags", byComma), listOf(taxonomies["tags"], whole)...))
	a.post.Summary = strings.TrimSpace(a.front.scalar("summary"))
	a.titleSlug = z.slugify(a.post.Title)
	if a.slug == "" {
		a.slug = a.name.full
		if m := zolaDate.FindStringSubmatch(a.name.full); m != nil && m[2] != "" && !z.keepDates {
			a.slug = m[2]
		}
	}
	a.slug = z.slugify(a.slug)
}

// zolaDate is the date that a file's name begins with, and what is left without.
var zolaDate = regexp.MustCompile(`^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?)(?:\s?[_-](.+)$)?`)

// pathDate is a date that the author's own path begins with.
var pathDate = regexp.MustCompile(`(?:^|/)(\d{4})[/-](\d{2})[/-](\d{2})(?:[/_-]|$)`)

func (z *zola) address(a *article) string {
	if own := strings.TrimSpace(a.front.scalar("path")); own != "" {
		return "/" + strings.TrimPrefix(strings.TrimSuffix(own, "/")+"/", "/")
	}
	if z.permalink != "" {
		return a.expand(z.permalink)
	}
	return z.inLanguage(a, path.Join(z.below, a.name.dir, a.slug)+"/")
}

func (z *zola) inLanguage(a *article, where string) string {
	if a.name.lang != "" && a.name.lang != z.language {
		where = a.name.lang + "/" + where
	}
	return "/" + strings.TrimPrefix(where, "/")
}

func (z *zola) slugify(text string) string {
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

func (z *zola) expand(m *macros, text string) string { return expandZola(m, text) }

func (z *zola) excerpts() excerptRule { return excerptRule{markFirst: true} }

func (z *zola) writing() markdownOptions {
	return markdownOptions{bareLinks: true, headings: asciiIDs, emoji: z.emoji, smart: z.smart,
		plainAlerts: !z.alerts, markup: markup{noDefinitions: !z.lists, pulldown: z.smart, labeledNotes: !z.listed}}
}

// resolve follows `@/folder/file.md`, which counts from the content folder.
func (z *zola) resolve(l *linker, dest string) (target, bool) {
	file, ok := strings.CutPrefix(dest, "@/")
	if !ok {
		return target{}, false
	}
	file, fragment := cutFragment(file)
	rest, below := strings.CutPrefix(file, z.below+"/")
	if below {
		file = rest
	}
	return l.toPost(file, fragment), true
}

func (z *zola) split(_, text string) (frontMatter, string, int, error) { return splitZola(text) }
