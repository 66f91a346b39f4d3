package jekyll

import (
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"regexp"
	"time"
)

// jekyllName is what makes a file's name that of a post.
var jekyllName = regexp.MustCompile(`^(\d{2,4}-\d{1,2}-\d{1,2})-(.*)$`)

// yamlTime is the timestamp without an offset, which YAML 1.1 takes for UTC.
var yamlTime = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?$`)

// readDate reads a date of the front matter as Ruby and its YAML parser do.
func (j *Engine) ReadDate(front *frontmatter.Block, key, text string) (time.Time, bool) {
	loc := j.Loc
	if loc != time.UTC && front.Form == frontmatter.YAML && yamlTime.MatchString(text) && !front.IsQuoted(key) {
		loc = time.UTC
	}
	return liquid.RubyDate(text, loc)
}
