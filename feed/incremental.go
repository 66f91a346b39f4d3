package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"time"

	"publisher/content/post"
	"publisher/internal/config"
)

// Previous is what the caller kept of the previous Update: a feed whose inputs have not
// changed since is not built again. With the zero value every feed is.
type Previous struct {
	// Documents are those of the previous Result whose files are still as they were
	// written.
	Documents []Document
	// Dependencies are those of the previous Result.
	Dependencies map[string]Dependencies
	// Memory is that of the previous Result.
	Memory Memory
	// Build is the program's version: another one may render the same post differently.
	Build string
	// Start is when this update began: a file that was changed about then is not relied on.
	Start time.Time
}

// inputs hashes everything that a feed is made from, except its posts' renderings.
type inputs struct {
	settings []byte
	posts    map[*post.Post][]byte
}

// newInputs hashes the settings, and each post once, since many feeds show it.
func newInputs(cfg *config.Config, build string, plans []*plan) (*inputs, error) {
	settings := sha256.New()
	encoder := json.NewEncoder(settings)
	err := encoder.Encode([]any{build, cfg.Site, cfg.Site.URL.String(), cfg.Site.Timezone.String(), cfg.Languages, cfg.Content, cfg.Feeds})
	if err != nil {
		return nil, err
	}
	in := &inputs{settings: settings.Sum(nil), posts: map[*post.Post][]byte{}}
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
func (in *inputs) of(o *plan, dependencies func(*post.Post) fingerprint) string {
	hash := sha256.New()
	hash.Write(in.settings)
	// Strings in JSON cannot run into each other.
	json.NewEncoder(hash).Encode([]any{o.dir, o.title, o.archive, o.prev, o.next, o.id}) //nolint:errcheck // strings only
	for _, it := range o.items {
		fp := dependencies(it.Post)
		if fp == onUnknown {
			return ""
		}
		hash.Write(in.posts[it.Post])
		io.WriteString(hash, string(fp)+"\n") //nolint:errcheck // a hash takes all
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// part returns the hash of everything that an item is made from in the documents of a
// collection and a format; zero if not all of that is known.
func (in *inputs) part(c *collection, it Item, f format, fp fingerprint) (key partKey) {
	if fp == onUnknown {
		return key
	}
	hash := sha256.New()
	hash.Write(in.settings)
	hash.Write(in.posts[it.Post])
	io.WriteString(hash, string(fp)+"\n"+f.mediaType+"\n"+c.dir) //nolint:errcheck // a hash takes all
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
	if err != nil {
		return nil
	}
	b.inputs = in
	known := make(map[string]Document, len(previous.Documents))
	for _, doc := range previous.Documents {
		known[doc.Path] = doc
	}
	var kept []built
	b.plans = slices.DeleteFunc(b.plans, func(o *plan) bool {
		now := in.of(o, b.dependencies.last)
		var same []built
		for _, f := range b.formats {
			doc, ok := known[b.path(o.dir, f.file)]
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
