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
	// Rests tells what a new rendering rests on; nil: on who knows what.
	Rests func(p *content.Post, r *content.Rendering) Basis
	// Rested tells, as things are now, what a post's last rendering rested on; nil where
	// none rested on more than its post.
	Rested func(p *content.Post) Basis
	// Memory is that of the Result before.
	Memory Memory
	// Build is the program's version: another one may write the same post otherwise.
	Build string
}

// Basis is a hash of what a rendering rests on beside its post: addresses of other
// posts, sizes of pictures and the like.
type Basis string

const (
	OnItself   Basis = ""  // the post alone
	OnAnything Basis = "?" // nobody knows
)

// inputs makes the hash of all that a feed is made of, its posts' renderings aside.
type inputs struct {
	settings []byte
	posts    map[*content.Post][]byte
}

// newInputs hashes the settings, and every post that is shown once: many feeds show it.
func newInputs(cfg *config.Config, build string, outlines []*outline) (*inputs, error) {
	settings := sha256.New()
	encoder := json.NewEncoder(settings)
	err := encoder.Encode([]any{build, cfg.Site, cfg.Site.URL.String(), cfg.Site.Timezone.String(), cfg.Languages, cfg.Content, cfg.Feeds})
	if err != nil {
		return nil, err
	}
	in := &inputs{settings: settings.Sum(nil), posts: map[*content.Post][]byte{}}
	for _, o := range outlines {
		for _, it := range o.items {
			if err := in.add(it); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

func (in *inputs) add(it Item) error {
	if in.posts[it.Post] != nil {
		return nil
	}
	var buf bytes.Buffer
	post := *it.Post
	post.ModTime = post.Date // a file may be touched without being changed
	if err := json.NewEncoder(&buf).Encode([]any{it.ID, it.Updated, post}); err != nil {
		return err // a year that JSON cannot write; the gate says so
	}
	sum := sha256.Sum256(buf.Bytes())
	in.posts[it.Post] = sum[:]
	return nil
}

// of is the hash of an outline; "" where one of its posts rests on anything.
func (in *inputs) of(o *outline, rests func(*content.Post) Basis) string {
	hash := sha256.New()
	hash.Write(in.settings)
	// Strings in JSON cannot run into each other.
	json.NewEncoder(hash).Encode([]any{o.dir, o.title, o.archive, o.prev, o.next, o.id}) //nolint:errcheck // strings only
	for _, it := range o.items {
		basis := rests(it.Post)
		if basis == OnAnything {
			return ""
		}
		hash.Write(in.posts[it.Post])
		io.WriteString(hash, string(basis)+"\n") //nolint:errcheck // a hash takes all
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// part is the hash of all that an item is made of in the documents of a collection
// and a format; zero where that is not all known.
func (in *inputs) part(c *collection, it Item, f format, basis Basis) (key partKey) {
	if basis == OnAnything {
		return key
	}
	hash := sha256.New()
	hash.Write(in.settings)
	hash.Write(in.posts[it.Post])
	io.WriteString(hash, string(basis)+"\n"+f.mediaType+"\n"+c.dir) //nolint:errcheck // a hash takes all
	copy(key[:], hash.Sum(nil))
	return key
}

// idKey is the hash that an item is found by whatever it was made of.
func idKey(c *collection, it Item, f format) (key partKey) {
	sum := sha256.Sum256([]byte("id\n" + it.ID + "\n" + f.mediaType + "\n" + c.dir))
	copy(key[:], sum[:])
	return key
}

// skip takes the outlines off whose documents lie there as they would be made,
// and returns what those are.
func (p *press) skip(earlier Earlier) []outcome {
	in, err := newInputs(p.cfg, earlier.Build, p.outlines)
	if err != nil || earlier.Rests == nil {
		return nil
	}
	p.inputs, p.rested = in, earlier.Rested
	if p.rested == nil {
		p.rested = func(*content.Post) Basis { return OnItself }
	}
	lies := make(map[string]Document, len(earlier.Documents))
	for _, doc := range earlier.Documents {
		lies[doc.Path] = doc
	}
	var kept []outcome
	p.outlines = slices.DeleteFunc(p.outlines, func(o *outline) bool {
		now := in.of(o, p.rested)
		var same []outcome
		for _, f := range p.formats {
			doc, ok := lies[p.path(o.dir, f.file)]
			if !ok || now == "" || doc.Inputs != now || doc.SHA256 == "" || p.wanted[doc.Path] > 1 {
				return false
			}
			same = append(same, outcome{Document: doc})
		}
		kept = append(kept, same...)
		return true
	})
	p.stock = newStock(p.disk, earlier.Documents, kept)
	return kept
}

// bases remembers what renderings rest on.
type bases struct {
	rests  func(*content.Post, *content.Rendering) Basis
	mu     sync.Mutex
	byPost map[*content.Post]Basis
}

func (b *bases) look(p *content.Post, r *content.Rendering) {
	if b.rests == nil {
		return
	}
	b.set(p, b.rests(p, r))
}

func (b *bases) set(p *content.Post, basis Basis) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byPost[p] = basis
}

// of is what a post in a feed that has been made rests on.
func (b *bases) of(p *content.Post) Basis {
	b.mu.Lock()
	defer b.mu.Unlock()
	if basis, ok := b.byPost[p]; ok {
		return basis
	}
	return OnAnything // it was not rendered
}
