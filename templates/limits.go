package templates

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"publisher/internal/private"
)

// guard keeps what is private from being taken for a template, and so from being
// mailed.
type guard struct {
	dir, root string
	seen      *private.Seen
}

// check tells of a file of the folder whether it is to be skipped. A link that leads
// where no template can be is an *Error.
func (g *guard) check(file string, info fs.FileInfo) (skip bool, err error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return false, fmt.Errorf("reading the templates: %w", err)
	}
	place, isPrivate := g.seen.Holds(real, info)
	dir := private.Resolve(g.dir)
	if _, named := g.seen.Holds(real, nil); named && real == filepath.Join(dir, filepath.Base(file)) {
		return true, nil // the folder has more in it than templates
	}
	rel, below := g.below(dir, real)
	if !below {
		rel, below = g.below(private.Resolve(g.root), real)
	}
	switch {
	case isPrivate:
		return false, &Error{File: file, Message: fmt.Sprintf("is another name of %s, which is private (%s); put a template there, or delete it", real, place.What)}
	case !below || private.IsHidden(rel):
		return false, &Error{File: file, Message: fmt.Sprintf("is a symbolic link to %s, where no template can be; copy the file", real)}
	}
	return false, nil
}

func (g *guard) below(folder, real string) (string, bool) {
	rel, err := filepath.Rel(folder, real)
	return rel, err == nil && filepath.IsLocal(rel)
}
