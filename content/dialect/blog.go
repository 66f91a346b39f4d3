package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"publisher/content/liquid"
	"publisher/content/markdown"
)

// Blog is one blog as its engine reads it: its settings, the files beside its posts, and the
// posts that the last scan found. It is safe for concurrent use.
type Blog struct {
	Site     *Site
	Engine   Engine
	Settings *Settings // nil if no engine's config was found
	Markdown *markdown.Converter
	// Include is content.include, the globs of posts to publish in any case.
	Include []string
	// Posts is what the last scan found, for links between posts.
	Posts atomic.Pointer[PostIndex]
	// Includes remembers includes that are the same in every post.
	Includes liquid.IncludeCache
	// FolderData is what the last scan read beside the posts.
	FolderData atomic.Pointer[FolderData]
}

// ReadAgain reads one file of the tree again.
func (b *Blog) ReadAgain(rel string) (*Source, error) {
	real := b.Site.LocalFile(rel)
	if real == "" {
		return nil, fmt.Errorf("the file %s is gone", filepath.Join(b.Site.Dir, filepath.FromSlash(rel)))
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	src := b.Reader().Read(File{Path: rel, Real: real, Size: info.Size(), ModTime: info.ModTime()})
	for _, p := range src.Problems {
		if p.Invalid {
			return nil, fmt.Errorf("line %d: %s", p.Line, p.Message)
		}
	}
	return src, nil
}
