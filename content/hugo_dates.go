package content

import (
	"strings"
	"time"
)

// hugoDates are the keys that each of a page's dates is read from, in order:
// Hugo's frontmatter setting.
type hugoDates map[string][]string

// usualDates are Hugo's own.
var usualDates = hugoDates{
	"date":        {"date", "publishdate", "pubdate", "published", "lastmod", "modified"},
	"lastmod":     {":git", "lastmod", "modified", "date", "publishdate", "pubdate", "published"},
	"publishdate": {"publishdate", "pubdate", "published", "date"},
	"expirydate":  {"expirydate", "unpublishdate"},
}

// dateAliases are keys that always stand in for another.
var dateAliases = map[string][]string{"publishdate": {"pubdate", "published"}, "lastmod": {"modified"}, "expirydate": {"unpublishdate"}}

// readHugoDates is nil where the settings leave all as usual.
func readHugoDates(v any) hugoDates {
	table, _ := v.(map[string]any)
	if len(table) == 0 {
		return nil
	}
	dates := hugoDates{}
	for field, usual := range usualDates {
		order := listOf(table[field], whole)
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

// fill gives each date the first value in its order that there is. One that only
// another key holds stays, since a post without a date is none.
func (d hugoDates) fill(a *article) {
	found := map[string]string{}
	for field, keys := range d {
		for _, key := range keys {
			if text := d.value(a, field, key); text != "" {
				found[field] = text
				break
			}
		}
	}
	for _, key := range []string{"lastmod", "modified", "updated", "last_modified_at", "expirydate", "unpublishdate", "publishdate", "pubdate"} {
		delete(a.front.values, key)
	}
	for field, text := range found {
		a.set(field, text)
	}
}

func (d hugoDates) value(a *article, field, key string) string {
	if field == "publishdate" && key == "date" {
		return "" // it would say no more than the date does
	}
	switch key {
	case ":git": // what a checkout has of it is not for us to run
		return ""
	case ":filename":
		if field == "date" && a.name.date != "" {
			a.inherit(map[string]any{"slug": a.name.stem})
		}
		return a.name.date
	case ":filemodtime":
		return a.modTime.In(a.site.loc).Format(time.RFC3339)
	}
	text := a.front.scalar(key)
	if _, ok := parseDate(text, a.site.loc); !ok {
		return ""
	}
	return text
}
