package hugo

import (
	"publisher/content/dialect"
	"publisher/content/frontmatter"
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

// fill gives each date the first value in its order that there is. One that only
// another key holds stays, since a post without a date is none.
func (d hugoDates) fill(a *dialect.Page) {
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
		delete(a.Front.Values, key)
	}
	for field, text := range found {
		a.Set(field, text)
	}
}

func (d hugoDates) value(a *dialect.Page, field, key string) string {
	if field == "publishdate" && key == "date" {
		return "" // it would say no more than the date does
	}
	switch key {
	case ":git": // what a checkout has of it is not for us to run
		return ""
	case ":filename":
		if field == "date" && a.Name.Date != "" {
			a.Inherit(map[string]any{"slug": a.Name.Stem})
		}
		return a.Name.Date
	case ":filemodtime":
		return a.ModTime.In(a.Site.Loc).Format(time.RFC3339)
	}
	text := a.Front.Scalar(key)
	if _, ok := frontmatter.ParseDate(text, a.Site.Loc); !ok {
		return ""
	}
	return text
}
