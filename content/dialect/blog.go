package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"publisher/content/liquid"
	"publisher/content/markdown"
	"sync/atomic"
)

// blog is one blog as its engine reads it: the settings, the files beside the posts, and the posts
// that the last scan found. It is safe for concurrent use.
type Blog struct {
	Site     *Site
	Engine   Engine
	Own      *Settings // nil where no engine's config was found
	Markdown *markdown.Converter
	// include are the patterns of content.include.
	Include []string
	// posts are those that the last scan found: where links between posts lead.
	Posts atomic.Pointer[PostIndex]
	// includes are those that come to the same in every post.
	Includes liquid.PureIncludes
	// folders are what the last scan found beside the posts.
	Folders atomic.Pointer[Folders]
}

// open reads one file of the tree again.
func (b *Blog) Open(rel string) (*Source, error) {
	real := b.Site.Local(rel)
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
