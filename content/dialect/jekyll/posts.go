package jekyll

import (
	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/post"
	"slices"
	"strings"
	"sync"
	"time"
)

// postObject is a post as others may name it: site.posts, page.next.
type postObject struct {
	jekyll *Engine
	tree   *dialect.Blog
	post   *post.Post
	once   sync.Once
	page   map[string]any
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
		return o.jekyll.withoutBase(o.post.URL), true
	case "next":
		return o.jekyll.neighbor(o.tree, o.post, -1)
	case "previous":
		return o.jekyll.neighbor(o.tree, o.post, 1)
	}
	o.once.Do(o.read)
	v, ok := o.page[name]
	return v, ok
}

func (o *postObject) read() {
	src, err := o.tree.ReadAgain(o.post.Path)
	if err != nil {
		return
	}
	src.Problems = nil
	a := o.tree.NewPage(src)
	j := o.jekyll
	a.FillFields()
	j.Complete(a)
	a.Post = o.post
	o.page = j.page(a)
	o.page["content"] = src.Body
	if _, own := o.page["excerpt"]; !own {
		head, _, _ := strings.Cut(strings.TrimLeft(src.Body, "\n"), j.separator)
		o.page["excerpt"] = head
	}
}

// objects are the posts that the blog shows, newest first, as Liquid has them.
func (j *Engine) objects(t *dialect.Blog) []any {
	posts := t.Posts.Load()
	if posts == nil {
		return []any{}
	}
	list, _ := posts.Cached(func() any {
		list := []any{}
		for _, p := range shown(posts.Posts) {
			list = append(list, &postObject{jekyll: j, tree: t, post: p})
		}
		return list
	}).([]any)
	return list
}

// shown orders posts as Jekyll does: by date, then by path, newest first.
func shown(posts []*post.Post) []*post.Post {
	var out []*post.Post
	for _, p := range posts {
		if !p.Draft && p.Held == nil {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b *post.Post) int {
		if n := b.Date.Compare(a.Date); n != 0 {
			return n
		}
		return strings.Compare(b.Path, a.Path)
	})
	return out
}

// neighbor is the post that is so many places further down the list.
func (j *Engine) neighbor(t *dialect.Blog, p *post.Post, by int) (any, bool) {
	list := j.objects(t)
	at := slices.IndexFunc(list, func(o any) bool { return o.(*postObject).post.Path == p.Path })
	if at < 0 || at+by < 0 || at+by >= len(list) {
		return nil, true
	}
	return list[at+by], true
}

// related are the ten newest posts but one.
func (j *Engine) related(t *dialect.Blog, p *post.Post) []any {
	out := []any{}
	for _, o := range j.objects(t) {
		if o.(*postObject).post.Path != p.Path && len(out) < 10 {
			out = append(out, o)
		}
	}
	return out
}

// postsBy groups the posts by what their front matter has under a key, in the order of first use.
func (j *Engine) postsBy(t *dialect.Blog, key string) any {
	out := map[string]any{}
	for _, o := range j.objects(t) {
		v, _ := liquid.Member(o, key)
		list, _ := v.([]any)
		for _, item := range list {
			name := liquid.Text(item)
			group, _ := out[name].([]any)
			out[name] = append(group, o)
		}
	}
	return out
}

// siteLists are the lists that Jekyll makes of a blog's posts.
func (j *Engine) siteLists(site map[string]any, m *dialect.Expansion) {
	if m == nil || m.Blog == nil {
		return
	}
	t, p := m.Blog, m.Page.Post
	site["posts"] = func() any { return j.objects(t) }
	site["tags"] = func() any { return j.postsBy(t, "tags") }
	site["categories"] = func() any { return j.postsBy(t, "categories") }
	site["related_posts"] = liquid.PerText(func() any { return j.related(t, p) })
	site["time"] = func() any { return time.Now().In(j.Location) }
}
