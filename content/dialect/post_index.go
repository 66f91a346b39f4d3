package dialect

import (
	"path"
	"strings"
	"sync"

	"publisher/content/post"
)

// PostIndex finds the posts of one scan. Each map is made on first use: a pass over an unchanged
// tree uses none.
type PostIndex struct {
	urls      func() map[string]string   // by path
	addresses func() map[string]bool     // the same, without the slash at their ends
	names     func() map[string][]string // paths, by what baseNames has of them

	Posts []*post.Post
	once  sync.Once
	made  any
}

// Cached returns what the first call's make returned.
func (x *PostIndex) Cached(make func() any) any {
	x.once.Do(func() { x.made = make() })
	return x.made
}

// NewPostIndex returns an index of the posts.
func NewPostIndex(posts []*post.Post) *PostIndex {
	urls := sync.OnceValue(func() map[string]string {
		m := make(map[string]string, len(posts))
		for _, p := range posts {
			m[p.Path] = p.URL
		}
		return m
	})
	return &PostIndex{
		Posts: posts,
		urls:  urls,
		addresses: sync.OnceValue(func() map[string]bool {
			m := make(map[string]bool, len(posts))
			for _, to := range urls() {
				m[strings.TrimSuffix(to, "/")] = true
			}
			return m
		}),
		names: sync.OnceValue(func() map[string][]string {
			m := make(map[string][]string, len(posts))
			for p := range urls() {
				for _, name := range baseNames(p) {
					m[name] = append(m[name], p)
				}
			}
			return m
		}),
	}
}

// baseNames returns a file's name with and without its extension, and for a bundle its folder's.
func baseNames(p string) []string {
	base := path.Base(p)
	stem := strings.TrimSuffix(base, path.Ext(base))
	names := []string{base}
	if stem != base {
		names = append(names, stem)
	}
	if strings.HasPrefix(base, "index.") {
		folder := path.Base(path.Dir(p))
		names = append(names, folder, folder+path.Ext(base))
	}
	return names
}

// ByBaseName returns the address of the one post whose file, or bundle's folder, has a name.
func (x *PostIndex) ByBaseName(name string) (string, bool) {
	if x == nil {
		return "", false
	}
	found := ""
	for _, p := range x.names()[name] {
		to, base := x.urls()[p], path.Base(p)
		if strings.HasPrefix(base, "index.") {
			base = path.Base(path.Dir(p)) + path.Ext(base)
		}
		if base == name || strings.TrimSuffix(base, path.Ext(base)) == name {
			if found != "" && found != to {
				return "", false
			}
			found = to
		}
	}
	return found, found != ""
}

// HasAddress reports whether a post is at an address, given without a slash at its end.
func (x *PostIndex) HasAddress(address string) bool { return x != nil && x.addresses()[address] }

// postNamed returns the address of a post by its file's name without the extension, which may
// follow folders; _posts is not counted.
func (b *Blog) postNamed(want string) (string, bool) {
	posts := b.Posts.Load()
	if posts == nil {
		return "", false
	}
	best := ""
	for _, p := range posts.names()[path.Base(want)] {
		stem := "/" + strings.ReplaceAll("/"+strings.TrimSuffix(p, path.Ext(p)), "/_posts/", "/")
		if strings.HasSuffix(stem, "/"+want) && (best == "" || p < best) {
			best = p
		}
	}
	return posts.urls()[best], best != ""
}
