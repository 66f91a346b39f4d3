package content

import (
	"publisher/internal/private"
)

// Publishes tells whether the blog's engine copies a file, or a folder, into the site
// that it makes, or would if it were there, as far as its settings say. why is words such as "Hugo copies what is
// in static into the site; move it away"; "" where it does not. file is absolute.
func (t *Tree) Publishes(file string) (why string) {
	if t.blog.Settings == nil {
		return ""
	}
	return t.blog.Engine.CopyNotice(private.Resolve(file))
}
