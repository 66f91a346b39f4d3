package feed

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/feeds"

	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/xmltext"
)

// model is one feed ready to be encoded: gorilla's Feed and what that lacks. Every string
// in it is clean, every address a URI.
type model struct {
	*feeds.Feed
	shown   []Item        // the items of the plan that are in Feed.Items
	entries []entry       // parallel to Feed.Items
	kept    []encodedItem // parallel to Feed.Items

	cfg     *config.Config
	plan    *plan
	home    string // the site's front page in the feed's language
	logo    string // address of the site's picture; "" for none
	address func(elem ...string) string
}

// encodedItem is an item as the previous documents have it, in each format; nil if it was
// rendered now.
type encodedItem [][]byte

// entry is what gorilla's Item does not hold.
type entry struct {
	path      string // of the post's file
	language  string // "" if it is the feed's
	authors   []string
	tags      []string
	summary   string // plain text
	image     *post.Image
	enclosure *post.Enclosure
}

// link is one atom:link of a feed.
type link struct {
	Rel      string `xml:"rel,attr"`
	Type     string `xml:"type,attr,omitempty"`
	Language string `xml:"hreflang,attr,omitempty"`
	Href     string `xml:"href,attr"`
}

// model renders the posts of a plan. A post that cannot be shown is left out, or stays as
// the previous document has it.
func (b *builder) model(ctx context.Context, o *plan) *model {
	m := &model{
		Feed: &feeds.Feed{
			Title:       headline(o.title),
			Description: headline(o.collection.site.Description),
		},
		cfg: b.cfg, plan: o, home: homeOf(o.collection), logo: asURI(b.cfg.Site.Logo), address: b.address,
	}
	m.Link = &feeds.Link{Href: m.home}
	if m.Description == "" {
		m.Description = m.Title // RSS wants one
	}
	if a := b.cfg.Site.Author; a.Name != "" {
		m.Author = &feeds.Author{Name: xmltext.Line(a.Name), Email: xmltext.Line(a.Email)}
	}
	reused := b.newReuse(o)
	owners := map[string]string{} // path by id
	for _, it := range o.items {
		if err := b.place(ctx, m, reused, owners, it); err != nil && ctx.Err() == nil {
			b.leaveOut(m, reused, it, err)
		}
		b.cache.release(it.Post)
	}
	return m
}

// place adds an item to a model. The error says why the item cannot be in any feed.
func (b *builder) place(ctx context.Context, m *model, reused *reuse, owners map[string]string, it Item) error {
	if owner, ok := owners[it.ID]; ok && it.ID != "" {
		return fmt.Errorf("it has the same id as %s, %q; give one of them another `id` in its front matter", owner, it.ID)
	}
	old, ok := reused.find(it)
	r := &post.Rendering{}
	if !ok {
		var err error
		if r, err = b.cache.get(ctx, it.Post); err != nil {
			return err
		}
	}
	item, e := m.item(it, r)
	if err := b.validate(item, e); err != nil {
		return err
	}
	owners[it.ID] = it.Post.Path
	m.add(it, item, e, old)
	m.Updated = latest(m.Updated, item.Updated)
	return nil
}

// leaveOut records a post that cannot be shown as it is now. If the previous document has
// it, that item stays.
func (b *builder) leaveOut(m *model, reused *reuse, it Item, err error) {
	last, found := reused.last(it)
	if found {
		item, e := m.item(it, &post.Rendering{})
		m.add(it, item, e, last)
		m.Updated = latest(m.Updated, item.Updated)
	}
	b.dependencies.forget(it.Post) // the next Update tries again
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leftOut[it.Post.Path] = LeftOut{Post: it.Post.Path, Err: err}
}

func (m *model) add(it Item, item *feeds.Item, e entry, old encodedItem) {
	m.shown = append(m.shown, it)
	m.Items = append(m.Items, item)
	m.entries = append(m.entries, e)
	m.kept = append(m.kept, old)
	m.Created = latest(m.Created, item.Created)
}

// item returns a post as gorilla/feeds has it, and what that lacks.
func (m *model) item(it Item, r *post.Rendering) (*feeds.Item, entry) {
	p := it.Post
	created := m.stamp(p.Date)
	updated := m.stamp(it.Updated)
	if updated.Before(created) {
		updated = created
	}
	item := &feeds.Item{
		Title:       headline(p.Title),
		Link:        &feeds.Link{Href: asURI(p.URL), Type: "text/html"},
		Id:          xmltext.Line(it.ID),
		IsPermaLink: "false",
		Created:     created,
		Updated:     updated,
		Description: r.ExcerptHTML,
	}
	if m.cfg.Feeds.Content != "excerpt" {
		item.Content = cmp.Or(r.HTML, m.bodyless(p, r))
	}
	if item.Description == "" && (r.HTML == "" || item.Title == "") {
		item.Description = m.bodyless(p, r)
	}
	if p.Source != "" {
		item.Source = &feeds.Link{Href: asURI(p.Source)}
	}
	e := entry{path: p.Path, authors: names(p.Authors), tags: lines(p.Tags), summary: r.ExcerptText, image: r.Image}
	if language := xmltext.Line(p.Language); language != m.plan.collection.site.Language {
		e.language = language
	}
	if e.image == nil && p.Image != "" {
		e.image = &post.Image{URL: p.Image}
	}
	if e.image != nil {
		image := *e.image // the one in the cache is shared by all feeds
		image.URL = asURI(image.URL)
		e.image = &image
	}
	if enc := p.Enclosure; enc != nil {
		e.enclosure = &post.Enclosure{URL: asURI(enc.URL), Length: enc.Length, Type: xmltext.Line(enc.Type)}
		item.Enclosure = &feeds.Enclosure{Url: e.enclosure.URL, Length: strconv.FormatInt(enc.Length, 10), Type: e.enclosure.Type}
	}
	return item, e
}

// bodyless returns a body for a p without one, such as a photo, because JSON Feed
// requires content in every item: the p's picture and summary, else a link.
func (m *model) bodyless(p *post.Post, r *post.Rendering) string {
	address := p.Image
	alt := ""
	if r.Image != nil {
		address, alt = r.Image.URL, r.Image.Alt
	}
	text := r.ExcerptHTML
	if address != "" {
		text = strings.TrimSpace(fmt.Sprintf("<p><img src=\"%s\" alt=\"%s\"/></p>\n%s", html.EscapeString(asURI(address)), html.EscapeString(xmltext.Line(alt)), text))
	}
	if text == "" {
		text = fmt.Sprintf("<p><a href=\"%s\">%s</a></p>", html.EscapeString(asURI(p.URL)), html.EscapeString(cmp.Or(headline(p.Title), asURI(p.URL))))
	}
	return text
}

// stamp returns a time as feeds write it: in the site's zone, to the second. Before
// standard time, offsets had seconds, which RFC 3339 and RFC 822 cannot express.
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

// creators returns the authors of an item for formats that name them in each item.
func (m *model) creators(e entry) []string {
	if len(e.authors) == 0 && m.Author != nil {
		return []string{m.Author.Name}
	}
	return e.authors
}

// sibling returns the address of another feed of the site in the same format.
func (m *model) sibling(dir string, f format) string { return m.address(dir, f.file) }

// links returns the feed's atom:link elements other than alternate: itself, its hubs and
// its place among the archives (RFC 5005 §4).
func (m *model) links(f format) []link {
	o := m.plan
	links := []link{{Rel: "self", Type: f.mediaType, Href: m.sibling(o.dir, f)}}
	for _, hub := range m.hubs() {
		links = append(links, link{Rel: "hub", Href: hub})
	}
	if o.archive {
		links = append(links, link{Rel: "current", Type: f.mediaType, Href: m.sibling(m.plan.collection.dir, f)})
	}
	if o.prev != "" {
		links = append(links, link{Rel: "prev-archive", Type: f.mediaType, Href: m.sibling(o.prev, f)})
	}
	if o.next != "" {
		links = append(links, link{Rel: "next-archive", Type: f.mediaType, Href: m.sibling(o.next, f)})
	}
	return links
}

// alternates returns links to the main feeds of the other languages.
func (m *model) alternates(f format) []link {
	var links []link
	if m.plan.isMain() {
		for _, c := range m.plan.collection.siblings {
			links = append(links, link{Rel: "alternate", Type: f.mediaType, Language: c.site.Language, Href: m.sibling(c.dir, f)})
		}
	}
	return links
}

// hubs returns the WebSub hubs; an archive has none, since nobody subscribes to it.
func (m *model) hubs() []string {
	if m.plan.archive {
		return nil
	}
	hubs := slices.Clone(m.cfg.Feeds.Hubs)
	for i := range hubs {
		hubs[i] = asURI(hubs[i])
	}
	return hubs
}
