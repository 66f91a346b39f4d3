package templates

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"publisher/internal/private"
)

// fileCheck keeps private files from being read as templates, and so from being mailed.
type fileCheck struct {
	dir, root string
	seen      *private.Seen
}

// check reports whether to skip a file of the folder. For a link to a place where templates
// cannot be, it returns an *Error.
func (g *fileCheck) check(file string, info fs.FileInfo) (skip bool, err error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return false, fmt.Errorf("reading the templates: %w", err)
	}
	place, isPrivate := g.seen.Holds(real, info)
	dir := private.Resolve(g.dir)
	if _, named := g.seen.Holds(real, nil); named && real == filepath.Join(dir, filepath.Base(file)) {
		return true, nil // a private file in the folder of templates itself
	}
	rel, below := g.below(dir, real)
	if !below {
		rel, below = g.below(private.Resolve(g.root), real)
	}
	switch {
	case isPrivate:
		return false, &Error{File: file, Message: fmt.Sprintf("is another name of %s, which is private (%s); replace it by a template, or delete it", real, place.What)}
	case !below || private.IsHidden(rel):
		return false, &Error{File: file, Message: fmt.Sprintf("is a symbolic link to %s, where templates cannot be; copy the file", real)}
	}
	return false, nil
}

func (g *fileCheck) below(folder, real string) (string, bool) {
	rel, err := filepath.Rel(folder, real)
	return rel, err == nil && filepath.IsLocal(rel)
}
