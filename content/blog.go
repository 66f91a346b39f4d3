package content

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
)

// blog is one blog as its engine reads it: the settings, the files beside the posts, and the posts
// that the last scan found. It is safe for concurrent use.
type blog struct {
	site     *site
	engine   engine
	own      *ownConfig // nil where no engine's config was found
	markdown *markdownReader
	// include are the patterns of content.include.
	include []string
	// posts are those that the last scan found: where links between posts lead.
	posts atomic.Pointer[postIndex]
	// includes are those that come to the same in every post.
	includes pureIncludes
	// folders are what the last scan found beside the posts.
	folders atomic.Pointer[folders]
}

// open reads one file of the tree again.
func (b *blog) open(rel string) (*source, error) {
	real := b.site.local(rel)
	if real == "" {
		return nil, fmt.Errorf("the file %s is gone", filepath.Join(b.site.dir, filepath.FromSlash(rel)))
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	src := b.reader().read(file{path: rel, real: real, size: info.Size(), modTime: info.ModTime()})
	for _, p := range src.problems {
		if p.Invalid {
			return nil, fmt.Errorf("line %d: %s", p.Line, p.Message)
		}
	}
	return src, nil
}
