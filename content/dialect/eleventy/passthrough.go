package eleventy

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

var (
	passthroughCall = regexp.MustCompile(`\.addPassthroughCopy\(`)
	quotedString    = regexp.MustCompile("[\"'`]([^\"'`\n]+)[\"'`]")
)

// CopyNotice returns words for a file that matches a file or glob in the config's addPassthroughCopy.
func (e *Engine) CopyNotice(file string) string {
	rel, err := filepath.Rel(e.Root, file)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	rel = filepath.ToSlash(rel)
	for _, f := range e.settings.Files {
		text := blankComments(f.Text)
		for _, at := range passthroughCall.FindAllStringIndex(text, -1) {
			argument, _, _ := strings.Cut(text[at[1]:min(len(text), at[1]+1000)], ")")
			for _, m := range quotedString.FindAllStringSubmatch(argument, -1) {
				from := path.Clean(strings.TrimPrefix(m[1], "/"))
				matched, _ := doublestar.Match(from, rel)
				if matched || from == "." || rel == from || strings.HasPrefix(rel, from+"/") {
					return fmt.Sprintf("Eleventy copies it into the site, by addPassthroughCopy(%q) in %s; name other files there", m[1], path.Base(filepath.ToSlash(f.Name)))
				}
			}
		}
	}
	return ""
}
