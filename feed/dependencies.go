package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"time"

	"publisher/content/post"
)

// Dependencies are what the last rendering of a post depends on besides the post and the
// settings. The zero value stands for nothing.
type Dependencies struct {
	Links []string // files of the tree whose addresses it contains
	Files []string // files such as pictures, there or not
	State string   // a hash of the state of Files
}

// beingWritten is the State of files one of which was being written: the rendering may
// have seen only a part of it.
const beingWritten = "?"

// Unchanged reports whether the files are as they were when the post was rendered. start is
// when the update that asks began.
func (d Dependencies) Unchanged(start time.Time) bool {
	return d.State != beingWritten && d.State == FileState(d.Files, start)
}

// FileState returns a hash of the sizes and times of files. start is as in Unchanged.
func FileState(files []string, start time.Time) string {
	if len(files) == 0 {
		return ""
	}
	hash := sha256.New()
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			fmt.Fprintf(hash, "%q\n", file)
			continue
		}
		if !info.ModTime().Before(start.Add(-2 * time.Second)) {
			return beingWritten
		}
		fmt.Fprintf(hash, "%q %d %d\n", file, info.Size(), info.ModTime().UnixNano())
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// fingerprint is a hash of what a rendering depends on, as that is now.
type fingerprint string

const (
	onPost    fingerprint = ""  // only on the post
	onUnknown fingerprint = "?" // it is not known on what
)

// dependencies are those of all posts: as they were after the previous Update, and as
// renderings add to them.
type dependencies struct {
	start     time.Time
	addresses map[string]string // of the published posts, by path
	previous  map[string]Dependencies

	mu       sync.Mutex
	before   map[string]fingerprint  // of previous, as far as they were asked for
	used     map[string]fingerprint  // of the renderings in this Update's documents
	rendered map[string]Dependencies // of this Update
}

func newDependencies(items []Item, previous map[string]Dependencies, start time.Time) *dependencies {
	d := &dependencies{start: start, addresses: make(map[string]string, len(items)), previous: previous,
		before: map[string]fingerprint{}, used: map[string]fingerprint{}, rendered: map[string]Dependencies{}}
	for _, it := range items {
		d.addresses[it.Post.Path] = it.Post.URL
	}
	return d
}

// last returns the fingerprint of a post's last rendering, as what it depends on is now.
func (d *dependencies) last(p *post.Post) fingerprint {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, known := d.before[p.Path]
	if !known {
		last := d.previous[p.Path]
		now = d.fingerprint(last, FileState(last.Files, d.start))
		d.before[p.Path] = now
	}
	return now
}

// reuse notes that documents have the last rendering of a post.
func (d *dependencies) reuse(p *post.Post) {
	last := d.last(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[p.Path] = last
}

// add notes what a new rendering depends on.
func (d *dependencies) add(p *post.Post, r *post.Rendering) {
	now, fp := Dependencies{}, onUnknown
	if !r.Dependencies.Incomplete && r.Dependencies.FileHash == p.FileHash {
		now = Dependencies{Links: r.Dependencies.Links, Files: r.Dependencies.Files, State: FileState(r.Dependencies.Files, d.start)}
		fp = d.fingerprint(now, now.State)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[p.Path], d.rendered[p.Path] = fp, now
}

// forget notes that the documents do not have a post as it is.
func (d *dependencies) forget(p *post.Post) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[p.Path] = onUnknown
}

// of returns the fingerprint of a post's rendering in this Update's documents.
func (d *dependencies) of(p *post.Post) fingerprint {
	d.mu.Lock()
	defer d.mu.Unlock()
	if fp, ok := d.used[p.Path]; ok {
		return fp
	}
	return onUnknown // it was not rendered
}

// fingerprint returns that of dependencies whose files have a state.
func (d *dependencies) fingerprint(of Dependencies, state string) fingerprint {
	if len(of.Links)+len(of.Files) == 0 {
		return onPost
	}
	if state == beingWritten {
		return onUnknown
	}
	hash := sha256.New()
	for _, link := range of.Links {
		address, ok := d.addresses[link]
		if !ok {
			return onUnknown // the address of a page, which may depend on anything
		}
		fmt.Fprintf(hash, "%q %q\n", link, address)
	}
	return fingerprint(hex.EncodeToString(hash.Sum(nil)) + state)
}

// result returns the dependencies of all posts for the next Update.
func (d *dependencies) result(items []Item) map[string]Dependencies {
	next := map[string]Dependencies{}
	for _, it := range items {
		now, rendered := d.rendered[it.Post.Path]
		if old := d.previous[it.Post.Path]; !rendered && old.State == FileState(old.Files, d.start) {
			now = old // unless its files have changed, and no feed shows it anymore
		}
		if len(now.Links)+len(now.Files) > 0 {
			next[it.Post.Path] = now
		}
	}
	return next
}
