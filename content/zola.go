package content

import (
	"path"
	"strings"
)

// zola reads posts as Zola does.
type zola struct{ folderEngine }

func newZola(s *site) *zola { return &zola{folderEngine{s}} }

func (z *zola) covers(p string) bool { return !strings.HasPrefix(path.Base(p), "_index.") }

func (z *zola) isPage(a *article) bool {
	return !a.front.has("date") && a.name.date == "" && a.front.form != noFrontMatter
}

func (z *zola) complete(a *article) {
	if a.post.Date.IsZero() && a.name.date != "" {
		a.post.Date, _ = parseDate(a.name.date, z.loc)
	}
	taxonomies := a.front.table("taxonomies")
	a.categories = names(append(a.categories, listOf(taxonomies["categories"], whole)...))
	a.setTags(append(a.front.list("tags", byComma), listOf(taxonomies["tags"], whole)...))
	a.post.Summary = strings.TrimSpace(a.front.scalar("summary"))
	a.titleSlug = asciiSlug(a.post.Title)
	if a.slug == "" {
		a.slug = a.name.stem
	}
	a.slug = asciiSlug(a.slug)
}

func (z *zola) address(a *article) string {
	if own := a.front.scalar("path"); own != "" {
		return strings.TrimSuffix(own, "/") + "/"
	}
	if z.permalink != "" {
		return a.expand(z.permalink)
	}
	return "/" + a.slugPath(path.Join(z.below, a.name.dir)) + "/" + a.slug + "/"
}

func (z *zola) slugify(text string) string { return asciiSlug(text) }

func (z *zola) expand(m *macros, text string) string { return expandZola(m, text) }

func (z *zola) writing() writing {
	return writing{summaryKeys: []string{"summary"}, markFirst: true}
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
