package content

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/internal/config"
	"publisher/internal/private"
)

// Publishes tells whether the blog's engine copies a file, or a folder, into the site
// that it makes, or would if it were there, as far as its settings say. why is words such as "Hugo copies what is
// in static into the site; move it away"; "" where it does not. file is absolute.
func (t *Tree) Publishes(file string) (why string) {
	if t.blog.own == nil {
		return ""
	}
	real := private.Resolve(file)
	rel, err := filepath.Rel(t.blog.own.root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	rel = filepath.ToSlash(rel)
	switch e := t.blog.engine.(type) {
	case *jekyll:
		return e.copies(real)
	case *eleventy:
		return e.passesThrough(rel)
	}
	for _, folder := range t.blog.own.copiedFolders() {
		if folder == "." || rel == folder || strings.HasPrefix(rel, folder+"/") {
			return fmt.Sprintf("%s copies what is in %s into the site; move it out of there", (&Blog{Dialect: t.blog.own.dialect}).Engine(), folder)
		}
	}
	return ""
}

// copies is about the source folder, of which Jekyll copies all that its filter lets
// through.
func (j *jekyll) copies(file string) string {
	rel, err := filepath.Rel(j.source(), file)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	folder := ""
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if j.filtered(folder, part) != nil {
			return ""
		}
		folder = path.Join(folder, part)
	}
	return fmt.Sprintf("Jekyll copies it into the site; add %s to exclude in _config.yml", filepath.ToSlash(rel))
}

// copiedFolders are those that the engine copies as they are, from its config's folder.
func (o *ownConfig) copiedFolders() []string {
	var folders []string
	add := func(base, folder string) {
		if folder = path.Join(base, folder); filepath.IsLocal(filepath.FromSlash(folder)) {
			folders = append(folders, folder)
		}
	}
	switch o.dialect {
	case config.Hugo:
		static := listOf(o.setting("staticdir"), whole)
		if len(static) == 0 {
			static = []string{"static"}
		}
		for _, folder := range static {
			add("", folder)
		}
		add("", contentFolder(o)) // what is no page there is a resource of one
	case config.Zola:
		add("", "static")
		add("", "content")
	case config.Pelican:
		static := []string{"images"}
		if set, ok := o.setting("static_paths").([]any); ok {
			static = listOf(set, whole)
		}
		for _, folder := range static {
			add(contentFolder(o), folder)
		}
	}
	return folders
}

var (
	passCall   = regexp.MustCompile(`\.addPassthroughCopy\(`)
	passString = regexp.MustCompile("[\"'`]([^\"'`\n]+)[\"'`]")
)

// passesThrough knows the files and globs that the config passes to
// addPassthroughCopy as plain texts.
func (e *eleventy) passesThrough(rel string) string {
	for _, f := range e.own.files {
		text := blankComments(f.text)
		for _, at := range passCall.FindAllStringIndex(text, -1) {
			argument, _, _ := strings.Cut(text[at[1]:min(len(text), at[1]+1000)], ")")
			for _, m := range passString.FindAllStringSubmatch(argument, -1) {
				from := path.Clean(strings.TrimPrefix(m[1], "/"))
				matched, _ := doublestar.Match(from, rel)
				if matched || from == "." || rel == from || strings.HasPrefix(rel, from+"/") {
					return fmt.Sprintf("Eleventy copies it into the site, by addPassthroughCopy(%q) in %s; name other files there", m[1], path.Base(filepath.ToSlash(f.name)))
				}
			}
		}
	}
	return ""
}
