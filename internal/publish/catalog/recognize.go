package catalog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"publisher/content/post"
	"publisher/internal/ledger"
)

// matches is what came of matching a tree with the ledger.
type matches struct {
	entries  []Entry       // one for each post, rows of new ones without a Key
	gone     []ledger.Post // rows whose file is not in the tree
	problems []post.Problem
}

// recognize matches each post with what the ledger has of it: by the id that its front
// matter gives, its path, its address, its body, or its title and date, in this order. All
// but the first two count only for rows whose file is gone, so that a copy is a new post and
// a moved file is not. present reports whether a file is there but could not be read.
func recognize(rows []ledger.Post, posts []*post.Post, present func(path string) bool, id identity) matches {
	m := newMatcher(rows, posts, present, id)
	m.match(m.byID, func(p *post.Post) string { return m.guids[p] })
	m.match(m.byPath, func(p *post.Post) string { return p.Path })
	m.match(m.byURL, func(p *post.Post) string { return p.URL })
	m.match(m.byBody, m.bodyOf)
	m.match(m.byHeadline, func(p *post.Post) string { return headline(p.Title, p.Date.Unix()) })
	return m.result(id)
}

type matcher struct {
	rows    []ledger.Post
	posts   []*post.Post
	taken   map[int]bool       // rows that are matched, by index
	matched map[*post.Post]int // the row of a post
	guids   map[*post.Post]string
	files   map[string]*post.Post // by path in the tree
	present func(path string) bool
	problem []post.Problem

	byID, byPath, byURL, byBody, byHeadline map[string][]int
	weak                                    map[int]bool // gone before this scan: a path or address alone proves nothing
}

func newMatcher(rows []ledger.Post, posts []*post.Post, present func(string) bool, id identity) *matcher {
	m := &matcher{rows: rows, posts: posts, taken: map[int]bool{}, matched: map[*post.Post]int{},
		guids: map[*post.Post]string{}, files: map[string]*post.Post{}, present: present, weak: map[int]bool{},
		byID: map[string][]int{}, byPath: map[string][]int{}, byURL: map[string][]int{},
		byBody: map[string][]int{}, byHeadline: map[string][]int{}}
	for _, p := range posts {
		m.files[p.Path] = p
	}
	m.claimGUIDs(id)
	for i, row := range rows {
		m.byID[row.ID] = append(m.byID[row.ID], i)
		m.byPath[row.Path] = append(m.byPath[row.Path], i)
		m.weak[i] = !row.Gone.IsZero()
		if m.files[row.Path] != nil || present(row.Path) {
			continue
		}
		m.byURL[row.URL] = append(m.byURL[row.URL], i)
		body, title := bodyKey(row.BodyHash, row.Title), headline(row.Title, row.Date.Unix())
		m.byBody[body] = append(m.byBody[body], i)
		m.byHeadline[title] = append(m.byHeadline[title], i)
	}
	return m
}

// claimGUIDs gives each id of front matter to one of the posts that have it: the one whose
// file the ledger knows by that id, or one that it does not know by another id, drafts last,
// and then the first by path. A copy that still has the id of its original does not become
// it.
func (m *matcher) claimGUIDs(ids identity) {
	pathOf, known := map[string]string{}, map[string]bool{}
	for _, row := range m.rows {
		pathOf[row.ID] = row.Path
		known[row.Path] = true
	}
	rank := func(p *post.Post, id string) int {
		switch {
		case pathOf[id] == p.Path:
			return 0
		case known[p.Path]:
			return 3
		case p.Draft || p.Held != nil:
			return 2
		}
		return 1
	}
	owner := map[string]*post.Post{}
	for _, p := range m.posts {
		id := ids.fixed(p)
		if other := owner[id]; p.GUID != "" && (other == nil || rank(p, id) < rank(other, id)) {
			owner[id] = p
		}
	}
	for _, p := range m.posts {
		if p.GUID == "" {
			continue
		}
		id := ids.fixed(p)
		if owner[id] == p {
			m.guids[p] = id
			continue
		}
		m.problem = append(m.problem, post.Problem{Path: p.Path,
			Message: fmt.Sprintf("the id %q is already in use by %s; give this post another id, or none", p.GUID, ids.file(owner[id]))})
	}
}

// stays reports whether the post of a row is still where it was, and so is not p, whatever id
// p has now.
func (m *matcher) stays(row ledger.Post, p *post.Post) bool {
	there := m.files[row.Path]
	return there != nil && there != p && (m.guids[there] == "" || m.guids[there] == m.guids[p])
}

// match matches posts that have no row yet with free rows of the same key: if several have
// it, with the one that is most similar.
func (m *matcher) match(index map[string][]int, key func(*post.Post) string) {
	for _, p := range m.posts {
		k := key(p)
		if _, done := m.matched[p]; done || k == "" {
			continue
		}
		best, score := -1, -1
		for _, i := range index[k] {
			if m.taken[i] || m.rows[i].ID == m.guids[p] && m.stays(m.rows[i], p) {
				continue
			}
			s := similarity(p, m.rows[i])
			if m.weak[i] && s == 0 && m.rows[i].ID != m.guids[p] {
				continue // another post under an old name
			}
			if s > score {
				best, score = i, s
			}
		}
		if best >= 0 {
			m.taken[best] = true
			m.matched[p] = best
		}
	}
}

// bodyOf returns the key by which a post is recognized if only its body is the same. If several
// missing posts had that body, or the post is a draft, which may only resemble the missing one,
// the title has to be the same too.
func (m *matcher) bodyOf(p *post.Post) string {
	key := bodyKey(p.BodyHash[:], p.Title)
	if rows := m.byBody[key]; p.Draft || len(rows) > 1 {
		if !slices.ContainsFunc(rows, func(i int) bool { return m.rows[i].Title == p.Title }) {
			return ""
		}
	}
	return key
}

// similarity counts what a post has in common with a row besides path and address.
func similarity(p *post.Post, row ledger.Post) int {
	n := 0
	if bytes.Equal(p.BodyHash[:], row.BodyHash) {
		n += 4
	}
	if p.Title == row.Title && p.Title != "" {
		n += 2
	}
	if p.Date.Equal(row.Date) {
		n++
	}
	return n
}

func (m *matcher) result(id identity) matches {
	ids := map[string]bool{}
	for _, row := range m.rows {
		ids[row.ID] = true
	}
	r := matches{problems: m.problem}
	for _, p := range m.posts {
		e := Entry{Post: p}
		if i, ok := m.matched[p]; ok {
			e.Row = m.rows[i]
		}
		if fixed := m.guids[p]; fixed != "" && e.Row.ID == "" && !ids[fixed] {
			e.Row.ID = fixed
			ids[fixed] = true
		} else if fixed != "" && e.Row.ID != "" && e.Row.ID != fixed && isURI(p.GUID) {
			r.problems = append(r.problems, post.Problem{Path: p.Path,
				Message: fmt.Sprintf("the id %q comes too late: the post has had the id %s in feeds since it was first seen, and keeps it", p.GUID, e.Row.ID)})
		}
		if e.Row.ID == "" {
			e.Row.ID = freeID(id.rule(p), ids)
			ids[e.Row.ID] = true
		}
		r.entries = append(r.entries, e)
	}
	for i, row := range m.rows {
		if !m.taken[i] && !m.present(row.Path) {
			r.gone = append(r.gone, row)
		}
	}
	r.dropDuplicates(id)
	return r
}

// dropDuplicates keeps one post for each address: the one known longest, or the older one, or
// the first by path. A draft has no address yet.
func (r *matches) dropDuplicates(id identity) {
	order := slices.Clone(r.entries)
	slices.SortStableFunc(order, func(a, b Entry) int {
		known := func(e Entry) int64 {
			if e.Row.Key == 0 {
				return 1 << 62
			}
			return e.Row.Key
		}
		return cmp.Or(cmp.Compare(known(a), known(b)), a.Post.Date.Compare(b.Post.Date), cmp.Compare(a.Post.Path, b.Post.Path))
	})
	owner := map[string]*post.Post{}
	losers := map[*post.Post]bool{}
	for _, e := range order {
		if e.Post.Draft || e.Post.Held != nil {
			continue
		}
		first, taken := owner[e.Post.URL]
		if !taken {
			owner[e.Post.URL] = e.Post
			continue
		}
		losers[e.Post] = true
		r.problems = append(r.problems, post.Problem{Path: e.Post.Path, Invalid: true,
			Message: fmt.Sprintf("has the same address as %s (%s) and is left out; give one of them another slug", id.file(first), e.Post.URL)})
	}
	r.entries = slices.DeleteFunc(r.entries, func(e Entry) bool { return losers[e.Post] })
}

// bodyKey returns the key of a body: its hash or, for an empty body, the title.
func bodyKey(hash []byte, title string) string {
	if empty := sha256.Sum256(nil); bytes.Equal(hash, empty[:]) {
		return "empty " + title
	}
	return string(hash)
}

// headline returns the key of title and date; "" without a title.
func headline(title string, date int64) string {
	if title == "" {
		return ""
	}
	return fmt.Sprintf("%d %s", date, title)
}

// freeID returns an id for a post that would have one that is taken: a new post with the path
// and date of an older one.
func freeID(id string, taken map[string]bool) string {
	free := id
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s:%d", id, n)
	}
	return free
}
