package jekyll

import (
	"regexp"
	"time"

	"publisher/content/frontmatter"
	"publisher/content/liquid"
)

// postName matches the file names of posts.
var postName = regexp.MustCompile(`^(\d{2,4}-\d{1,2}-\d{1,2})-(.*)$`)

// yamlTime matches a timestamp without an offset, which YAML 1.1 reads as UTC.
var yamlTime = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?$`)

// ParseDate parses a date of the front matter as Ruby and its YAML parser do.
func (e *Engine) ParseDate(front *frontmatter.Block, key, text string) (time.Time, bool) {
	loc := e.Location
	if loc != time.UTC && front.Form == frontmatter.YAML && yamlTime.MatchString(text) && !front.IsQuoted(key) {
		loc = time.UTC
	}
	return liquid.RubyDate(text, loc)
}
