package hugo

import (
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
)

// dateOrder is Hugo's frontmatter setting: the keys that each of a page's dates is read from, in
// order.
type dateOrder map[string][]string

// defaultDateOrder is Hugo's own.
var defaultDateOrder = dateOrder{
	"date":        {"date", "publishdate", "pubdate", "published", "lastmod", "modified"},
	"lastmod":     {":git", "lastmod", "modified", "date", "publishdate", "pubdate", "published"},
	"publishdate": {"publishdate", "pubdate", "published", "date"},
	"expirydate":  {"expirydate", "unpublishdate"},
}

// dateAliases are keys that always stand in for another.
var dateAliases = map[string][]string{"publishdate": {"pubdate", "published"}, "lastmod": {"modified"}, "expirydate": {"unpublishdate"}}

// readDateOrder returns nil if the setting changes nothing.
func readDateOrder(v any) dateOrder {
	table, _ := v.(map[string]any)
	if len(table) == 0 {
		return nil
	}
	dates := dateOrder{}
	for field, usual := range defaultDateOrder {
		order := frontmatter.Strings(table[field], frontmatter.NoSplit)
		if order == nil {
			order = usual
		}
		var keys []string
		for _, key := range order {
			key = strings.ToLower(key)
			if key == ":default" {
				keys = append(keys, usual...)
				continue
			}
			keys = append(append(keys, key), dateAliases[key]...)
		}
		dates[field] = keys
	}
	return dates
}

// fill gives each date the first value in its order. A date under another key only is kept, since
// a post without a date is not one.
func (d dateOrder) fill(p *dialect.Page) {
	found := map[string]string{}
	for field, keys := range d {
		for _, key := range keys {
			if text := d.value(p, field, key); text != "" {
				found[field] = text
				break
			}
		}
	}
	for _, key := range []string{"lastmod", "modified", "updated", "last_modified_at", "expirydate", "unpublishdate", "publishdate", "pubdate"} {
		delete(p.Front.Values, key)
	}
	for field, text := range found {
		p.Set(field, text)
	}
}

func (d dateOrder) value(p *dialect.Page, field, key string) string {
	if field == "publishdate" && key == "date" {
		return "" // it would say no more than the date does
	}
	switch key {
	case ":git": // what a checkout has of it is not for us to run
		return ""
	case ":filename":
		if field == "date" && p.Name.Date != "" {
			p.Inherit(map[string]any{"slug": p.Name.Stem})
		}
		return p.Name.Date
	case ":filemodtime":
		return p.ModTime.In(p.Site.Location).Format(time.RFC3339)
	}
	text := p.Front.Scalar(key)
	if _, ok := frontmatter.ParseDate(text, p.Site.Location); !ok {
		return ""
	}
	return text
}
