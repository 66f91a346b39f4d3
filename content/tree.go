package content

import (
	"context"

	"publisher/config"
)

// Tree is one blog's content folder, read by the rules of its engine.
// It is safe for concurrent use.
type Tree struct{ cfg *config.Config }

// Open finds the dialect of the tree and reads the engine's own settings.
// It fails where content.dir is missing or not a folder.
func Open(cfg *config.Config) (*Tree, error) { return &Tree{cfg: cfg}, nil }

// Scan is what one look over the tree found.
type Scan struct {
	// Posts are all valid posts, drafts and future ones included, by path.
	Posts []*Post
	// Problems are warnings and invalid files, by path and line.
	Problems []Problem
	// Invalid counts the files left out.
	Invalid int
	// Read counts the files that had to be read: the others were as remembered.
	Read int
	// Snapshot remembers this scan for the next one.
	Snapshot *Snapshot
	// Same says that nothing differs from the snapshot the scan was given.
	Same bool
}

// Snapshot remembers what a scan made of each file, so that the next one reads
// only files whose size or modification time changed.
type Snapshot struct{}

func (s *Snapshot) MarshalBinary() ([]byte, error)    { return nil, nil }
func (s *Snapshot) UnmarshalBinary(data []byte) error { return nil }

// Scan walks the tree. last may be nil; it is ignored where the config, the
// engine's config or the program's version (given here as build) has changed.
func (t *Tree) Scan(ctx context.Context, last *Snapshot, build string) (*Scan, error) {
	return nil, nil
}

// Render makes HTML of the post's body. Problems (an unknown shortcode, a link
// to a file that is not there) do not keep a post from being rendered.
func (t *Tree) Render(ctx context.Context, p *Post) (*Rendering, []Problem, error) {
	return nil, nil, nil
}
