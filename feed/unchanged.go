package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"sync"

	"publisher/config"
	"publisher/content"
)

// Earlier is what the caller remembers of the Write before: a feed whose inputs
// are those of then is not made again.
type Earlier struct {
	// Documents are those of the earlier Result that still lie where they were
	// written, untouched.
	Documents []Document
	// Alone tells whether a rendering follows from the post alone: not from
	// pictures, included files and the like, which may change without it. nil: no.
	Alone func(p *content.Post, r *content.Rendering) bool
	// Build is the program's version: another one may write the same post otherwise.
	Build string
}

// inputs makes the hash of all that a feed is made of, its posts' renderings aside.
type inputs struct {
	settings []byte
	posts    map[*content.Post][]byte
}

// newInputs hashes the settings, and every post once: many feeds show it. A
// rendering follows from its post, and from where the posts are that it links to.
func newInputs(cfg *config.Config, build string, items []Item) (*inputs, error) {
	settings := sha256.New()
	encoder := json.NewEncoder(settings)
	err := encoder.Encode([]any{build, cfg.Site, cfg.Site.URL.String(), cfg.Site.Timezone.String(), cfg.Content, cfg.Feeds})
	if err != nil {
		return nil, err
	}
	in := &inputs{posts: make(map[*content.Post][]byte, len(items))}
	var buf bytes.Buffer
	for _, it := range items {
		buf.Reset()
		post := *it.Post
		post.ModTime = post.Date // a file may be touched without being changed
		if err := json.NewEncoder(&buf).Encode([]any{it.ID, it.Updated, post}); err != nil {
			return nil, err // a year that JSON cannot write; the gate says so
		}
		sum := sha256.Sum256(buf.Bytes())
		in.posts[it.Post] = sum[:]
		io.WriteString(settings, it.Post.Path+"\n"+it.Post.URL+"\n") //nolint:errcheck // a hash takes all
	}
	in.settings = settings.Sum(nil)
	return in, nil
}

func (in *inputs) of(o *outline) string {
	hash := sha256.New()
	hash.Write(in.settings)
	// Strings in JSON cannot run into each other.
	json.NewEncoder(hash).Encode([]any{o.dir, o.title, o.archive, o.prev, o.next}) //nolint:errcheck // strings only
	for _, it := range o.items {
		hash.Write(in.posts[it.Post])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// skip takes the outlines off whose documents lie there as they would be made,
// and returns what those are.
func (p *press) skip(earlier Earlier, items []Item) []outcome {
	items = slices.Clone(items)
	slices.SortFunc(items, newestFirst) // the order in which a tree is read is no input
	in, err := newInputs(p.cfg, earlier.Build, items)
	if err != nil || earlier.Alone == nil {
		return nil
	}
	lies := make(map[string]Document, len(earlier.Documents))
	for _, doc := range earlier.Documents {
		lies[doc.Path] = doc
	}
	var kept []outcome
	p.outlines = slices.DeleteFunc(p.outlines, func(o *outline) bool {
		o.inputs = in.of(o)
		var same []outcome
		for _, f := range p.formats {
			doc, ok := lies[p.path(o.dir, f.file)]
			if !ok || doc.Inputs != o.inputs || doc.SHA256 == "" || p.wanted[doc.Path] > 1 {
				return false
			}
			same = append(same, outcome{Document: doc})
		}
		kept = append(kept, same...)
		return true
	})
	return kept
}

// loners remembers which posts are rendered from themselves alone.
type loners struct {
	alone func(*content.Post, *content.Rendering) bool
	mu    sync.Mutex
	not   map[*content.Post]bool
}

func (l *loners) look(p *content.Post, r *content.Rendering) {
	if l.alone != nil && l.alone(p, r) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.not == nil {
		l.not = map[*content.Post]bool{}
	}
	l.not[p] = true
}

// all tells whether every post of a feed that has been made is a loner.
func (l *loners) all(o *outline) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(o.items, func(it Item) bool { return l.not[it.Post] })
}
