package content

import (
	"publisher/internal/private"
)

// Publishes returns why the blog's engine copies a file or folder into the site that it builds,
// or would if it existed, as far as its settings say: a sentence such as "Hugo copies what is in
// static into the site; move it out of there", or "". file is absolute.
func (t *Tree) Publishes(file string) (why string) {
	if t.blog.Settings == nil {
		return ""
	}
	return t.blog.Engine.CopyNotice(private.Resolve(file))
}
