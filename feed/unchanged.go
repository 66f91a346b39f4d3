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
	// Rests tells what a rendering follows from; nil: from who knows what.
	Rests func(p *content.Post, r *content.Rendering) Basis
	// Build is the program's version: another one may write the same post otherwise.
	Build string
}

// Basis is what a rendering follows from, and may change with.
type Basis int

const (
	OnAnything  Basis = iota // pictures, included files and the like
	OnAddresses              // the post and where other posts are
	OnItself                 // the post alone
)

// inputs makes the hash of all that a feed is made of, its posts' renderings aside.
type inputs struct {
	settings  []byte
	addresses []byte // of all posts
	posts     map[*content.Post][]byte
}

// newInputs hashes the settings, and every post that is shown once: many feeds show it.
func newInputs(cfg *config.Config, build string, items []Item, outlines []*outline) (*inputs, error) {
	settings, addresses := sha256.New(), sha256.New()
	encoder := json.NewEncoder(settings)
	err := encoder.Encode([]any{build, cfg.Site, cfg.Site.URL.String(), cfg.Site.Timezone.String(), cfg.Languages, cfg.Content, cfg.Feeds})
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		io.WriteString(addresses, it.Post.Path+"\n"+it.Post.URL+"\n") //nolint:errcheck // a hash takes all
	}
	in := &inputs{settings: settings.Sum(nil), addresses: addresses.Sum(nil), posts: map[*content.Post][]byte{}}
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

// of is the hash of an outline whose posts all rest on no more than basis says;
// "" where that is anything.
func (in *inputs) of(o *outline, basis Basis) string {
	if basis == OnAnything {
		return ""
	}
	hash := sha256.New()
	hash.Write(in.settings)
	if basis == OnAddresses {
		hash.Write(in.addresses)
	}
	// Strings in JSON cannot run into each other.
	json.NewEncoder(hash).Encode([]any{o.dir, o.title, o.archive, o.prev, o.next}) //nolint:errcheck // strings only
	for _, it := range o.items {
		hash.Write(in.posts[it.Post])
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
	if basis == OnAddresses {
		hash.Write(in.addresses)
	}
	hash.Write(in.posts[it.Post])
	io.WriteString(hash, f.mediaType+"\n"+c.dir) //nolint:errcheck // a hash takes all
	copy(key[:], hash.Sum(nil))
	return key
}

// skip takes the outlines off whose documents lie there as they would be made,
// and returns what those are.
func (p *press) skip(earlier Earlier, items []Item) []outcome {
	items = slices.Clone(items)
	slices.SortFunc(items, newestFirst) // the order in which a tree is read is no input
	in, err := newInputs(p.cfg, earlier.Build, items, p.outlines)
	if err != nil || earlier.Rests == nil {
		return nil
	}
	p.inputs = in
	lies := make(map[string]Document, len(earlier.Documents))
	for _, doc := range earlier.Documents {
		lies[doc.Path] = doc
	}
	var kept []outcome
	p.outlines = slices.DeleteFunc(p.outlines, func(o *outline) bool {
		itself, addresses := in.of(o, OnItself), in.of(o, OnAddresses)
		var same []outcome
		for _, f := range p.formats {
			doc, ok := lies[p.path(o.dir, f.file)]
			if !ok || doc.Inputs != itself && doc.Inputs != addresses || doc.SHA256 == "" || p.wanted[doc.Path] > 1 {
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

func (b *bases) ofPost(p *content.Post) Basis {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byPost[p]
}

// of is what a feed that has been made rests on: the most that one of its posts does.
func (b *bases) of(o *outline) Basis {
	b.mu.Lock()
	defer b.mu.Unlock()
	basis := OnItself
	for _, it := range o.items {
		basis = min(basis, b.byPost[it.Post])
	}
	return basis
}
