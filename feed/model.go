package feed

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/feeds"

	"publisher/config"
	"publisher/content"
)

// model is one feed ready to be written: gorilla's Feed, and what it lacks.
// Every string in it is clean, every address a URI.
type model struct {
	*feeds.Feed
	entries []entry // beside Feed.Items
	kept    []kept  // beside Feed.Items

	cfg     *config.Config
	outline *outline
	home    string // the site's front page in the feed's language
	logo    string // address of the site's picture; "" for none
	address func(elem ...string) string
}

// kept is an item as an earlier document has it, in each of the formats; nothing
// where it has been rendered now.
type kept [][]byte

// entry is what gorilla's Item does not hold.
type entry struct {
	path      string // of the post's file
	language  string // "" where it is the feed's
	authors   []string
	tags      []string
	summary   string // plain text
	image     *content.Image
	enclosure *content.Enclosure
}

// link is one atom:link of a feed.
type link struct {
	Rel      string `xml:"rel,attr"`
	Type     string `xml:"type,attr,omitempty"`
	Language string `xml:"hreflang,attr,omitempty"`
	Href     string `xml:"href,attr"`
}

// model renders the posts of an outline. A post that cannot be is a fault.
func (p *press) model(ctx context.Context, o *outline) (*model, []fault) {
	m := &model{
		Feed: &feeds.Feed{
			Title:       headline(o.title),
			Description: headline(o.collection.site.Description),
		},
		cfg: p.cfg, outline: o, home: homeOf(o.collection), logo: uri(p.cfg.Site.Logo), address: p.address,
	}
	m.Link = &feeds.Link{Href: m.home}
	if m.Description == "" {
		m.Description = m.Title // RSS wants one
	}
	if a := p.cfg.Site.Author; a.Name != "" {
		m.Author = &feeds.Author{Name: line(a.Name), Email: line(a.Email)}
	}
	var faults []fault
	desk := p.newDesk(o)
	for _, it := range o.items {
		old, ok := desk.find(it)
		if ok {
			m.add(it, &content.Rendering{})
			m.kept = append(m.kept, old)
		} else if r, err := p.shelf.get(ctx, it.Post); err != nil {
			faults = append(faults, fault{it.Post.Path, err})
		} else {
			m.add(it, r)
			m.kept = append(m.kept, nil)
		}
		p.shelf.release(it.Post)
	}
	return m, faults
}

func (m *model) add(it Item, r *content.Rendering) {
	post := it.Post
	created := m.stamp(post.Date)
	updated := m.stamp(it.Updated)
	if updated.Before(created) {
		updated = created
	}
	item := &feeds.Item{
		Title:       headline(post.Title),
		Link:        &feeds.Link{Href: uri(post.URL), Type: "text/html"},
		Id:          line(it.ID),
		IsPermaLink: "false",
		Created:     created,
		Updated:     updated,
		Description: r.ExcerptHTML,
	}
	if m.cfg.Feeds.Content != "excerpt" {
		item.Content = r.HTML
	}
	if post.Source != "" {
		item.Source = &feeds.Link{Href: uri(post.Source)}
	}
	e := entry{path: post.Path, authors: names(post.Authors), tags: lines(post.Tags), summary: r.ExcerptText, image: r.Image}
	if language := line(post.Language); language != m.outline.collection.site.Language {
		e.language = language
	}
	if e.image == nil && post.Image != "" {
		e.image = &content.Image{URL: post.Image}
	}
	if e.image != nil {
		image := *e.image // the shelf's belongs to every feed
		image.URL = uri(image.URL)
		e.image = &image
	}
	if enc := post.Enclosure; enc != nil {
		e.enclosure = &content.Enclosure{URL: uri(enc.URL), Length: enc.Length, Type: line(enc.Type)}
		item.Enclosure = &feeds.Enclosure{Url: e.enclosure.URL, Length: strconv.FormatInt(enc.Length, 10), Type: e.enclosure.Type}
	}
	m.Items = append(m.Items, item)
	m.entries = append(m.entries, e)
	m.Created = latest(m.Created, created)
	m.Updated = latest(m.Updated, updated)
}

// stamp is a time as feeds write it: in the site's zone, to the second. Before
// standard time offsets had seconds, which RFC 3339 and RFC 822 cannot write.
func (m *model) stamp(t time.Time) time.Time {
	t = t.In(m.cfg.Site.Timezone).Truncate(time.Second)
	if _, offset := t.Zone(); offset%60 != 0 {
		return t.UTC()
	}
	return t
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// creators are the names for formats that say with each post who wrote it.
func (m *model) creators(e entry) []string {
	if len(e.authors) == 0 && m.Author != nil {
		return []string{m.Author.Name}
	}
	return e.authors
}

// neighbour is the address of another feed of the site in the same format.
func (m *model) neighbour(dir string, f format) string { return m.address(dir, f.file) }

// links are the feed's atom:links but for the alternate: itself, its hubs and
// its place among the archives (RFC 5005 §4).
func (m *model) links(f format) []link {
	o := m.outline
	links := []link{{Rel: "self", Type: f.mediaType, Href: m.neighbour(o.dir, f)}}
	for _, hub := range m.hubs() {
		links = append(links, link{Rel: "hub", Href: hub})
	}
	if o.archive {
		links = append(links, link{Rel: "current", Type: f.mediaType, Href: m.neighbour(m.outline.collection.dir, f)})
	}
	if o.prev != "" {
		links = append(links, link{Rel: "prev-archive", Type: f.mediaType, Href: m.neighbour(o.prev, f)})
	}
	if o.next != "" {
		links = append(links, link{Rel: "next-archive", Type: f.mediaType, Href: m.neighbour(o.next, f)})
	}
	return links
}

// alternates are the main feeds of the other languages.
func (m *model) alternates(f format) []link {
	var links []link
	if m.outline.isMain() {
		for _, c := range m.outline.collection.siblings {
			links = append(links, link{Rel: "alternate", Type: f.mediaType, Language: c.site.Language, Href: m.neighbour(c.dir, f)})
		}
	}
	return links
}

// hubs tell of changes (WebSub); an archive has none, since nobody subscribes to it.
func (m *model) hubs() []string {
	if m.outline.archive {
		return nil
	}
	hubs := slices.Clone(m.cfg.Feeds.Hubs)
	for i := range hubs {
		hubs[i] = uri(hubs[i])
	}
	return hubs
}
