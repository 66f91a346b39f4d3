package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"sync"

	"publisher/content"
	"publisher/internal/config"
)

// Previous is what the caller remembers of the previous Write: a feed whose inputs have
// not changed since is not built again.
type Previous struct {
	// Documents are those of the previous Result whose files are still as they were
	// written.
	Documents []Document
	// Rests returns what a new rendering depends on; nil if that is not known of any.
	Rests func(p *content.Post, r *content.Rendering) Fingerprint
	// Rested returns the present state of what a post's last rendering depended on; nil if
	// none depended on more than its post.
	Rested func(p *content.Post) Fingerprint
	// Memory is that of the previous Result.
	Memory Memory
	// Build is the program's version: another one may render the same post differently.
	Build string
}

// Fingerprint is a hash of what a rendering depends on besides its post: addresses of
// other posts, sizes of pictures and the like.
type Fingerprint string

const (
	OnItself   Fingerprint = ""  // only the post
	OnAnything Fingerprint = "?" // not known
)

// inputs hashes everything that a feed is made from, except its posts' renderings.
type inputs struct {
	settings []byte
	posts    map[*content.Post][]byte
}

// newInputs hashes the settings, and each post once, since many feeds show it.
func newInputs(cfg *config.Config, build string, plans []*plan) (*inputs, error) {
	settings := sha256.New()
	encoder := json.NewEncoder(settings)
	err := encoder.Encode([]any{build, cfg.Site, cfg.Site.URL.String(), cfg.Site.Timezone.String(), cfg.Languages, cfg.Content, cfg.Feeds})
	if err != nil {
		return nil, err
	}
	in := &inputs{settings: settings.Sum(nil), posts: map[*content.Post][]byte{}}
	for _, o := range plans {
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
	post.ModTime = post.Date // touching a file is not an edit
	if err := json.NewEncoder(&buf).Encode([]any{it.ID, it.Updated, post}); err != nil {
		return err // a year that JSON cannot write, which validate reports
	}
	sum := sha256.Sum256(buf.Bytes())
	in.posts[it.Post] = sum[:]
	return nil
}

// of returns the hash of a plan; "" if it is not known what one of its posts depends on.
func (in *inputs) of(o *plan, rests func(*content.Post) Fingerprint) string {
	hash := sha256.New()
	hash.Write(in.settings)
	// Strings in JSON cannot run into each other.
	json.NewEncoder(hash).Encode([]any{o.dir, o.title, o.archive, o.prev, o.next, o.id}) //nolint:errcheck // strings only
	for _, it := range o.items {
		fingerprint := rests(it.Post)
		if fingerprint == OnAnything {
			return ""
		}
		hash.Write(in.posts[it.Post])
		io.WriteString(hash, string(fingerprint)+"\n") //nolint:errcheck // a hash takes all
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// part returns the hash of everything that an item is made from in the documents of a
// collection and a format; zero if not all of that is known.
func (in *inputs) part(c *collection, it Item, f format, fingerprint Fingerprint) (key partKey) {
	if fingerprint == OnAnything {
		return key
	}
	hash := sha256.New()
	hash.Write(in.settings)
	hash.Write(in.posts[it.Post])
	io.WriteString(hash, string(fingerprint)+"\n"+f.mediaType+"\n"+c.dir) //nolint:errcheck // a hash takes all
	copy(key[:], hash.Sum(nil))
	return key
}

// idKey returns the hash by which an item is found, whatever it was made from.
func idKey(c *collection, it Item, f format) (key partKey) {
	sum := sha256.Sum256([]byte("id\n" + it.ID + "\n" + f.mediaType + "\n" + c.dir))
	copy(key[:], sum[:])
	return key
}

// skip removes the plans whose documents would come out as they are, and returns those
// documents.
func (b *builder) skip(previous Previous) []built {
	in, err := newInputs(b.cfg, previous.Build, b.plans)
	if err != nil || previous.Rests == nil {
		return nil
	}
	b.inputs, b.rested = in, previous.Rested
	if b.rested == nil {
		b.rested = func(*content.Post) Fingerprint { return OnItself }
	}
	lies := make(map[string]Document, len(previous.Documents))
	for _, doc := range previous.Documents {
		lies[doc.Path] = doc
	}
	var kept []built
	b.plans = slices.DeleteFunc(b.plans, func(o *plan) bool {
		now := in.of(o, b.rested)
		var same []built
		for _, f := range b.formats {
			doc, ok := lies[b.path(o.dir, f.file)]
			if !ok || now == "" || doc.Inputs != now || doc.SHA256 == "" || b.wanted[doc.Path] > 1 {
				return false
			}
			same = append(same, built{Document: doc})
		}
		kept = append(kept, same...)
		return true
	})
	b.previous = newPreviousItems(b.disk, previous.Documents, kept)
	return kept
}

// fingerprints remembers what renderings depend on.
type fingerprints struct {
	rests  func(*content.Post, *content.Rendering) Fingerprint
	mu     sync.Mutex
	byPost map[*content.Post]Fingerprint
}

func (b *fingerprints) look(p *content.Post, r *content.Rendering) {
	if b.rests == nil {
		return
	}
	b.set(p, b.rests(p, r))
}

func (b *fingerprints) set(p *content.Post, fingerprint Fingerprint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byPost[p] = fingerprint
}

// of returns what the rendering of a post in a feed that was built depends on.
func (b *fingerprints) of(p *content.Post) Fingerprint {
	b.mu.Lock()
	defer b.mu.Unlock()
	if fingerprint, ok := b.byPost[p]; ok {
		return fingerprint
	}
	return OnAnything // it was not rendered
}
