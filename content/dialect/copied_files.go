package dialect

import (
	"fmt"
	"path/filepath"
	"strings"
)

// CopiedFrom is the words for a file in one of the folders that an engine copies as they
// are, from its config's folder; "" for another file.
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
