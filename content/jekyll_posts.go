package content

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// postObject is a post as others may name it: site.posts, page.next.
type postObject struct {
	tree *Tree
	post *Post
	once sync.Once
	page map[string]any
}

// Equal reports whether another object is the same post.
func (o *postObject) Equal(other any) bool {
	b, ok := other.(*postObject)
	return ok && o.post.Path == b.post.Path
}

// Member returns what the post has under a name.
func (o *postObject) Member(name string) (any, bool) {
	switch name { // which most lists ask for, and which need no file
	case "title":
		return o.post.Title, true
	case "date":
		return o.post.Date, true
	case "url":
		if j, ok := o.tree.engine.(*jekyll); ok {
			return j.withoutBase(o.post.URL), true
		}
	case "next":
		return o.tree.neighbor(o.post, -1)
	case "previous":
		return o.tree.neighbor(o.post, 1)
	}
	o.once.Do(o.read)
	v, ok := o.page[name]
	return v, ok
}

func (o *postObject) read() {
	src, err := o.tree.open(o.post.Path)
	if err != nil {
		return
	}
	src.problems = nil
	a := o.tree.articleOf(src)
	j, ok := a.engine.(*jekyll)
	if !ok {
		return
	}
	a.fillFields()
	j.complete(a)
	a.post = o.post
	o.page = j.page(a)
	o.page["content"] = src.body
	if _, own := o.page["excerpt"]; !own {
		head, _, _ := strings.Cut(strings.TrimLeft(src.body, "\n"), j.separator)
		o.page["excerpt"] = head
	}
}

// objects are the posts that the blog shows, newest first, as Liquid has them.
func (t *Tree) objects() []any {
	posts := t.posts.Load()
	if posts == nil {
		return []any{}
	}
	return posts.objects(t)
}

// shown orders posts as Jekyll does: by date, then by path, newest first.
func shown(posts []*Post) []*Post {
	var out []*Post
	for _, p := range posts {
		if !p.Draft && p.Held == nil {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b *Post) int {
		if n := b.Date.Compare(a.Date); n != 0 {
			return n
		}
		return strings.Compare(b.Path, a.Path)
	})
	return out
}

// neighbor is the post that is so many places further down the list.
func (t *Tree) neighbor(p *Post, by int) (any, bool) {
	list := t.objects()
	at := slices.IndexFunc(list, func(o any) bool { return o.(*postObject).post.Path == p.Path })
	if at < 0 || at+by < 0 || at+by >= len(list) {
		return nil, true
	}
	return list[at+by], true
}

// related are the ten newest posts but one.
func (t *Tree) related(p *Post) []any {
	out := []any{}
	for _, o := range t.objects() {
		if o.(*postObject).post.Path != p.Path && len(out) < 10 {
			out = append(out, o)
		}
	}
	return out
}

// postsBy groups the posts by what their front matter has under a key, in the order of first use.
func (t *Tree) postsBy(key string) any {
	out := map[string]any{}
	for _, o := range t.objects() {
		v, _ := member(o, key)
		list, _ := v.([]any)
		for _, item := range list {
			name := liquidText(item)
			group, _ := out[name].([]any)
			out[name] = append(group, o)
		}
	}
	return out
}

// siteLists are the lists that Jekyll makes of a blog's posts.
func (j *jekyll) siteLists(site map[string]any, m *macros) {
	if m == nil || m.tree == nil {
		return
	}
	t, p := m.tree, m.article.post
	site["posts"] = func() any { return t.objects() }
	site["tags"] = func() any { return t.postsBy("tags") }
	site["categories"] = func() any { return t.postsBy("categories") }
	site["related_posts"] = perText(func() any { return t.related(p) })
	site["time"] = func() any { return time.Now().In(j.loc) }
}
