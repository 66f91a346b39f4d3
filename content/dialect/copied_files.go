package dialect

import (
	"fmt"
	"path/filepath"
	"strings"
)

// CopiedFrom returns the sentence of Engine.CopyNotice for a file below one of the folders,
// relative to the blog's root, that the engine copies as they are, else "".
func (s *Site) CopiedFrom(engine, file string, folders ...string) string {
	rel, err := filepath.Rel(s.Root, file)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	rel = filepath.ToSlash(rel)
	for _, folder := range folders {
		if filepath.IsLocal(filepath.FromSlash(folder)) && (folder == "." || rel == folder || strings.HasPrefix(rel, folder+"/")) {
			return fmt.Sprintf("%s copies what is in %s into the site; move it out of there", engine, folder)
		}
	}
	return ""
}
