package feed

import (
	"cmp"
	"path"
	"slices"
	"time"

	"publisher/internal/config"
)

// Folders below feeds.dir.
const (
	tagsDir   = "tags"
	monthsDir = "months"
)

// plan is one feed before its posts are rendered.
type plan struct {
	collection *collection
	dir        string // below feeds.dir; that of the collection for its main feed
	title      string
	items      []Item // newest first
	// archive marks an RFC 5005 archive document. prev and next are the folders of the
	// months before and after it, "" at the ends; for a main feed, prev is the newest
	// archive.
	archive    bool
	prev, next string
	id         string // in Atom; archives have that of the feed they belong to
}

// newPlans returns the feeds to build, in the order in which the cache can forget
// renderings soonest: by the oldest post they show, newest first.
func newPlans(cfg *config.Config, items []Item, memory *Memory) ([]*plan, []Clash) {
	items = slices.Clone(items)
	slices.SortFunc(items, newestFirst)

	var all []*plan
	var clashes []Clash
	for _, c := range collections(cfg, items) {
		main := &plan{collection: c, dir: c.dir, title: c.site.Title, items: newest(cfg, c.items)}
		all = append(all, main)
		if cfg.Feeds.Archive {
			main.items = withEdited(main.items, c.items[len(main.items):], cfg.Feeds.Items)
			months := monthPlans(cfg, c)
			if len(months) > 0 {
				main.prev = months[0].dir
			}
			all = append(all, months...)
		}
		if cfg.Feeds.Tags {
			tags, clash := tagPlans(cfg, c, memory)
			all, clashes = append(all, tags...), append(clashes, clash...)
		}
	}
	for _, o := range all {
		dir := o.dir
		if o.archive {
			dir = o.collection.dir // RFC 5005 §4: parts of one logical feed
		}
		if cfg.Feeds.Atom != "" {
			o.id = memory.id(dir, address(cfg, path.Join(dir, cfg.Feeds.Atom)))
		}
	}
	slices.SortStableFunc(all, func(a, b *plan) int { return b.oldest().Compare(a.oldest()) })
	return all, clashes
}

// isMain reports whether the feed is the site's, not a tag's or a month's.
func (o *plan) isMain() bool { return o.dir == o.collection.dir }

// newestFirst sorts by date. Of posts with one date, the last one that was seen comes
// first, so that a new post always enters the feed.
func newestFirst(a, b Item) int {
	return cmp.Or(b.Post.Date.Compare(a.Post.Date), b.FirstSeen.Compare(a.FirstSeen), cmp.Compare(a.ID, b.ID))
}

func newest(cfg *config.Config, items []Item) []Item {
	return slices.Clip(items[:min(cfg.Feeds.Items, len(items))])
}

// withEdited adds at most limit older posts that were edited after the date of the oldest
// one shown: by RFC 5005 §4, changed entries of archives appear in the subscription
// document too.
func withEdited(shown, older []Item, limit int) []Item {
	if len(older) == 0 {
		return shown
	}
	since := shown[len(shown)-1].Post.Date
	var edited []Item
	for _, it := range older {
		if it.Updated.After(since) {
			edited = append(edited, it)
		}
	}
	slices.SortStableFunc(edited, func(a, b Item) int { return b.Updated.Compare(a.Updated) })
	edited = edited[:min(limit, len(edited))]
	slices.SortFunc(edited, newestFirst)
	return slices.Concat(shown, edited)
}

// monthPlans divides the posts, which are newest first, by calendar months in the site's
// time zone.
func monthPlans(cfg *config.Config, c *collection) []*plan {
	items := c.items
	month := func(it Item) string { return it.Post.Date.In(cfg.Site.Timezone).Format("2006-01") }
	var months []*plan
	for start := 0; start < len(items); {
		end := start + 1
		for end < len(items) && month(items[end]) == month(items[start]) {
			end++
		}
		months = append(months, &plan{
			collection: c, dir: c.folder(monthsDir, month(items[start])), title: c.site.Title, items: items[start:end:end], archive: true,
		})
		start = end
	}
	for i := 1; i < len(months); i++ {
		months[i-1].prev, months[i].next = months[i].dir, months[i-1].dir
	}
	return months
}

func tagPlans(cfg *config.Config, c *collection, memory *Memory) ([]*plan, []Clash) {
	var tags []*plan
	grouped := groupByTag(c.items)
	clashes := assignSlugs(grouped, memory.tags(c.dir))
	for i := range clashes {
		clashes[i].Dir, clashes[i].Taken = c.folder(tagsDir, clashes[i].Dir), c.folder(tagsDir, clashes[i].Taken)
	}
	for _, tag := range grouped {
		tags = append(tags, &plan{
			collection: c, dir: c.folder(tagsDir, tag.slug), title: c.site.Title + ": " + tag.name, items: newest(cfg, tag.items),
		})
	}
	return tags, clashes
}

// oldest returns the date of the oldest post shown, and the zero time if there is none.
func (o *plan) oldest() time.Time {
	if len(o.items) == 0 {
		return time.Time{}
	}
	return o.items[len(o.items)-1].Post.Date
}
