package feed

import (
	"path"
	"strings"

	"publisher/internal/config"
)

// collection is the feeds of one language: the site's own, with all that is in no
// language listed, or one of cfg.Languages.
type collection struct {
	dir  string      // below feeds.dir; "" for the site's own
	site config.Site // as it presents itself in the language
	// siblings are the others, which the main feed of each links to.
	siblings []*collection
	items    []Item // in the order given
}

// collections shares the items out among the languages.
func collections(cfg *config.Config, items []Item) []*collection {
	all := []*collection{{site: cfg.Site}}
	byLanguage := map[string]*collection{"": all[0]}
	for _, l := range cfg.Languages {
		c := &collection{dir: l.Folder, site: cfg.SiteIn(l.Tag)}
		byLanguage[l.Tag] = c
		all = append(all, c)
	}
	for _, it := range items {
		c := byLanguage[cfg.LanguageOf(it.Post.Language)]
		c.items = append(c.items, it)
	}
	for _, c := range all {
		for _, other := range all {
			if other != c {
				c.siblings = append(c.siblings, other)
			}
		}
	}
	return all
}

// folder is one of the collection's, below feeds.dir.
func (c *collection) folder(elem ...string) string {
	return path.Join(append([]string{c.dir}, elem...)...)
}

// isArchive reports whether a path below feeds.dir is that of an archive document.
func isArchive(cfg *config.Config, below string) bool {
	for _, l := range cfg.Languages {
		below = strings.TrimPrefix(below, l.Folder+"/")
	}
	return strings.HasPrefix(below, monthsDir+"/")
}
