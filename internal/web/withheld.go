package web

import (
	"io/fs"
	"os"
	"path/filepath"

	owner "publisher/internal/private"
)

// withheld reports whether a file of the output folder is private, whatever path leads to
// it: another name or link of a private file, a copy of the ledger or of a key, or the posts
// themselves with their drafts.
func (s *site) withheld(dir, name string, f *os.File, info fs.FileInfo) bool {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return true
	}
	real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return true
	}
	if rel, err := filepath.Rel(root, real); err != nil || owner.IsHidden(rel) {
		return true
	}
	if _, found := s.owned.Recent().Holds(real, info); found {
		return true
	}
	posts := owner.Resolve(s.Config.Path(s.Config.Content.Dir))
	if owner.Within(posts, root) && owner.Within(real, posts) {
		return true
	}
	head := make([]byte, owner.HeadSize)
	n, _ := f.ReadAt(head, 0)
	return owner.IsSecret(head[:n])
}
