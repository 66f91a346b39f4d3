package jekyll

import (
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/post"
)

// postObject is a post in lists such as site.posts, and as page.next.
type postObject struct {
	engine *Engine
	tree   *dialect.Blog
	post   *post.Post
	once   sync.Once
	page   map[string]any
}

// Equal reports whether other is the same post.
func (o *postObject) Equal(other any) bool {
	b, ok := other.(*postObject)
	return ok && o.post.Path == b.post.Path
}

// Member returns what the post has under a name.
func (o *postObject) Member(name string) (any, bool) {
	switch name { // what most lists ask for, without reading the file
	case "title":
		return o.post.Title, true
	case "date":
		return o.post.Date, true
	case "url":
		return o.engine.withoutBase(o.post.URL), true
	case "next":
		return o.engine.neighbor(o.tree, o.post, -1)
	case "previous":
		return o.engine.neighbor(o.tree, o.post, 1)
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
	page := o.tree.NewPage(src)
	e := o.engine
	page.FillFields()
	e.Complete(page)
	page.Post = o.post
	o.page = e.page(page)
	o.page["content"] = src.Body
	if _, own := o.page["excerpt"]; !own {
		head, _, _ := strings.Cut(strings.TrimLeft(src.Body, "\n"), e.separator)
		o.page["excerpt"] = head
	}
}

// objects returns the published posts as values of Liquid, newest first.
func (e *Engine) objects(t *dialect.Blog) []any {
	posts := t.Posts.Load()
	if posts == nil {
		return []any{}
	}
	list, _ := posts.Cached(func() any {
		list := []any{}
		for _, p := range shown(posts.Posts) {
			list = append(list, &postObject{engine: e, tree: t, post: p})
		}
		return list
	}).([]any)
	return list
}

// shown returns the published posts in Jekyll's order: by date, then by path, newest first.
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

// neighbor returns the post that is this many places further down the list.
func (e *Engine) neighbor(t *dialect.Blog, p *post.Post, by int) (any, bool) {
	list := e.objects(t)
	at := slices.IndexFunc(list, func(o any) bool { return o.(*postObject).post.Path == p.Path })
	if at < 0 || at+by < 0 || at+by >= len(list) {
		return nil, true
	}
	return list[at+by], true
}

// related returns the ten newest other posts.
func (e *Engine) related(t *dialect.Blog, p *post.Post) []any {
	out := []any{}
	for _, o := range e.objects(t) {
		if o.(*postObject).post.Path != p.Path && len(out) < 10 {
			out = append(out, o)
		}
	}
	return out
}

// postsBy groups posts by what their front matter has under a key, in order of first use.
func (e *Engine) postsBy(t *dialect.Blog, key string) any {
	out := map[string]any{}
	for _, o := range e.objects(t) {
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

// siteLists adds the lists of posts to site.
func (e *Engine) siteLists(site map[string]any, m *dialect.Expansion) {
	if m == nil || m.Blog == nil {
		return
	}
	t, p := m.Blog, m.Page.Post
	site["posts"] = func() any { return e.objects(t) }
	site["tags"] = func() any { return e.postsBy(t, "tags") }
	site["categories"] = func() any { return e.postsBy(t, "categories") }
	site["related_posts"] = liquid.PerText(func() any { return e.related(t, p) })
	site["time"] = func() any { return time.Now().In(e.Location) }
}
